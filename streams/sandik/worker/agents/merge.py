"""partials -> counts. `partials` has one partition, so one owner; another worker takes over if it dies."""

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from logging import getLogger

import msgspec
from faust.types import TP

from sandik.counting.decode import why_not
from sandik.counting.encode import CountRecord, record_of
from sandik.counting.fingerprint import of_value
from sandik.counting.merge import Merge, Step
from sandik.counting.windows.panes import DerivedRecord, Kind
from sandik.errors import BrokerError, StateError
from sandik.kafka.log_identity import ADVICE, bounds, bounds_of_counted, record_at
from sandik.kafka.publish import Growth, Outgoing, publish
from sandik.kafka.record_lists import Record
from sandik.kafka.topics import (
    COUNTS,
    COUNTS_HOPPING,
    COUNTS_SESSIONS,
    COUNTS_SOURCES,
    COUNTS_TERMS,
    PARTIALS,
    POSTS,
    is_owned,
)
from sandik.worker.agents.worker import WorkerParts
from sandik_schemas.partial import Partial, Watermark, begin_key, decode_partial

#: How many counts are written before the next are made.
COUNTS_AT_ONCE = 5_000
#: How often the length of `counts` is marked while it grows.
MARK_EVERY_MS = 1_000
#: How many times the group is asked who owns merge, and the pause in between.
OWNER_TRIES, OWNER_EVERY_S = 5, 2.0
DERIVED: dict[Kind, str] = {"hopping": COUNTS_HOPPING, "sessions": COUNTS_SESSIONS}

log = getLogger(__name__)


class MergeAgent:
    """Folds `partials` from its beginning: that topic is all the state there is."""

    def __init__(self, parts: WorkerParts, new_merge: Callable[[], Merge]) -> None:
        self.group: str = parts.app.conf.id
        self.writer = parts.writer
        self.settings = parts.settings
        self.reader = parts.reader
        self.clock = parts.clock
        self.metrics = parts.metrics
        self.traces = parts.traces
        self._new_merge = new_merge
        self.merge = new_merge()
        self.tp = TP(self.settings.topic(PARTIALS), 0)
        self.is_owner = False
        self.next_offset = 0
        self.caught_up_at = 0
        #: The (expected, found) offsets of gaps that were seen once and sought back from.
        self.gaps: set[tuple[int, int]] = set()
        self._begin_key = begin_key(self.merge.labels.run_id)
        self._has_begun = False
        self._is_checked = False
        self._releases = 0
        self._growth = Growth()
        self._marked_end, self._marked_at_ms = 0, -math.inf

    async def adopt(self, assigned: Iterable[TP]) -> None:
        """Become the owner, or stop being it. An owner continues behind what it folded earlier.

        Raises:
            BrokerError: Kafka does not answer whether the topic `partials` exists.
            StateError: `partials` is gone, or was recreated: it is shorter than what was folded.
        """
        releases = self._releases
        if self.tp not in set(assigned):
            self.release()
            # Nobody is assigned a topic that is gone, and no worker would write counts any more.
            if not self.reader.partitions_of(self.tp.topic):
                await self._check_owned(self._releases)
            return
        end = await self.reader.end(self.tp)
        if self._releases != releases:  # it has gone to another worker meanwhile
            return
        if end < self.next_offset:
            raise self._made_anew(f"it ends at offset {end}, and {self.next_offset} records were read")
        self.caught_up_at = end
        self.merge.derived.take_over()
        self._is_checked = False
        self.is_owner = True

    async def _check_owned(self, releases: int) -> None:
        for _ in range(OWNER_TRIES):
            if self._releases != releases or await is_owned(self.settings, self.group, self.tp.topic):
                return
            await asyncio.sleep(OWNER_EVERY_S)  # during a rebalance no member has any partitions
        raise self._made_anew("it was not there when partitions were assigned")

    def release(self) -> None:
        """Stop writing counts: another worker may be the owner now."""
        self._releases += 1
        self.is_owner = False

    def positions(self) -> Mapping[TP, int]:
        """Return the offset behind the last folded record. Commits do not matter."""
        return {self.tp: self.next_offset} if self.is_owner else {}

    async def fold(self, records: Sequence[Record]) -> None:
        """Fold a batch of partials. A worker that is no longer the owner ignores it.

        Raises:
            StateError: sandik did not write a record, or a newer version did.
        """
        if not self.is_owner or not await self._follows(records[0].offset):
            return
        for record in records:
            if record.key == self._begin_key:
                self._has_begun = record.value is not None
                if not self._has_begun:  # `sandik runs replace` has taken back all that came before
                    self.merge = self._new_merge()
                    self.merge.derived.take_over()
            elif record.value is not None:
                self.merge.apply(self._decoded(record.offset, record.value))
        self.next_offset = max(self.next_offset, records[-1].offset + 1)

    async def _follows(self, offset: int) -> bool:
        """Return whether a batch starts where the last one ended, or earlier.

        Compaction leaves gaps, but a rebalance may also have lost a batch. So the partition is read again
        from the expected offset; a gap that appears a second time is in the log.
        """
        gap = self.next_offset, offset
        if offset < self.next_offset:  # a leftover, or the topic was recreated and is read from its beginning
            end = await self.reader.end(self.tp)
            if end < self.next_offset:
                raise self._made_anew(f"it ends at offset {end}, and {self.next_offset} records were read")
        if offset <= self.next_offset or gap in self.gaps:
            self.gaps.clear()
            return True
        self.gaps.add(gap)
        await self.reader.seek(self.tp, self.next_offset)
        return False

    def _decoded(self, offset: int, value: bytes) -> Partial:
        try:
            return decode_partial(value)
        except msgspec.MsgspecError as error:
            raise StateError(
                f"topic {self.tp.topic}, partition {self.tp.partition}, offset {offset} is not a partial "
                f"of sandik ({why_not(value, error)}): another program, or a newer version, wrote it. Use "
                "that version, or set another SANDIK_TOPIC_PREFIX"
            ) from error

    async def emit(self) -> None:
        """Write what changed since the last call. Writes nothing until all earlier partials are folded."""
        if not self.is_owner or self.next_offset < self.caught_up_at:
            return
        if not self._is_checked and not await self._has_checked():
            return
        self.metrics.emitting(self.merge.watermark_ms)
        # In pieces: after a long catch-up, all counts at once would take more memory than all the windows.
        while self.is_owner and await self._emit_some() >= COUNTS_AT_ONCE:
            pass
        await self._mark_length()

    async def _mark_length(self) -> None:
        """Record the length of `counts` from time to time: the next owner sees by it a recreated topic."""
        now_ms = self.clock.monotonic_ms()
        if self.merge.counts_end > self._marked_end and now_ms - self._marked_at_ms >= MARK_EVERY_MS:
            self._marked_end, self._marked_at_ms = self.merge.counts_end, now_ms
            await self._write([self._mark(self.merge.mark())])

    async def _has_checked(self) -> bool:
        """Check the topics. Returns False while Kafka does not answer; nothing is written until it does."""
        releases = self._releases
        try:
            await self._check()
        except BrokerError as error:
            log.warning("counts wait: %s", error)
            return False
        self._is_checked = self._releases == releases
        return self._is_checked

    async def _check(self) -> None:
        """Refuse to write counts unless `partials`, `posts` and `counts` are those of this run.

        Raises:
            BrokerError: Kafka does not answer.
            StateError: one of them was recreated, or no longer holds what was counted.
        """
        if not self._has_begun:
            raise self._made_anew("its first record of this run is gone")
        topic = self.settings.topic(POSTS)
        clocks = self.merge.clocks.values()
        await bounds_of_counted(self.settings, topic, range(self.merge.partitions), clocks)
        counts, reached = self.settings.topic(COUNTS), self.merge.counts_end
        end = (await bounds(self.settings, counts, [0]))[0].end
        if end < reached:
            raise StateError(
                f"topic {counts} was recreated, or has lost records: it ends at offset {end}, and had "
                "reached "
                f"{reached}. {ADVICE}"
            )
        if reached and self.merge.counts_fingerprint is not None:
            last = await record_at(self.settings, counts, reached - 1)
            # Compaction may have taken it away; another record in its place is of another log.
            if last.offset == reached - 1 and of_value(last.value) != self.merge.counts_fingerprint:
                raise StateError(
                    f"topic {counts} was recreated: the record at offset {last.offset} is not the one that "
                    "was "
                    f"written there. {ADVICE}"
                )

    def _made_anew(self, how: str) -> StateError:
        return StateError(f"topic {self.tp.topic} was recreated, or has lost records: {how}. {ADVICE}")

    async def _emit_some(self) -> int:
        merge, made = self.merge, 0
        for step in merge.round(self.clock.now_ms(), COUNTS_AT_ONCE):
            with self.traces.publishing(self.settings.topic(COUNTS), step.counts):
                await self._write(list(self._outgoing(step)))
            self.metrics.emitted(step.counts)
            made = max(made, len(step.counts), len(step.derived))
            if self.merge is not merge:  # the run was taken back meanwhile
                break
        return made

    def _outgoing(self, step: Step) -> Iterator[Outgoing]:
        if step.mark:
            yield self._mark(step.mark)
        yield from (self._record(COUNTS, record_of(count)) for count in step.counts)
        yield from (self._record(COUNTS_TERMS, record_of(term)) for term in step.terms)
        yield from (self._record(COUNTS_SOURCES, record_of(count)) for count in step.sources)
        yield from map(self._derived, step.derived)
        if step.settled:
            yield self._mark(step.settled.mark)
            yield from (Outgoing(self.tp.topic, 0, key, None) for key in step.settled.gone)

    def _mark(self, watermark: Watermark) -> Outgoing:
        return Outgoing(self.tp.topic, 0, watermark.key, msgspec.json.encode(watermark))

    def _record(self, topic: str, record: CountRecord) -> Outgoing:
        return Outgoing(self.settings.topic(topic), 0, *record)

    def _derived(self, one: DerivedRecord) -> Outgoing:
        record = record_of(one.value, one.key) if one.value else CountRecord(one.key, None, None)
        return self._record(DERIVED[one.kind], record)

    async def _write(self, records: Sequence[Outgoing]) -> None:
        written = await publish(self.writer.kafka, records)
        # `partials` is written by the other agent, too, so the order of answers says nothing there.
        self._growth.check({place: at for place, at in written.items() if place[0] != self.tp.topic})
        place = self.settings.topic(COUNTS), 0
        if place in written:
            first = next(record for record in records if (record.topic, record.partition) == place)
            self.merge.counts_end = written[place].offset + 1
            self.merge.counts_fingerprint = of_value(first.value)
