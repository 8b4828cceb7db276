"""The beginning of a table: its separator, its header, and the rows that some exports put before it."""

import csv
import re
from dataclasses import dataclass

SEPARATORS = ",;\t|"
#: A header is looked for in as many lines.
MAX_PREAMBLE_LINES = 40
_MAX_LINE_CHARACTERS = 1 << 16
_PAIR = 2
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """A table's header. `lines_before` is how many lines of the file come before it."""

    columns: tuple[str, ...]
    separator: str
    lines_before: int = 0
    #: What those lines say, as rows: exports put a report's name, its dates and their zone there.
    preamble: tuple[tuple[str, ...], ...] = ()


def find_header(text: str) -> Header | None:
    """Return the header of a table, of whose beginning `text` is; None where there is no line at all.

    It is the first line with cells, but for lines of one cell and pairs like `From:,2023-05-08`, and but for all
    that comes before an empty line after which lines are wider: a report's name, its dates. `sep=;`, which
    spreadsheets write for one another, says the separator.
    """
    lines = text.split("\n", MAX_PREAMBLE_LINES)[:MAX_PREAMBLE_LINES]
    lines = [line[:_MAX_LINE_CHARACTERS].rstrip("\r") for line in lines]
    before = 0
    if told := _SAYS_SEPARATOR.fullmatch(lines[0].lstrip("\ufeff")):
        lines, before = lines[1:], 1
    if not lines or not any(line.strip() for line in lines):
        return None
    separator = told[1] if told else max(SEPARATORS, key=lambda one: _widest(lines, one))
    rows = [_cells(line, separator) for line in lines]
    start = _start(rows)
    return Header(
        tuple(rows[start]),
        separator,
        before + start,
        tuple(tuple(row) for row in rows[:start] if _width(row)),
    )


def _widest(lines: list[str], separator: str) -> tuple[int, int]:
    """Prefer what the first line has most of, then what any has most of."""
    first = next(line for line in lines if line.strip())
    return first.count(separator), max(line.count(separator) for line in lines[:10])


def _start(rows: list[list[str]]) -> int:
    """Return which line is the header."""
    widths = [_width(row) for row in rows]
    start = next(place for place, width in enumerate(widths) if width)
    # A row of one cell names no columns, nor does `From:,2023-05-08`.
    while start + 1 < len(rows) and (
        widths[start] <= 1 or (widths[start] == _PAIR and rows[start][0].rstrip().endswith(":"))
    ):
        start += 1
    if widths[start] <= 1:
        return next(place for place, width in enumerate(widths) if width)
    # A preamble of other rows ends with an empty line, after which a row is wider than all before it.
    blank = next((place for place in range(start + 1, len(widths)) if widths[place] == 0), len(widths))
    after = next((place for place in range(blank, len(widths)) if widths[place]), None)
    return start if after is None or widths[after] <= 1 + max(widths[start:blank]) else after


def _width(row: list[str]) -> int:
    """Return how many cells there are up to the last that holds something."""
    return max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)
