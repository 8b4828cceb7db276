"""Add up the partitions: partials in, counts out, with the global watermark. Pure: the time is an argument.

The state is a fold over the topic `partials`. For each key the record with the highest offset wins, not the
last one. So merge stores nothing besides that topic, and an old entry of a worker that was frozen changes
nothing, wherever it is in the log.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sandik.counting.labels import Labels
from sandik.counting.terms import term_counts
from sandik.counting.window_sums import WindowSums
from sandik.counting.windows.count_fields import Emitted, counts_of
from sandik.counting.windows.derived import DerivedWindows
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.counting.windows.final_and_late import Timing
from sandik.counting.windows.packed import WindowCells
from sandik.counting.windows.panes import DerivedRecord, Progress
from sandik.counting.windows.window_starts import WindowStarts
from sandik_schemas.count import Count
from sandik_schemas.partial import (
    AuthorsPartial,
    Partial,
    PartitionClock,
    Watermark,
    WindowPartial,
    window_key,
)
from sandik_schemas.term import TermCount

if TYPE_CHECKING:
    from sandik.counting.authors.sets import AuthorSets


class Settled(NamedTuple):
    """What merge forgets: a mark that says so, and the keys of partials that are no longer needed.

    The mark is written before the tombstones of the keys. The next owner may find only some of them, and the
    mark tells it not to count the rest.
    """

    mark: Watermark
    gone: list[bytes]


class Step(NamedTuple):
    """Records to write at once. Only one field has any."""

    mark: Watermark | None = None
    counts: Sequence[Count] = ()
    terms: Sequence[TermCount] = ()
    sources: Sequence[Count] = ()
    derived: Sequence[DerivedRecord] = ()
    settled: Settled | None = None


class Merge:
    """All partials of one run, summed over `partitions` partitions of `posts`."""

    def __init__(
        self,
        labels: Labels,
        timing: Timing,
        partitions: int,
        derived: DerivedWindows | None = None,
        authors: "AuthorSets | None" = None,
        top_terms: int = 0,
    ) -> None:
        self.labels = labels
        self.timing = timing
        self.partitions = partitions
        self.derived = derived or DerivedWindows()
        self.clocks: dict[int, PartitionClock] = {}
        self.watermark_ms: int | None = None
        self.settled_ms: int | None = None
        #: How long the topic of counts was when an owner (this one or an earlier one) wrote its last mark.
        self.counts_end = 0
        #: Hashes the value of the record right before that.
        self.counts_fingerprint: bytes | None = None
        self._windows = WindowSums()
        #: The starts of `_windows`, and of windows of which only authors are known.
        self._known = WindowStarts()
        self._current = WindowStarts()
        self._dirty = WindowStarts()
        self._emitted = Emitted()
        self._authors = authors
        self._top_terms = top_terms
        self._terms: list[TermCount] = []
        #: By source, what was emitted of it.
        self._emitted_of: defaultdict[str, Emitted] = defaultdict(Emitted)
        self._sources: list[Count] = []

    @property
    def open_windows(self) -> int:
        """How many windows are kept."""
        return len(self._windows)

    def apply(self, partial: Partial) -> None:
        """Apply one record of `partials`. Ignores those of other runs, and those older than what is known."""
        if partial.run_id != self.labels.run_id:
            return
        if isinstance(partial, WindowPartial):
            self._apply_window(partial)
        elif isinstance(partial, AuthorsPartial):
            if self._authors:
                self._authors.apply(partial)
                self._known.add(partial.window_start_ms)
        elif isinstance(partial, PartitionClock):
            known = self.clocks.get(partial.partition)
            if known is None or partial.offset >= known.offset:
                self.clocks[partial.partition] = partial
                if partial.clock_ms is not None:  # it comes after the windows of its batch
                    self._windows.close(partial.partition, self.timing.newest_settled_ms(partial.clock_ms))
        else:
            if partial.counts_end > self.counts_end:
                self.counts_end, self.counts_fingerprint = partial.counts_end, partial.counts_fingerprint
            self.watermark_ms = _later(self.watermark_ms, partial.watermark_ms)
            self.settled_ms = _later(self.settled_ms, partial.settled_ms)
            self.derived.resume(partial)

    def _apply_window(self, partial: WindowPartial) -> None:
        start_ms = partial.window_start_ms
        if start_ms not in self._windows:
            self._known.add(start_ms)
            self._current.add(start_ms)
        if self._windows.apply(partial):
            self._dirty.add(start_ms)
            if self._authors:
                self._authors.reach(partial)
            self.derived.pane_changed(start_ms)

    def round(self, now_ms: int, at_most: int | None = None) -> Iterator[Step]:
        """Yield what must be written now. Ask for a step only when Kafka has stored the one before.

        The order matters: no count is final before a mark says so, and no partial is deleted before its
        counts are written and a mark says that they are settled. Partials may be applied between two steps.
        """
        mark = self.advance()
        if mark is not None:
            yield Step(mark=mark)
        yield Step(counts=self.emit(now_ms, at_most))
        yield Step(terms=self.take_terms())
        yield Step(sources=self.take_sources())
        yield Step(derived=self.emit_derived(now_ms, at_most))
        settled = self.settle()
        if settled is not None:
            yield Step(settled=settled)

    def advance(self) -> Watermark | None:
        """Move the watermark as far as the clocks allow; return it if it moved. It never goes back."""
        before = self.watermark_ms
        reached_ms = self.timing.run_watermark_ms(self.clocks.values(), self.partitions)
        self.watermark_ms = _later(self.watermark_ms, reached_ms)
        return None if self.watermark_ms == before else self.mark()

    def emit(self, now_ms: int, at_most: int | None = None) -> list[Count]:
        """Return the counts that changed or became final since the last call, oldest window first.

        After `at_most` counts, the remaining windows wait for the next call.
        """
        if self.watermark_ms is not None:
            for final_ms in self._current.pop_until(self.timing.newest_ended_ms(self.watermark_ms)):
                self._dirty.add(final_ms)
        counts: list[Count] = []
        while (start_ms := self._dirty.oldest_ms) is not None and (at_most is None or len(counts) < at_most):
            self._dirty.discard(start_ms)
            counts += self._counts(start_ms, now_ms)
        return counts

    def take_terms(self) -> list[TermCount]:
        """Return the top terms that changed with the counts that `emit` has returned since the last call."""
        taken, self._terms = self._terms, []
        return taken

    def take_sources(self) -> list[Count]:
        """Return the counts by source that changed, or became final, with the counts that `emit` returned."""
        taken, self._sources = self._sources, []
        return taken

    def emit_derived(self, now_ms: int, at_most: int | None = None) -> list[DerivedRecord]:
        """Return the counts of hopping windows and sessions that changed or became final."""
        settled_ms = _later(self._settled_by_all_ms(), self.settled_ms)
        return self.derived.emit(self._pane, Progress(self.watermark_ms, settled_ms), now_ms, at_most)

    def settle(self) -> Settled | None:
        """Forget the windows that no partition can change, and whose counts were all returned."""
        self.settled_ms = _later(self.settled_ms, self._settled_and_emitted_ms())
        self.derived.settle(self._pane, self.settled_ms)
        forgotten_ms = self.derived.forgotten_ms(self.settled_ms)
        if forgotten_ms is None:
            return None
        gone = self._known.pop_until(self.timing.newest_ended_ms(forgotten_ms))
        keys = [key for start_ms in gone for key in self._forget(start_ms)]
        return Settled(self.mark(), keys) if gone else None

    def _forget(self, start_ms: int) -> Iterator[bytes]:
        for partition in self._windows.forget(start_ms):
            yield window_key(self.labels.run_id, partition, start_ms)
        if self._authors:
            yield from self._authors.forget(self.labels.run_id, start_ms)
        self._current.discard(start_ms)
        self._dirty.discard(start_ms)
        self._emitted.forget(start_ms)
        for emitted in self._emitted_of.values():
            emitted.forget(start_ms)

    def mark(self) -> Watermark:
        """Return how far this run has come, for the next owner."""
        mark = Watermark(
            self.labels.run_id,
            self.watermark_ms,
            self.settled_ms,
            counts_end=self.counts_end,
            counts_fingerprint=self.counts_fingerprint,
        )
        return self.derived.complete(mark)

    def _settled_by_all_ms(self) -> int | None:
        settled_ms = self.timing.run_settled_ms(self.clocks.values(), self.partitions)
        if settled_ms is None or self.watermark_ms is None:
            return None
        return min(settled_ms, self.watermark_ms)

    def _settled_and_emitted_ms(self) -> int | None:
        settled_ms = self._settled_by_all_ms()
        if settled_ms is None:
            return None
        # What came after the last `advance` and `emit` is still to be emitted.
        oldest_ms = self._dirty.oldest_ms
        if oldest_ms is not None:
            settled_ms = min(settled_ms, oldest_ms + self.timing.window_size_ms - 1)
        return self.derived.written_ms(settled_ms)

    def _is_settled(self, start_ms: int) -> bool:
        return self.settled_ms is not None and start_ms <= self.timing.newest_ended_ms(self.settled_ms)

    def _counts(self, start_ms: int, now_ms: int) -> Iterator[Count]:
        # The previous owner died between mark and tombstones, or a frozen worker wrote an old partial again:
        # the sum is not complete. `settle` removes it.
        if self._is_settled(start_ms):
            return
        cells = self._windows.cells(start_ms)
        is_final = start_ms not in self._current
        span_ms = start_ms, start_ms + self.timing.window_size_ms
        for language in self._emitted.changed(start_ms, cells, is_final=is_final):
            counts = [*counts_of(self.labels, span_ms, language, cells, now_ms, is_final=is_final)]
            if self._authors:
                with_author = cells.with_author.get(language, {})
                fields = self._authors.fields(start_ms, language, [one.tag for one in counts], with_author)
                counts = [msgspec.structs.replace(one, **fields[one.tag]) for one in counts]
            if self._top_terms and counts:
                self._terms += term_counts(counts[0], cells.terms.get(language, {}), self._top_terms)
            yield from counts
        self._sources += self._counts_by_source(span_ms, cells, now_ms, is_final=is_final)

    def _counts_by_source(
        self, span_ms: tuple[int, int], cells: WindowCells, now_ms: int, *, is_final: bool
    ) -> Iterator[Count]:
        for source in sorted(cells.sources.keys() | cells.late_sources.keys()):
            of_source = cells.of_source(source)
            for language in self._emitted_of[source].changed(span_ms[0], of_source, is_final=is_final):
                for one in counts_of(self.labels, span_ms, language, of_source, now_ms, is_final=is_final):
                    yield msgspec.structs.replace(one, source=source)

    def _pane(self, start_ms: int) -> WindowCells:
        """Return the window as a pane of derived windows, which count no authors and no terms."""
        cells = self._windows.cells(start_ms)
        return WindowCells(cells.counts, cells.late_counts)


def new_merge(
    labels: Labels,
    timing: Timing,
    partitions: int,
    *,
    sizes: DerivedSizes | None = None,
    has_authors: bool = False,
    top_terms: int = 0,
) -> Merge:
    """Return the merge of a run before its first partial. `top_terms`: how many a tag, 0 if none are counted.

    Raises:
        ImportError: authors are counted, and the package for that is not installed.
    """
    derived = DerivedWindows.of(sizes, labels, timing.window_size_ms) if sizes else None
    authors = None
    if has_authors:
        from sandik.counting.authors.sets import AuthorSets

        authors = AuthorSets()
    return Merge(labels, timing, partitions, derived, authors, top_terms)


def _later(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)
