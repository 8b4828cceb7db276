"""The newest record of each cell, small enough for a month of minutes in twenty languages."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from sandik.counting.source_names import is_within
from sandik.figures.statistics import Ints
from sandik_schemas.count import CellKey, Count
from sandik_schemas.languages import is_of, languages_in

#: Windows in a step, whose sums are cached: a quarter of an hour of minutes.
STEP = 15
#: Windows in a chunk, a multiple of steps. Empty chunks do not exist, so archives of different years fit.
CHUNK = 64 * STEP
#: For how many sets of groups and tags the sums of steps are cached: requests mostly repeat.
_KEPT_SUMS = 128


class Group(NamedTuple):
    """The language of a cell, and its source if counted by source."""

    language: str
    source: str = ""

    def is_of(self, sources: frozenset[str]) -> bool:
        """Return whether it belongs to one of these sources or their channels; True for no sources."""
        return not sources or any(is_within(self.source, one) for one in sources)


class Chunk:
    """CHUNK neighbouring windows of one group and tag, each with an index in the arrays."""

    __slots__ = (
        "_steps",
        "_steps_changes",
        "changes",
        "corrected",
        "count",
        "is_final",
        "late",
        "newest_version",
        "revision",
        "version",
    )

    def __init__(self) -> None:
        self.revision = np.full(CHUNK, -1, dtype=np.int64)
        self.version = np.zeros(CHUNK, dtype=np.int64)
        self.count = np.zeros(CHUNK, dtype=np.int32)
        self.corrected = np.zeros(CHUNK, dtype=np.int32)
        self.late = np.zeros(CHUNK, dtype=np.int32)
        self.is_final = np.zeros(CHUNK, dtype=np.bool_)
        self.newest_version = 0
        #: How often it was changed.
        self.changes = 0
        self._steps, self._steps_changes = np.zeros(0, dtype=np.int64), -1

    def by_step(self) -> Ints:
        """Return sums of its steps: rows of known windows, final, current, corrected and late posts."""
        if self._steps_changes != self.changes:
            final = self.count * self.is_final
            columns = (self.revision >= 0, final, self.count - final, self.corrected, self.late)
            self._steps = np.array([one.reshape(-1, STEP).sum(axis=1) for one in columns], dtype=np.int64)
            self._steps_changes = self.changes
        return self._steps


class Found(NamedTuple):
    """Posts by window, summed over groups. `window`: the window's number since 1970, ascending."""

    window: Ints
    final: Ints
    current: Ints
    corrected: Ints
    late: Ints


class Cells:
    """All cells of one window size. Of two records of a cell, the higher revision is used."""

    def __init__(self, window_size_ms: int) -> None:
        self.window_size_ms = window_size_ms
        #: Posts by tag over all windows.
        self.totals: dict[Group, dict[str, int]] = {}
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        #: End of the newest final window, which the watermark has passed.
        self.watermark_ms: int | None = None
        self._chunks: dict[tuple[Group, str], dict[int, Chunk]] = {}
        self._known = 0
        #: (groups, tag) -> chunk -> its number of changes, and the sums of its steps.
        self._steps: OrderedDict[tuple[tuple[Group, ...], str], dict[int, tuple[int, tuple[Ints, ...]]]] = (
            OrderedDict()
        )

    @property
    def languages(self) -> list[str]:
        """Return every counted language, alone or in a pair."""
        return sorted({one for group in self.totals for one in languages_in(group.language)})

    @property
    def sources(self) -> list[str]:
        """Return every counted source."""
        return sorted({group.source for group in self.totals})

    def of_language(self, language: str) -> list[Group]:
        """Return the groups with the language: `tr`, and also `ru+tr`."""
        return [one for one in self.totals if is_of(one.language, language)]

    def posts(self, language: str) -> dict[str, int]:
        """Return the posts of a language by tag, over all windows."""
        found: Counter[str] = Counter()
        for one in self.of_language(language):
            found.update(self.totals[one])
        return dict(found)

    @property
    def tags(self) -> list[str]:
        """Return every tag that was counted."""
        return sorted({tag for _, tag in self._chunks})

    def add(self, count: Count, version: int) -> bool:
        """Add a record as part of `version`; return whether it replaced the known one."""
        number, place = divmod(count.window_start_ms // self.window_size_ms, CHUNK)
        group = Group(count.language, count.source or "")
        chunks = self._chunks.setdefault((group, count.tag), {})
        chunk = chunks.get(number)
        if chunk is None:
            chunk = chunks[number] = Chunk()
        known = int(chunk.revision[place])
        # An equal revision is the same cell or another lexicon's: the later record is used, as in `sandik
        # counts`.
        if known > count.revision:
            return False
        self._known += known < 0
        before = int(chunk.count[place])
        if count.is_final:
            if chunk.is_final[place]:
                chunk.corrected[place] += count.count - before
            self.watermark_ms = max(self.watermark_ms or count.window_end_ms, count.window_end_ms)
        chunk.changes += 1
        chunk.revision[place] = count.revision
        chunk.version[place] = chunk.newest_version = version
        chunk.count[place] = count.count
        chunk.late[place] = count.late_count
        chunk.is_final[place] = count.is_final
        by_tag = self.totals.setdefault(group, {})
        by_tag[count.tag] = by_tag.get(count.tag, 0) + count.count - before
        self._reach(count.window_start_ms, count.window_end_ms)
        return True

    def increase(self, group: Group, tag: str, start_ms: int) -> None:
        """Add one post to the cell of a window, for cells that are counted here."""
        number, place = divmod(start_ms // self.window_size_ms, CHUNK)
        chunks = self._chunks.setdefault((group, tag), {})
        chunk = chunks.get(number)
        if chunk is None:
            chunk = chunks[number] = Chunk()
        chunk.changes += 1
        chunk.revision[place] += 1
        chunk.count[place] += 1
        by_tag = self.totals.setdefault(group, {})
        by_tag[tag] = by_tag.get(tag, 0) + 1
        self._reach(start_ms, start_ms + self.window_size_ms)

    def _reach(self, start_ms: int, end_ms: int) -> None:
        self.first_ms = min(self.first_ms or start_ms, start_ms)
        self.last_ms = max(self.last_ms or end_ms, end_ms)

    def remove(self, cell: CellKey, version: int = 1) -> bool:
        """Remove a deleted cell; return whether it was the last one."""
        number, place = divmod(cell.window_start_ms // self.window_size_ms, CHUNK)
        group = Group(cell.language, cell.source or "")
        chunk = self._chunks.get((group, cell.tag), {}).get(number)
        if chunk is None or chunk.revision[place] < 0:
            return False
        self.totals[group][cell.tag] -= int(chunk.count[place])
        chunk.changes += 1
        chunk.revision[place] = -1
        chunk.version[place] = chunk.newest_version = version
        for column in (chunk.count, chunk.corrected, chunk.late, chunk.is_final):
            column[place] = 0
        self._known -= 1
        return not self._known

    def find(self, groups: list[Group], tag: str, from_ms: int, to_ms: int) -> Found:
        """Sum the cells of these groups, in windows that start in [from, to)."""
        size = self.window_size_ms
        first, end = -(-from_ms // size), -(-to_ms // size)
        chunks = self._between(groups, tag, first, end)
        return _joined([_added_up(chunks[number], number, first, end) for number in sorted(chunks)])

    def find_steps(self, groups: list[Group], tag: str, from_ms: int, to_ms: int) -> Found:
        """Do the same for whole steps, with numbers of steps instead of windows.

        `from_ms` and `to_ms` must be multiples of a step's length.
        """
        step_ms = STEP * self.window_size_ms
        first, end = from_ms // step_ms, to_ms // step_ms
        chunks = self._between(groups, tag, first * STEP, end * STEP)
        kept = self._steps.setdefault((tuple(groups), tag), {})
        self._steps.move_to_end((tuple(groups), tag))
        while len(self._steps) > _KEPT_SUMS:
            self._steps.popitem(last=False)
        parts = []
        for number in sorted(chunks):
            changes = sum(chunk.changes for chunk in chunks[number])
            if number not in kept or kept[number][0] != changes:
                known, *columns = np.sum([chunk.by_step() for chunk in chunks[number]], axis=0)
                there = np.flatnonzero(known)
                kept[number] = changes, (number * CHUNK // STEP + there, *(one[there] for one in columns))
            parts.append(kept[number][1])
        found = _joined(parts)
        inside = slice(*np.searchsorted(found.window, [first, end]))
        return Found(*(column[inside] for column in found))

    def _between(self, groups: list[Group], tag: str, first: int, end: int) -> dict[int, list[Chunk]]:
        """Return the chunks with a window in `[first, end)`, by number."""
        chunks: dict[int, list[Chunk]] = {}
        for group in groups:
            for number, chunk in self._chunks.get((group, tag), {}).items():
                if first < (number + 1) * CHUNK and number * CHUNK < end:
                    chunks.setdefault(number, []).append(chunk)
        return chunks

    def changed(self, group: Group, version: int) -> Ints:
        """Return the numbers of the windows with a cell that changed after `version`."""
        parts = [
            number * CHUNK + np.flatnonzero(chunk.version > version)
            for number, chunk in self._of(group)
            if chunk.newest_version > version
        ]
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)

    def _of(self, group: Group) -> Iterator[tuple[int, Chunk]]:
        for tag in self.totals.get(group, {}):
            yield from self._chunks[group, tag].items()


def summed_by(number: Ints, columns: Iterable[Ints]) -> tuple[Ints, ...]:
    """Return the distinct numbers, and the columns summed by them. The numbers must be ascending."""
    starts = np.flatnonzero(np.concatenate(([True], number[1:] != number[:-1]))) if len(number) else number
    return number[starts], *(np.add.reduceat(one, starts) if len(starts) else one for one in columns)


def _joined(parts: list[tuple[Ints, ...]]) -> Found:
    if not parts:
        return Found(*(np.zeros(0, dtype=np.int64) for _ in Found._fields))
    return Found(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _added_up(chunks: list[Chunk], number: int, first: int, end: int) -> tuple[Ints, ...]:
    """Return the summed columns of a chunk of several groups, for the windows in `[first, end)`."""
    # Whole arrays, including unknown windows (zeros): takes a third of the time of selecting known ones.
    posts, final, corrected, late = np.zeros((4, CHUNK), dtype=np.int64)
    is_known = np.zeros(CHUNK, dtype=np.bool_)
    for chunk in chunks:
        is_known |= chunk.revision >= 0
        posts += chunk.count
        final += chunk.count * chunk.is_final
        corrected += chunk.corrected
        late += chunk.late
    start = max(0, first - number * CHUNK)
    places = start + np.flatnonzero(is_known[start : max(0, end - number * CHUNK)])
    return number * CHUNK + places, *(column[places] for column in (final, posts - final, corrected, late))
