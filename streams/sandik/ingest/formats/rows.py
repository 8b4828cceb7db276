"""The rows of a table -> posts. Rows whose ids may be rounded are held back for a while."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace as replace_plan

from msgspec.structs import replace

from sandik.ingest.formats.cell_values import AHEAD_IDS, Rounded, advice, is_doubtful, native_id
from sandik.ingest.formats.row import read_row
from sandik.ingest.formats.table import Plan
from sandik.ingest.items import Item, Rejected, Skipped, SkipReason
from sandik_schemas.post import Post

#: How many rows are held back at most, until it is clear whether their ids are rounded.
MAX_KEPT_ROWS = 1_000
MAX_KEPT_CHARACTERS = 4 << 20


def read_rows(rows: Iterable[tuple[str, Sequence[object] | Rejected]], how: Plan) -> Iterator[Item]:
    """Yield an item for each (where, row), in order.

    A row whose own or author's id may be rounded is held back until enough of its column is known.
    """
    picker = how.picker
    reader = _Rows(replace_plan(how, picker=None))
    for where, row in rows:
        cells = row if picker is None or isinstance(row, Rejected) else picker(row)
        yield from reader.take(where, cells)
    yield from reader.rest()


class _Rows:
    """The rows that are held back, and what decides whether ids are rounded."""

    def __init__(self, how: Plan) -> None:
        self._how = how
        self._ids, self._authors = Rounded(are_unique=True), Rounded(are_unique=False)
        self._waiting: deque[tuple[str, Sequence[object] | Rejected, int, int | None]] = deque()
        self._characters = 0
        self._number = 0
        self._has_told = False

    def take(self, where: str, row: Sequence[object] | Rejected) -> Iterator[Item]:
        """Take one row, and yield the rows that are now decided."""
        known_at: int | None = None
        if not isinstance(row, Rejected):
            self._number += 1
            known_at = self._see(row)
        if known_at is None and not self._waiting:
            yield from self._read(where, row, self._number)
            return
        self._waiting.append((where, row, self._number, known_at))
        self._characters += _length(row)
        while self._waiting and self._is_clear():
            yield from self._first()

    def rest(self) -> Iterator[Item]:
        """Yield the rest."""
        while self._waiting:
            yield from self._first()

    def _see(self, row: Sequence[object]) -> int | None:
        """Return at how many seen ids the row is decided; None if it already is."""
        wait: int | None = None
        for name, judge in (("id", self._ids), ("author", self._authors)):
            index = self._how.indices.get(name)
            text = native_id(row[index]) if index is not None and index < len(row) else None
            judge.see(text)
            if is_doubtful(text):
                wait = self._ids.seen + self._authors.seen + AHEAD_IDS
        return wait

    def _is_clear(self) -> bool:
        known_at = self._waiting[0][3]
        is_much = len(self._waiting) > MAX_KEPT_ROWS or self._characters > MAX_KEPT_CHARACTERS
        return known_at is None or is_much or self._ids.seen + self._authors.seen >= known_at

    def _first(self) -> Iterator[Item]:
        where, row, number, _ = self._waiting.popleft()
        self._characters -= _length(row)
        yield from self._read(where, row, number)

    def _read(self, where: str, row: Sequence[object] | Rejected, number: int) -> Iterator[Item]:
        item = row if isinstance(row, Rejected) else read_row(row, number, self._how, self._ids)
        if isinstance(item, Post) and item.author_id is not None and self._authors(item.author_id):
            if not self._has_told:
                self._has_told = True
                detail = f"{advice('author', item.author_id)}. Such authors are left out"
                yield Skipped(SkipReason.NOTICE, detail, where)
            item = replace(item, author_id=self._other_author(row))
        yield item if isinstance(item, Post) else item._replace(where=where)

    def _other_author(self, row: Sequence[object] | Rejected) -> str | None:
        for name, index in self._how.indices.items():
            if name.startswith("author ") and not isinstance(row, Rejected):
                text = native_id(row[index])
                if text is not None and not self._authors(text):
                    return text
        return None


def _length(row: Sequence[object] | Rejected) -> int:
    return 0 if isinstance(row, Rejected) else sum(len(cell) for cell in row if isinstance(cell, str))
