"""Add up the partitions: partials in, counts out, with the global watermark. Pure: the time is an argument.

The state is a fold over the topic `partials` in which, per key, the higher offset wins over the later
record. So merge keeps nothing durable but that topic, and a stale entry of a worker that was frozen and
thawed changes nothing, wherever it stands in the log.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sandik.counting.labels import Labels
from sandik.counting.side_cells import is_tag, only_tags
from sandik.counting.terms import term_counts
from sandik.counting.windows.derived import Wider
from sandik.counting.windows.event_time import Timing
from sandik.counting.windows.packed import PackedWindows, pack
from sandik.counting.windows.panes import Progress, Wide, a_count, untold
from sandik_schemas.count import Count
from sandik_schemas.partial import Cells, Partial, PartitionClock, Watermark, WindowPartial
from sandik_schemas.term import TermCount

if TYPE_CHECKING:
    from sandik.counting.authors.sets import AuthorSets

_sums = msgspec.msgpack.Decoder(tuple[Cells, Cells])
_revisions = msgspec.msgpack.Decoder(dict[str, int])


class Closed(NamedTuple):
    """What the partitions that can no longer change a window add to it, in one sum.

    `partitions` has the bit 1 << partition of each of them; `packed` is counts and late counts.
    """

    partitions: int = 0
    packed: bytes = pack(({}, {}))


class Merge:
    """All partials of one run, summed over `partitions` partitions of `posts`.

    A partition that is silent may still correct every window since its last post, so they all stay here.
    That is why a window is kept in as few bytes as will do: the sum of the partitions that are done with
    it, and apart only what the others have added so far.
    """

    def __init__(
        self,
        labels: Labels,
        timing: Timing,
        partitions: int,
        wider: Wider | None = None,
        authors: "AuthorSets | None" = None,
        top_terms: int = 0,
    ) -> None:
        self.labels = labels
        self.timing = timing
        self.partitions = partitions
        self.wider = wider or Wider()
        self.clocks: dict[int, PartitionClock] = {}
        self.watermark_ms: int | None = None
        self.settled_ms: int | None = None
        #: How long the topic of counts was when an owner, this or another, wrote its last mark.
        self.counts_end = 0
        #: Hashes the value of the record right before that.
        self.counts_fingerprint: bytes | None = None
        self._windows: dict[int, Closed] = {}
        self._open: dict[int, PackedWindows] = defaultdict(PackedWindows)
        self._current: set[int] = set()
        self._dirty: set[int] = set()
        self._told: dict[int, bytes] = {}
        self._authors = authors
        self._top_terms = top_terms
        self._terms: list[TermCount] = []

    def apply(self, partial: Partial) -> None:
        """Take one record of `partials` in. Of another run, or older than what is known: no-op."""
        if partial.run_id != self.labels.run_id:
            return
        if isinstance(partial, WindowPartial) and partial.authors is not None:
            if self._authors:
                self._authors.apply(partial)
        elif isinstance(partial, WindowPartial):
            self._apply_window(partial)
        elif isinstance(partial, PartitionClock):
            known = self.clocks.get(partial.partition)
            if known is None or partial.offset >= known.offset:
                self.clocks[partial.partition] = partial
                self._close(partial)
        else:
            if partial.counts_end > self.counts_end:
                self.counts_end, self.counts_fingerprint = partial.counts_end, partial.counts_fingerprint
            self.watermark_ms = _later(self.watermark_ms, partial.watermark_ms)
            self.settled_ms = _later(self.settled_ms, partial.settled_ms)
            self.wider.take(partial)

    def _apply_window(self, partial: WindowPartial) -> None:
        start_ms = partial.window_start_ms
        if start_ms not in self._windows:
            self._windows[start_ms] = Closed()
            self._current.add(start_ms)
        elif self._windows[start_ms].partitions >> partial.partition & 1:
            return  # whatever comes after a partition is done with a window is older than what it had added
        known = self._open[partial.partition].get(start_ms)
        if known is None or partial.offset > known.offset:
            self._open[partial.partition][start_ms] = partial
            self._dirty.add(start_ms)
            if self._authors:
                self._authors.reach(partial)
            self.wider.touch(start_ms)

    def _close(self, clock: PartitionClock) -> None:
        """Add what the partition can no longer change to the sums. Its clock comes after its windows."""
        if clock.clock_ms is None:
            return
        watermark_ms = self.timing.watermark_ms(clock.clock_ms)
        windows = self._open[clock.partition]
        for start_ms in [start for start in windows if self.timing.is_settled(start, watermark_ms)]:
            counts, late_counts = self._summed(start_ms, [windows.pop(start_ms)])
            partitions = self._windows[start_ms].partitions | 1 << clock.partition
            self._windows[start_ms] = Closed(partitions, pack((counts, late_counts)))

    def advance(self) -> Watermark | None:
        """Move the watermark as far as the clocks allow; return it if it moved.

        Make it durable before what `emit` returns: a successor must never take a final window for a
        current one. The watermark is the minimum over the partitions that are not idle, and the maximum
        when all are: then nothing is left to read that could hold it back. It never goes back.
        """
        before = self.watermark_ms
        self.watermark_ms = _later(self.watermark_ms, self._reached_ms())
        return None if self.watermark_ms == before else self.mark()

    def emit(self, now_ms: int, at_most: int | None = None) -> list[Count]:
        """Return the counts that changed or became final since the last call, oldest window first.

        With `at_most`, windows that would come after so many counts are left for the next call.
        """
        self._dirty |= self._newly_final()
        counts: list[Count] = []
        for start_ms in sorted(self._dirty):
            if at_most is not None and len(counts) >= at_most:
                break
            self._dirty.remove(start_ms)
            counts += self._counts(start_ms, now_ms)
        return counts

    def emit_wider(self, now_ms: int, at_most: int | None = None) -> list[Wide]:
        """Return what of hopping windows and sessions changed or became final. Write it before you settle."""
        settled_ms = _later(self._settled_by_all_ms(), self.settled_ms)
        return self.wider.emit(self._tags_of_pane, Progress(self.watermark_ms, settled_ms), now_ms, at_most)

    def settle(self) -> tuple[Watermark, list[WindowPartial]] | None:
        """Forget the windows that no partition can change any more; return the mark and their partials.

        Call it when what `emit` returned is durable. Make the mark durable before the partials' tombstones:
        a successor that finds only some of them must know not to count them. The partials have a key, and
        no counts any more.
        """
        self.settled_ms = _later(self.settled_ms, self._settled_and_written_ms())
        self.wider.settle(self._tags_of_pane, self.settled_ms)
        gone = [start_ms for start_ms in self._windows if self._is_forgotten(start_ms)]
        if self._authors:  # of a thawed worker, perhaps, after the window was forgotten
            others = self._authors.windows - self._windows.keys()
            gone += [start_ms for start_ms in others if self._is_forgotten(start_ms)]
        return (self.mark(), [one for start_ms in gone for one in self._forget(start_ms)]) if gone else None

    def _forget(self, start_ms: int) -> Iterator[WindowPartial]:
        closed = self._windows.pop(start_ms, Closed()).partitions
        for partition in range(self.partitions):
            if self._open[partition].pop(start_ms, None) or closed >> partition & 1:
                yield WindowPartial(self.labels.run_id, partition, start_ms, -1, {}, {})
        if self._authors:
            yield from self._authors.forget(self.labels.run_id, start_ms)
        self._current.discard(start_ms)
        self._dirty.discard(start_ms)
        self._told.pop(start_ms, None)

    def mark(self) -> Watermark:
        """Return how far this run has come, for a successor."""
        mark = Watermark(
            self.labels.run_id,
            self.watermark_ms,
            self.settled_ms,
            counts_end=self.counts_end,
            counts_fingerprint=self.counts_fingerprint,
        )
        return self.wider.marked(mark)

    def _reached_ms(self) -> int | None:
        if len(self.clocks) < self.partitions:
            return None
        holding = [clock for clock in self.clocks.values() if not clock.idle]
        if holding:
            reached = [clock.clock_ms for clock in holding]
            # A partition that was never read may hold anything: it holds the watermark until it is idle.
            known = [clock_ms for clock_ms in reached if clock_ms is not None]
            return self.timing.watermark_ms(min(known)) if len(known) == len(reached) else None
        started = [clock.clock_ms for clock in self.clocks.values() if clock.clock_ms is not None]
        return self.timing.watermark_ms(max(started)) if started else None

    def _settled_by_all_ms(self) -> int | None:
        clocks = [clock.clock_ms for clock in self.clocks.values() if clock.clock_ms is not None]
        if len(clocks) < self.partitions or self.watermark_ms is None:
            return None
        settled_ms = self.timing.watermark_ms(min(clocks)) - self.timing.allowed_lateness_ms
        return min(settled_ms, self.watermark_ms)

    def _settled_and_written_ms(self) -> int | None:
        settled_ms = self._settled_by_all_ms()
        if settled_ms is None:
            return None
        # What came after the last `advance` and `emit` is still to be emitted.
        unwritten = [start_ms + self.timing.window_size_ms - 1 for start_ms in self._dirty]
        return self.wider.written_ms(min([settled_ms, *unwritten]))

    def _is_settled(self, start_ms: int) -> bool:
        return self.settled_ms is not None and start_ms + self.timing.window_size_ms <= self.settled_ms

    def _is_forgotten(self, start_ms: int) -> bool:
        forgotten_ms = self.wider.forgotten_ms(self.settled_ms)
        return forgotten_ms is not None and start_ms + self.timing.window_size_ms <= forgotten_ms

    def _newly_final(self) -> set[int]:
        if self.watermark_ms is None:
            return set()
        final = {start for start in self._current if self.timing.is_final(start, self.watermark_ms)}
        self._current -= final
        return final

    def _counts(self, start_ms: int, now_ms: int) -> Iterator[Count]:
        # A predecessor died between mark and tombstones, or a thawed worker wrote an old partial again:
        # the sum is not complete any more. `settle` clears it away.
        if self._is_settled(start_ms):
            return
        counts, late_counts = self._pane(start_ms)
        is_final = start_ms not in self._current
        span_ms = start_ms, start_ms + self.timing.window_size_ms
        told = _revisions.decode(self._told[start_ms]) if start_ms in self._told else {}
        for one in untold(counts, late_counts, told, is_final=is_final):
            language, tags = one.language, list(filter(is_tag, one.cells))
            authors = self._authors.told(start_ms, language, tags, one.counts) if self._authors else {}
            for tag in tags:
                cell, sums = (language, tag), one.sums(tag)
                count = a_count(self.labels, span_ms, cell, sums, now_ms, is_final=is_final)
                yield msgspec.structs.replace(count, **authors[tag]) if authors else count
            if self._top_terms and tags:
                self._terms += term_counts(count, one.counts, self._top_terms)
        self._told[start_ms] = pack(told)

    def take_terms(self) -> list[TermCount]:
        """Return the top terms that changed with the counts that `emit` has returned since the last call."""
        taken, self._terms = self._terms, []
        return taken

    def _pane(self, start_ms: int) -> tuple[Cells, Cells]:
        if start_ms not in self._windows:
            return {}, {}
        return self._summed(start_ms, [one[start_ms] for one in self._open.values() if start_ms in one])

    def _tags_of_pane(self, start_ms: int) -> tuple[Cells, Cells]:
        counts, late_counts = self._pane(start_ms)
        return only_tags(counts), only_tags(late_counts)

    def _summed(self, start_ms: int, partials: Iterable[WindowPartial]) -> tuple[Cells, Cells]:
        counts, late_counts = _sums.decode(self._windows[start_ms].packed)
        for partial in partials:
            _add_up(counts, partial.counts)
            _add_up(late_counts, partial.late_counts)
        return counts, late_counts


def _add_up(total: Cells, cells: Cells) -> None:
    for language, by_tag in cells.items():
        summed = total.setdefault(language, {})
        for tag, count in by_tag.items():
            summed[tag] = summed.get(tag, 0) + count


def _later(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)
