"""Rows -> lines with aligned columns. Lines are never wrapped, so that they can be searched."""

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len


def aligned(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the head and the rows as lines; whole numbers have separators."""
    cells = [tuple(head), *(tuple(map(_text, row)) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
