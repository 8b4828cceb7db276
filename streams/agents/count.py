"""posts -> partials, mentions, posts.late, posts.dlq. Scales with the partitions of `posts`."""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any

import msgspec
from faust.types import TP, AppT

from streams.clock import Clock
from streams.dead_letter import DeadLetterLimit, dead_letter, late_post
from streams.engine.batching import Record
from streams.engine.publish import Outgoing, publish
from streams.engine.state import StateTable
from streams.errors import DeadLetterLimitError, StateError, TopicError
from streams.flow import Counted, Job
from streams.ops.metrics import Metrics
from streams.ops.traces import BatchTrace, Traces
from streams.settings import Settings
from streams.steps.counts import Entry, PartitionState
from streams.topics import MENTIONS, PARTIALS, POSTS, POSTS_DLQ, POSTS_LATE

log = getLogger(__name__)


@dataclass
class Owned:
    """A partition that this worker counts."""

    state: PartitionState
    next_offset: int
    #: Since when merge knows of all that was read; never, while something of it is on its way.
    quiet_since_ms: float = math.inf
    #: Its open windows and its clock are to be sent again: a predecessor may have died before it did.
    to_send_again: bool = True
    #: Held while they are sent: a batch waits for that, whoever began it.
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: The (expected, found) offsets of gaps in the log that were seen once and sought back from.
    gaps: set[tuple[int, int]] = field(default_factory=set)


class CountAgent:
    """Counts the posts of the partitions it owns. One batch of one partition at a time."""

    def __init__(
        self,
        app: AppT,
        settings: Settings,
        job: Job,
        table: StateTable,
        clock: Clock,
        partitions: int,
        metrics: Metrics,
        traces: Traces,
    ) -> None:
        self.app = app
        self.settings = settings
        self.job = job
        self.table = table
        self.clock = clock
        self.partitions = partitions
        self.metrics = metrics
        self.traces = traces
        self.topic = settings.topic(POSTS)
        self.limit = DeadLetterLimit(settings.dlq_max_consecutive, settings.dlq_max_ratio)
        self.owned: dict[int, Owned] = {}
        self._releases = 0

    async def adopt(self, assigned: Iterable[TP]) -> None:
        """Take over the partitions of a new assignment from the recovered table.

        Raises:
            StateError: the log of `posts` no longer holds, or never held, the post to read next.
            TopicError: `posts` has another number of partitions than at the start.
        """
        partitions = self.app.consumer.topic_partitions(self.topic)
        if partitions not in (None, self.partitions):
            raise TopicError(
                f"topic {self.topic} has {partitions} partitions now, and had {self.partitions} when the "
                "worker started: posts with the same id may be in two of them, so counts would no longer "
                "be exact. Start with another SANDIK_APP_ID to count all posts anew"
            )
        releases = self._releases
        tps = {tp for tp in assigned if tp.topic == self.topic}
        self.table.keep_only(tp.partition for tp in tps)
        earliest, ends = await self._bounds(tps) if tps else ({}, {})
        owned = {}
        for tp in sorted(tps):
            await asyncio.sleep(0)  # heartbeats go out between two partitions, however much was stored
            if self._releases != releases:  # the partitions have gone to others meanwhile
                return
            state = self._recovered(tp.partition)
            next_offset = state.clock.offset + 1
            if next_offset == 0:  # no state yet: the partition is counted from its first post on
                next_offset = earliest[tp] or 0
            elif not (earliest[tp] or 0) <= next_offset <= (ends[tp] or 0):
                raise _missing(tp, next_offset, earliest[tp], ends[tp])
            owned[tp.partition] = Owned(state, next_offset)
        self.owned = owned

    async def _bounds(self, tps: set[TP]) -> tuple[Mapping[TP, int | None], Mapping[TP, int | None]]:
        # Both at once: each answer waits for the fetch before it.
        consumer = self.app.consumer
        earliest, ends = await asyncio.gather(consumer.earliest_offsets(*tps), consumer.highwaters(*tps))
        return earliest, ends

    def release(self) -> None:
        """Own nothing: a batch that still arrives is another worker's."""
        self._releases += 1
        self.owned = {}

    def positions(self) -> Mapping[TP, int]:
        """Return where to read on: the state's own offsets, which a lost commit cannot move back."""
        return {TP(self.topic, partition): owned.next_offset for partition, owned in self.owned.items()}

    async def process(self, partition: int, records: Sequence[Record]) -> None:
        """Count one batch. Returns when everything it led to is durable.

        Side topics first, so that nothing is lost when a crash comes before the state is written; then the
        state and the partials, which a successor sends again from the state if need be.
        """
        owned = self.owned.get(partition)
        if owned is None or not await self._follows(owned, partition, records):
            return
        # What a predecessor could not send must be in Kafka before this batch may settle and drop it.
        await self._send_open(partition, owned)
        with self.traces.batch(self.topic, partition, records, owned.state.clock.tally) as trace:
            await self._count(owned, partition, records, trace)

    async def _count(
        self, owned: Owned, partition: int, records: Sequence[Record], trace: BatchTrace
    ) -> None:
        batch = self.metrics.batch(self.job, owned.state, records, trace.lap)
        counted = self.job.count(owned.state, records, batch.lap)
        owned.quiet_since_ms = math.inf
        self._check_limit(partition, records, counted)
        batch.counted(counted)
        changes = counted.changes
        owned.state.take(changes.entries)
        # Their last partials are in Kafka, unless this batch has more for them.
        gone = owned.state.settle(self.job.timing, {window.window_start_ms for window in changes.windows})
        owned.next_offset = max(owned.next_offset, records[-1].offset + 1)
        await publish(self.app.producer, trace.signed(self._aside(partition, counted, records)), wrap=True)
        batch.lap("aside")
        written = {entry.key: _encode(entry) for entry in changes.entries} | dict.fromkeys(gone)
        # In either order: of a partial that is ahead of the state, and the one that is written again from
        # fewer posts, merge takes the first.
        await asyncio.gather(self.table.write(partition, written), self._send(changes.partials))
        batch.lap("state")
        batch.done(counted)
        trace.done(counted)
        await self._settle(partition, owned.state)
        owned.quiet_since_ms = self.clock.monotonic_ms()

    async def send_again(self) -> None:
        """Send the open partials and the clock of each partition taken over since the last call."""
        for partition, owned in list(self.owned.items()):
            await self._send_open(partition, owned)

    async def _send_open(self, partition: int, owned: Owned) -> None:
        async with owned.sending:
            if owned.to_send_again:
                await self._send(owned.state.partials())
                await self._settle(partition, owned.state)
                owned.to_send_again = False
                owned.quiet_since_ms = self.clock.monotonic_ms()

    async def report_idle(self) -> None:
        """Tell merge of each partition that has had nothing to read for `idle_after_ms`.

        Its clock closes windows, so it must come after their last partials: never while a batch is counted.
        Told again every `idle_after_ms`: a thawed worker's old clock must not keep the watermark for good.
        """
        since_ms = self.clock.monotonic_ms() - self.settings.idle_after_ms
        quiet = {
            TP(self.topic, partition): owned
            for partition, owned in self.owned.items()
            if owned.quiet_since_ms <= since_ms
        }
        if not quiet:
            return
        ends = await self.app.consumer.highwaters(*quiet)
        for tp, owned in quiet.items():
            consumer: Any = self.app.consumer  # PositionedConsumer
            has_all = await consumer.nothing_left(tp, owned.next_offset, ends[tp] or 0)
            is_quiet = owned.quiet_since_ms <= since_ms  # still: a batch may have come meanwhile
            if has_all and is_quiet and self.owned.get(tp.partition) is owned:
                owned.quiet_since_ms = self.clock.monotonic_ms()
                await self._send([msgspec.structs.replace(owned.state.clock, idle=True)])

    def _recovered(self, partition: int) -> PartitionState:
        state = PartitionState.empty(self.job.run_id, partition)
        state.take(self.table.entries(partition))
        return state

    def _check_limit(self, partition: int, records: Sequence[Record], counted: Counted) -> None:
        try:
            self.limit.check(counted.longest_rejected_row, len(records), len(counted.rejected))
        except DeadLetterLimitError as error:
            offset, rejected = counted.rejected[-1]
            raise DeadLetterLimitError(
                f"topic {self.topic}, partition {partition}, offset {offset}: {error}. The last one: "
                f"{rejected.reason}, {rejected.detail}. Nothing of this batch is counted or acknowledged: "
                "mend what writes the topic, or raise the limit if the records really are bad"
            ) from None

    async def _follows(self, owned: Owned, partition: int, records: Sequence[Record]) -> bool:
        """Say whether the batch starts where the state ends, or earlier; raise StateError if posts are gone.

        A batch that starts later is either a leftover from before a rebalance, or the log has a gap there
        (transactions leave some). Reading it again from the expected offset tells which: the batch that comes
        first then is the first to be seen twice, however many were on their way.
        """
        gap = owned.next_offset, records[0].offset
        if gap[1] <= gap[0]:
            return True
        tp = TP(self.topic, partition)
        if gap in owned.gaps:
            owned.gaps.clear()
            earliest = (await self.app.consumer.earliest_offsets(tp))[tp] or 0
            if earliest > owned.next_offset:  # Kafka deletes old posts while the worker runs, too
                raise _missing(tp, owned.next_offset, earliest, records[-1].offset + 1)
            return True
        owned.gaps.add(gap)
        log.info(
            "topic %s, partition %d: expected offset %d, got %d; reading again", self.topic, partition, *gap
        )
        await self.app.consumer.seek(tp, owned.next_offset)
        return False

    def _aside(self, partition: int, counted: Counted, records: Sequence[Record]) -> list[Outgoing]:
        by_offset = {}
        if counted.changes.late or counted.rejected:  # a pity to make it for nothing
            by_offset = {record.offset: record for record in records}
        topic, size_ms = self.settings.topic, self.job.timing.window_size_ms
        source = TP(self.topic, partition)
        return [
            *(
                Outgoing(topic(MENTIONS), mention.source_partition, mention.id.encode(), _encode(mention))
                for mention in counted.mentions
            ),
            *(
                late_post(topic(POSTS_LATE), source, by_offset[late.offset], late, size_ms)
                for late in counted.changes.late
            ),
            *(
                dead_letter(topic(POSTS_DLQ), source, by_offset[offset], rejected)
                for offset, rejected in counted.rejected
            ),
        ]

    async def _send(self, entries: Iterable[Entry]) -> None:
        topic = self.settings.topic(PARTIALS)
        await publish(self.app.producer, [Outgoing(topic, 0, entry.key, _encode(entry)) for entry in entries])

    async def _settle(self, partition: int, state: PartitionState) -> None:
        """Delete settled windows, only now that their last partial is in Kafka."""
        keys = state.settle(self.job.timing)
        if keys:
            await self.table.write(partition, dict.fromkeys(keys))


def _missing(tp: TP, wanted: int, earliest: int | None, end: int | None) -> StateError:
    return StateError(
        f"topic {tp.topic}, partition {tp.partition}: the state wants offset {wanted} next, but the log "
        f"holds {earliest} up to {end}: posts were deleted before they were counted, or the topic was made "
        "anew. Restore it, or set another SANDIK_APP_ID to count what is left"
    )


_encode = msgspec.json.encode
