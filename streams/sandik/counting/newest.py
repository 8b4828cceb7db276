"""The newest record of each cell of `counts`: what every reader shows."""

from collections.abc import Iterable

from sandik_schemas.count import Count


class LatestCounts:
    """Keeps the record with the highest revision of each cell, in whatever order they arrive.

    None under a cell's key removes the cell: another run replaces the one that wrote it, and its revisions
    may be lower.
    """

    def __init__(self) -> None:
        self._cells: dict[bytes, Count] = {}

    def add(self, key: bytes, count: Count | None) -> bool:
        """Add a record. Returns whether it is the newest of its cell."""
        if count is None:
            return self._cells.pop(key, None) is not None
        known = self._cells.get(key)
        if known is not None and known.revision > count.revision:
            return False
        self._cells[key] = count
        return True

    def counts(self) -> list[Count]:
        """Return the newest record of every cell, by window, source, language and tag."""
        return sorted(
            self._cells.values(),
            key=lambda one: (one.window_start_ms, one.window_end_ms, one.source or "", one.language, one.tag),
        )


def latest(counts: Iterable[Count]) -> list[Count]:
    """Return the count with the highest revision of each cell, by window, language and tag."""
    found = LatestCounts()
    for count in counts:
        found.add(count.key, count)
    return found.counts()
