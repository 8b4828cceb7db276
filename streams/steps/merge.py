"""Add up the partitions: partials in, counts out, with the global watermark. Pure: the time is an argument.

The state is a fold over the topic `partials` in which, per key, the higher offset wins over the later
record. So merge keeps nothing durable but that topic, and a stale entry of a worker that was frozen and
thawed changes nothing, wherever it stands in the log.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from schemas.count import SCHEMA_VERSION, Count
from schemas.partial import Cells, Partial, PartitionClock, Watermark, WindowPartial
from streams.steps.counts import ALL
from streams.steps.window import Timing


class Labels(NamedTuple):
    """What every count of a run carries."""

    run_id: str
    lexicon_version: str
    detector_version: str


class Merge:
    """All partials of one run, summed over `partitions` partitions of `posts`."""

    def __init__(self, labels: Labels, timing: Timing, partitions: int) -> None:
        self.labels = labels
        self.timing = timing
        self.partitions = partitions
        self.clocks: dict[int, PartitionClock] = {}
        self.windows: dict[int, dict[int, WindowPartial]] = defaultdict(dict)
        self.watermark_ms: int | None = None
        self.settled_ms: int | None = None
        self._final: set[int] = set()
        self._dirty: set[int] = set()
        self._emitted: dict[int, dict[str, int]] = defaultdict(dict)

    def apply(self, partial: Partial) -> None:
        """Take one record of `partials` in. Of another run, or older than what is known: no-op."""
        if partial.run_id != self.labels.run_id:
            return
        if isinstance(partial, WindowPartial):
            self._apply_window(partial)
        elif isinstance(partial, PartitionClock):
            known = self.clocks.get(partial.partition)
            if known is None or partial.offset >= known.offset:
                self.clocks[partial.partition] = partial
        else:
            self.watermark_ms = _later(self.watermark_ms, partial.watermark_ms)
            self.settled_ms = _later(self.settled_ms, partial.settled_ms)

    def _apply_window(self, partial: WindowPartial) -> None:
        start_ms = partial.window_start_ms
        by_partition = self.windows[start_ms]
        known = by_partition.get(partial.partition)
        if known is None or partial.offset > known.offset:
            by_partition[partial.partition] = partial
            self._dirty.add(start_ms)

    def advance(self) -> Watermark | None:
        """Move the watermark as far as the clocks allow; return it if it moved.

        Make it durable before what `emit` returns: a successor must never take a final window for a
        current one. The watermark is the minimum over the partitions that are not idle, and the maximum
        when all are: then nothing is left to read that could hold it back. It never goes back.
        """
        before = self.watermark_ms
        self.watermark_ms = _later(self.watermark_ms, self._reached_ms())
        return None if self.watermark_ms == before else self._mark()

    def emit(self, now_ms: int) -> list[Count]:
        """Return the counts that changed or became final since the last call, oldest window first."""
        due = self._dirty | self._newly_final()
        self._dirty = set()
        return [count for start_ms in sorted(due) for count in self._counts(start_ms, now_ms)]

    def settle(self) -> tuple[Watermark, list[WindowPartial]] | None:
        """Forget the windows that no partition can change any more; return the mark and their partials.

        Call it when what `emit` returned is durable. Make the mark durable before the partials' tombstones:
        a successor that finds only some of them must know not to count them.
        """
        self.settled_ms = _later(self.settled_ms, self._settled_by_all_ms())
        gone = [start_ms for start_ms in self.windows if self._is_settled(start_ms)]
        if not gone:
            return None
        partials = [partial for start_ms in gone for partial in self.windows.pop(start_ms).values()]
        for start_ms in gone:
            self._final.discard(start_ms)
            self._dirty.discard(start_ms)
            self._emitted.pop(start_ms, None)
        return self._mark(), partials

    def _mark(self) -> Watermark:
        return Watermark(self.labels.run_id, self.watermark_ms, self.settled_ms)

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
        # What came after the last `advance` and `emit` is still to be emitted.
        unwritten = [start_ms + self.timing.window_size_ms - 1 for start_ms in self._dirty]
        return min(settled_ms, self.watermark_ms, *unwritten)

    def _is_settled(self, start_ms: int) -> bool:
        return self.settled_ms is not None and start_ms + self.timing.window_size_ms <= self.settled_ms

    def _newly_final(self) -> set[int]:
        if self.watermark_ms is None:
            return set()
        final = {
            start_ms
            for start_ms in self.windows
            if start_ms not in self._final and self.timing.is_final(start_ms, self.watermark_ms)
        }
        self._final |= final
        return final

    def _counts(self, start_ms: int, now_ms: int) -> Iterator[Count]:
        # A predecessor died between mark and tombstones, or a thawed worker wrote an old partial again:
        # the sum is not complete any more. `settle` clears it away.
        if self._is_settled(start_ms):
            return
        counts, late_counts = _summed(self.windows[start_ms])
        is_final = start_ms in self._final
        emitted = self._emitted[start_ms]
        for language in sorted(counts.keys() | late_counts.keys()):
            by_tag, late_by_tag = counts.get(language, {}), late_counts.get(language, {})
            total = by_tag.get(ALL, 0)
            # A function of the posts alone, so every replay ends with the same one; it grows with each
            # post of the window and language, and once more when they become final.
            revision = 2 * (total + late_by_tag.get(ALL, 0)) + is_final
            if emitted.get(language) == revision:
                continue
            emitted[language] = revision
            for tag in sorted(by_tag.keys() | late_by_tag.keys()):
                count = by_tag.get(tag, 0)
                end_ms = start_ms + self.timing.window_size_ms
                yield Count(
                    schema_version=SCHEMA_VERSION,
                    window_start=iso(start_ms),
                    window_end=iso(end_ms),
                    window_start_ms=start_ms,
                    window_end_ms=end_ms,
                    language=language,
                    tag=tag,
                    count=count,
                    total=total,
                    share=round(count / total, 6) if total else 0.0,
                    late_count=late_by_tag.get(tag, 0),
                    revision=revision,
                    is_final=is_final,
                    lexicon_version=self.labels.lexicon_version,
                    detector_version=self.labels.detector_version,
                    emitted_at_ms=now_ms,
                )


def iso(time_ms: int) -> str:
    """Return an event time as ISO 8601 in UTC, with milliseconds only where there are some."""
    timespec = "milliseconds" if time_ms % 1000 else "seconds"
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def _summed(partials: dict[int, WindowPartial]) -> tuple[Cells, Cells]:
    counts: Cells = {}
    late_counts: Cells = {}
    for partial in partials.values():
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
