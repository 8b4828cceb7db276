"""Lines of CSV -> rows. An unclosed quotation mark costs one row, not all rows after it.

A quoted field may span many lines, so an unclosed mark would take everything up to the next mark or the end
of the file. A mark counts as closed if a separator or the end of the line follows the closing mark, the row
has as many columns as the header, and no line inside the field is itself a row.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum

from sandik.ingest.items import Rejected, RejectReason

#: The longest row: 40 times the longest text.
MAX_ROW_CHARACTERS = 4 << 20
_TOO_LONG = f"a row of more than {MAX_ROW_CHARACTERS:,} characters"


class State(Enum):
    """Where a row is at the end of a line."""

    COMPLETE = 0
    OPEN = 1  # inside quotes
    BROKEN = 2  # a closing mark is not followed by a separator


def state_after(line: str, separator: str, state: State = State.COMPLETE) -> State:
    """Return where a row is after one more line. The line end is not part of a field."""
    at = 0
    if state is State.COMPLETE:
        if not line.startswith('"'):
            at = _next_opening(line, separator, 0)
            if at < 0:
                return State.COMPLETE
        at += 1
    while True:
        at = line.find('"', at)
        if at < 0:
            return State.OPEN
        if line.startswith('""', at):
            at += 2
            continue
        behind = line[at + 1 : at + 2]
        if behind == separator:
            at += 1
            if not line.startswith(f'{separator}"', at):
                at = _next_opening(line, separator, at)
                if at < 0:
                    return State.COMPLETE
                at += 1
            else:
                at += 2
        else:
            return State.COMPLETE if not behind.strip("\r\n") else State.BROKEN


def _next_opening(line: str, separator: str, at: int) -> int:
    """Return the index of the next field's opening mark; -1 if there is none."""
    found = line.find(f'{separator}"', at)
    return -1 if found < 0 else found + 1


Row = list[str] | Rejected


class Rows:
    """The rows of a file, each with the number of the line on which it ends."""

    def __init__(
        self, lines: Iterator[str | None], separator: str, first_number: int, *, is_tsv: bool
    ) -> None:
        """Read `lines`; None stands for a line that was too long. `first_number`: that of the first line.

        A line of TSV is a row, unless it has too many or too few columns.
        """
        self._lines = lines
        self._separator = separator
        self._number = first_number - 1
        self._is_tsv = is_tsv
        self._again: deque[str | None] = deque()
        #: How many columns a row has, and whether a line looks like a row. Set once the header is known.
        self.columns: int | None = None
        self.is_row: Callable[[list[str]], bool] = lambda _: False

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        while True:
            try:
                line = self._next()
            except StopIteration:
                return
            if line is None:
                yield self._number, Rejected(RejectReason.TOO_LARGE, _TOO_LONG)
            elif '"' not in line or self._is_tsv:
                if bare := line.rstrip("\r\n"):
                    yield self._split(line, bare.split(self._separator))
            else:
                yield self._quoted(line)

    def _next(self) -> str | None:
        self._number += 1
        return self._again.popleft() if self._again else next(self._lines)

    def _split(self, line: str, row: list[str]) -> tuple[int, Row]:
        began = self._number
        if '"' in line and not self._fits(row):
            ended, quoted = self._quoted(line)
            if not isinstance(quoted, Rejected) and self._fits(quoted):
                return ended, quoted
        return began, row

    def _quoted(self, line: str) -> tuple[int, Row]:
        state = state_after(line, self._separator)
        began = self._number
        if state is State.OPEN:
            held, state = self._gather(line)
            row = parsed("".join(held), self._separator) if state is State.COMPLETE else None
            if row is not None and not self._has_swallowed(held) and self._fits(row):
                return self._number, row
            # Read its lines again, as rows of their own.
            self._again.extendleft(reversed(held[1:]))
            self._number = began
            detail = f"a quotation mark on line {began} is not closed"
            return began, Rejected(RejectReason.BAD_COLUMNS, detail)
        row = parsed(line, self._separator)
        if state is State.BROKEN and row is not None and (line.count('"') % 2 or not self._fits(row)):
            row = None
        detail = "quotation marks that are neither doubled nor around a whole field"
        return began, Rejected(RejectReason.BAD_COLUMNS, detail) if row is None else row

    def _gather(self, line: str) -> tuple[list[str], State]:
        held, characters, state = [line], len(line), State.OPEN
        while state is State.OPEN and characters <= MAX_ROW_CHARACTERS:
            try:
                more = self._next()
            except StopIteration:
                break
            if more is None:
                self._again.appendleft(None)
                self._number -= 1
                break
            held.append(more)
            characters += len(more)
            state = state_after(more, self._separator, state)
        return held, state

    def _has_swallowed(self, held: list[str]) -> bool:
        return any(
            (row := parsed(line, self._separator)) is not None
            and len(row) == self.columns
            and self.is_row(row)
            for line in held[1:]
            if self._separator in line
        )

    def _fits(self, row: list[str]) -> bool:
        return self.columns is None or len(row) == self.columns or not any(row[self.columns :])


def parsed(text: str, separator: str) -> list[str] | None:
    """Return the fields of one row; None if it is not valid CSV."""
    csv.field_size_limit(MAX_ROW_CHARACTERS)
    try:
        found = list(csv.reader([text], delimiter=separator))
    except csv.Error:
        try:  # a lone \r outside of quotes
            found = list(csv.reader([text.rstrip("\r\n").replace("\r", " ")], delimiter=separator))
        except csv.Error:
            return None
    return found[0] if found else None
