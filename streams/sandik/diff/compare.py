"""Two sets of cells -> those that differ. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from sandik.errors import UsageError
from sandik.replay.read_results import Cell


class Moved(NamedTuple):
    """A cell whose count differs. A missing cell counts as 0."""

    cell: Cell
    before: int
    after: int

    @property
    def by(self) -> int:
        """The difference in posts."""
        return self.after - self.before


def moved_cells(before: Mapping[Cell, int], after: Mapping[Cell, int]) -> list[Moved]:
    """Return the cells that differ, the largest differences first, then by window, language and tag.

    Raises:
        UsageError: the window sizes differ, so there are no common cells.
    """
    sizes = [{cell.window_end_ms - cell.window_start_ms for cell in cells} for cells in (before, after)]
    if all(sizes) and sizes[0] != sizes[1]:
        raise UsageError(
            f"the windows are {_sizes(sizes[0])} in one and {_sizes(sizes[1])} in the other: replay one "
            "again with --window"
        )
    found = [
        Moved(cell, before.get(cell, 0), after.get(cell, 0))
        for cell in before.keys() | after.keys()
        if before.get(cell, 0) != after.get(cell, 0)
    ]
    return sorted(found, key=lambda moved: (-abs(moved.by), moved.cell))


def by_language_and_tag(
    before: Mapping[Cell, int], after: Mapping[Cell, int]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the sums over all windows of each language and tag."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for cell in sorted(before.keys() | after.keys()):
        key = cell.language, cell.tag
        was, is_now = sums.get(key, (0, 0))
        sums[key] = was + before.get(cell, 0), is_now + after.get(cell, 0)
    return dict(sorted(sums.items()))


def _sizes(sizes: set[int]) -> str:
    return " and ".join(f"{size // 1000} s" for size in sorted(sizes))
