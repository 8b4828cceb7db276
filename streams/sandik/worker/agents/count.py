"""posts -> partials, mentions, posts.late, posts.dlq. Scales with the partitions of `posts`."""

import asyncio
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from logging import INFO, getLogger

import msgspec
from faust.types import TP

from sandik.clock import KafkasClock
from sandik.counting.control_state import ControlState
from sandik.counting.job import Counted, Job
from sandik.counting.partition_counter import PartitionCounter
from sandik.counting.pause_limits import Recent
from sandik.counting.state import PartitionState, Settled, Stored
from sandik.errors import TopicError, UsageError
from sandik.kafka.dead_letter import dead_letter, late_post
from sandik.kafka.log_identity import Bounds, bounds_of_counted, missing
from sandik.kafka.publish import Outgoing, publish
from sandik.kafka.record_lists import Record, first_offset
from sandik.kafka.topics import MENTIONS, PARTIALS, POSTS, POSTS_DLQ, POSTS_LATE, partitions_or_none
from sandik.telemetry.metrics import Batch
from sandik.telemetry.traces import BatchTrace
from sandik.worker.agents.pauses import Pauses
from sandik.worker.agents.worker import WorkerParts
from sandik.worker.engine.state import State
from sandik_schemas.control import Paused
from sandik_schemas.partial import PartitionClock, SeenIds

#: This many assignments within this time mean that two workers have the same SANDIK_INSTANCE_ID.
FIGHT_TIMES, FIGHT_MS = 10, 10_000

log = getLogger(__name__)
#: Messages that are logged at every log level: they show that the worker is well.
notices = getLogger("sandik.notices")
notices.setLevel(INFO)


@dataclass
class Owned:
    """A partition that this worker counts."""

    counter: PartitionCounter
    next_offset: int
    #: Since when merge has everything that was read; infinite while something is on its way.
    quiet_since_ms: float = math.inf
    #: Send its open windows and its clock again: the previous owner may have died before it sent them.
    to_send_again: bool = True
    #: Held while they are sent: the next batch waits.
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: The (expected, found) offsets of gaps in the log that were seen once and sought back from.
    gaps: set[tuple[int, int]] = field(default_factory=set)
    #: How many of the newest records were rejected, since this worker owns the partition.
    recent: Recent = field(default_factory=Recent)
    #: The pause, if the partition is paused at `next_offset` because too many records were rejected.
    paused: Paused | None = None

    @property
    def state(self) -> PartitionState:
        """What was counted."""
        return self.counter.state


class CountAgent:
    """Counts the posts of the partitions it owns. One batch of one partition at a time."""

    def __init__(
        self, parts: WorkerParts, job: Job, state: State, partitions: int, control: ControlState
    ) -> None:
        self.writer = parts.writer
        self.settings = parts.settings
        self.clock = parts.clock
        self.metrics = parts.metrics
        self.traces = parts.traces
        self.job = job
        self.reader = parts.reader
        self.state = state
        self.kafkas_clock = KafkasClock(self.clock)
        self.partitions = partitions
        self.topic = self.settings.topic(POSTS)
        self.control = control
        self.pauses = Pauses(parts, control)
        self.owned: dict[int, Owned] = {}
        self._releases = 0
        self._adopted_ms: deque[float] = deque(maxlen=FIGHT_TIMES)

    async def adopt(self, assigned: Iterable[TP]) -> None:
        """Take over the partitions of a new assignment from the recovered state.

        Raises:
            BrokerError: Kafka does not answer which offsets of `posts` it holds.
            StateError: `posts` was recreated, or no longer holds the post to read next.
        """
        releases = self._releases
        partitions = sorted(tp.partition for tp in assigned if tp.topic == self.topic)
        states = {}
        for partition in partitions:
            await asyncio.sleep(0)  # lets heartbeats go out between two partitions with much state
            values = self.state.stored[partition].values()
            states[partition] = PartitionState.recovered(self.job.run_id, partition, values)
        clocks = [state.clock for state in states.values()]
        bounds = await bounds_of_counted(self.settings, self.topic, partitions, clocks)
        if self._releases != releases:  # the partitions have gone to others meanwhile
            return
        self.owned = {partition: self._owned(state, bounds[partition]) for partition, state in states.items()}
        notices.info("counting %d of the %d partitions of %s", len(self.owned), self.partitions, self.topic)

    async def check(self) -> None:
        """Check an assignment before its state is read.

        Raises:
            UsageError: another worker has the same SANDIK_INSTANCE_ID.
            TopicError: `posts` is gone, or has another number of partitions than at the start.
        """
        self._check_name()
        # While metadata is on its way, the client knows of no partitions.
        known = self.reader.partitions_of(self.topic)
        self._check_partitions(known or await partitions_or_none(self.settings, self.topic))

    def _owned(self, state: PartitionState, log: Bounds) -> Owned:
        owned = Owned(PartitionCounter(self.job, state), self._next_offset(state.clock, log))
        owned.paused = self.pauses.known(state.clock.partition, owned.next_offset)
        if owned.paused:
            owned.quiet_since_ms = self.clock.monotonic_ms()
        return owned

    def _check_name(self) -> None:
        """Raise UsageError when assignments follow each other as they do for two workers of one name."""
        now_ms = self.clock.monotonic_ms()
        self._adopted_ms.append(now_ms)
        is_often = len(self._adopted_ms) == FIGHT_TIMES and now_ms - self._adopted_ms[0] <= FIGHT_MS
        if self.settings.instance_id and is_often:
            raise UsageError(
                f"partitions were assigned to this worker {FIGHT_TIMES} times within {FIGHT_MS // 1000} s: "
                f"another worker has the same SANDIK_INSTANCE_ID={self.settings.instance_id}, and they take "
                "them "
                "from each other. Give each worker its own name, and start it again"
            )

    def _check_partitions(self, found: int | None) -> None:
        if not found:
            raise TopicError(
                f"topic {self.topic} is gone: it was deleted while the worker ran. Restore it with its "
                "posts; "
                "or run `sandik topics create`, and `sandik runs replace` to count what is then written "
                "to it"
            )
        if found != self.partitions:
            raise TopicError(
                f"topic {self.topic} has {found} partitions now, and had {self.partitions} when the "
                "worker started: posts with the same id may be in two of them, so counts would no longer "
                "be exact. Stop all workers and count all posts again with `sandik runs replace`"
            )

    def _next_offset(self, clock: PartitionClock, log: Bounds) -> int:
        """Return where to read on: behind what was counted, or at the first post of the run."""
        if clock.offset >= 0:
            if log.earliest > clock.offset + 1:
                raise missing(self.topic, clock.partition, clock.offset + 1, log)
            return clock.offset + 1
        owner = self.control.owner
        begins = owner.start_offsets[clock.partition] if owner else 0
        if log.earliest > begins:
            raise missing(self.topic, clock.partition, begins, log)
        return log.earliest

    def release(self) -> None:
        """Give all partitions up. Batches that still arrive belong to another worker."""
        self._releases += 1
        self.owned = {}

    def positions(self) -> Mapping[TP, int]:
        """Return the next offset of each partition, from the state: a lost commit cannot move it back."""
        return {TP(self.topic, partition): owned.next_offset for partition, owned in self.owned.items()}

    async def process(self, partition: int, records: Sequence[Record]) -> None:
        """Count one batch. Returns when Kafka has stored all of its results.

        Side topics come first, so that a crash before the state is written loses nothing. Then come the
        state and the partials; the next owner can send the partials again from the state.
        """
        owned = self.owned.get(partition)
        if owned is None:
            return
        if owned.paused:
            await self.pauses.hold(partition, owned.next_offset)
            return
        if not await self._follows(owned, partition, records):
            return
        # What a predecessor could not send must be in Kafka before this batch may settle and drop it.
        await self._send_open(partition, owned)
        with self.traces.batch(self.topic, partition, records, owned.state.clock.tally) as trace:
            await self._count(owned, partition, records, trace)

    async def _count(
        self, owned: Owned, partition: int, records: Sequence[Record], trace: BatchTrace
    ) -> None:
        batch = self.metrics.batch(self.job, owned.state, records, trace.lap)
        counted = owned.counter.count(records, batch.lap)
        paused = self.pauses.due(owned.state.clock, owned.recent, records, counted)
        if paused:
            records = [record for record in records if record.offset < paused.offset]
            batch = self.metrics.batch(self.job, owned.state, records, trace.lap)
            counted = owned.counter.count(records)
        if records:
            await self._write(owned, partition, records, counted, batch, trace)
        if paused:
            await self._pause(owned, paused)
        else:
            await self.pauses.withdraw(partition)  # if a higher limit has let it go on

    async def _write(
        self,
        owned: Owned,
        partition: int,
        records: Sequence[Record],
        counted: Counted,
        batch: Batch,
        trace: BatchTrace,
    ) -> None:
        owned.quiet_since_ms = math.inf
        batch.counted(counted)
        stored = owned.counter.take(counted)
        # Their last partials are in Kafka, unless this batch has more for them.
        gone = _tombstones(owned.counter.settle(counted))
        await publish(self.writer.kafka, trace.signed(self._aside(partition, counted, records)), wrap=True)
        batch.lap("aside")
        if self.owned.get(partition) is not owned:  # its next owner, perhaps this worker, has other entries
            return
        entries = {one.key: one.value for one in stored} | gone
        partials = [one for one in stored if one.kind is not SeenIds]
        # In either order: of a partial that is ahead of the state, and the one that is written again from
        # fewer posts, merge takes the first.
        await asyncio.gather(self.state.write(partition, entries), self._send(partials))
        # Only now: what is read next may be committed.
        owned.next_offset = max(owned.next_offset, records[-1].offset + 1)
        batch.lap("state")
        batch.done(counted)
        trace.done(counted)
        await self._settle(partition, owned.counter)
        owned.quiet_since_ms = self.clock.monotonic_ms()

    async def send_again(self) -> None:
        """Send the open partials and the clock of each partition taken over since the last call."""
        for partition, owned in list(self.owned.items()):
            await self._send_open(partition, owned)

    async def _send_open(self, partition: int, owned: Owned) -> None:
        async with owned.sending:
            if owned.to_send_again:
                await self._send(owned.state.stored_partials())
                await self._settle(partition, owned.counter)
                owned.to_send_again = False
                owned.quiet_since_ms = self.clock.monotonic_ms()

    async def report_idle(self) -> None:
        """Tell merge of each partition that has had nothing to read, or is paused, for `idle_after_ms`.

        The clock closes windows, so it is sent after their last partials, and never while a batch is counted.
        It is sent again every `idle_after_ms`, so that an old clock from a worker that was frozen does not
        hold the watermark back.
        """
        since_ms = self.clock.monotonic_ms() - self.settings.idle_after_ms
        quiet = {
            TP(self.topic, partition): owned
            for partition, owned in self.owned.items()
            if owned.quiet_since_ms <= since_ms
        }
        if not quiet:
            return
        for tp, owned in quiet.items():
            end = self.reader.highwater(tp)
            if end is not None and end < owned.next_offset:
                await self._check_log(tp.partition, owned)
            is_known = end is not None  # not before the first fetch
            has_all = owned.paused or (
                is_known and await self.reader.nothing_left(tp, owned.next_offset, end or 0)
            )
            is_quiet = owned.quiet_since_ms <= since_ms  # still: a batch may have come meanwhile
            if has_all and is_quiet and self.owned.get(tp.partition) is owned:
                owned.quiet_since_ms = self.clock.monotonic_ms()
                idle = msgspec.structs.replace(owned.state.clock, idle=True)
                await self._send([Stored(PartitionClock, idle.key, _encode(idle))])

    async def _pause(self, owned: Owned, paused: Paused) -> None:
        if self.owned.get(paused.partition) is not owned:  # it was taken over meanwhile, and is judged again
            return
        owned.paused, owned.next_offset = paused, paused.offset
        owned.quiet_since_ms = self.clock.monotonic_ms()
        await self.pauses.hold(paused.partition, paused.offset)
        await self.pauses.announce(paused)

    async def resume(self) -> None:
        """Resume the paused partitions that an operator has released. Call it after new `control` records."""
        for partition, owned in list(self.owned.items()):
            is_owned = self.owned.get(partition) is owned  # still: the one before was told to Kafka meanwhile
            if is_owned and owned.paused and not self.pauses.holds(owned.paused):
                owned.paused, owned.recent = None, Recent()
                await self.pauses.let_go(partition, owned.next_offset)
                await self.pauses.withdraw(partition)

    async def _follows(self, owned: Owned, partition: int, records: Sequence[Record]) -> bool:
        """Return whether the batch starts where the state ends, or earlier. StateError if posts are gone.

        A batch that starts later is either left over from before a rebalance, or the log has a gap there
        (transactions leave gaps). To find out, the partition is read again from the expected offset. If the
        same gap appears a second time, the log has it.
        """
        gap = owned.next_offset, first_offset(records[0])
        if gap[1] <= gap[0]:
            if gap[1] < gap[0]:  # a leftover, or the topic was recreated and is read from its beginning
                await self._check_log(partition, owned)
            return True
        tp = TP(self.topic, partition)
        if gap in owned.gaps:
            owned.gaps.clear()
            found = await self._check_log(partition, owned)
            if found.earliest > owned.next_offset:  # Kafka deletes old posts while the worker runs, too
                raise missing(self.topic, partition, owned.next_offset, found)
            return True
        owned.gaps.add(gap)
        log.info(
            "topic %s, partition %d: expected offset %d, got %d; reading again", self.topic, partition, *gap
        )
        await self.reader.seek(tp, owned.next_offset)
        return False

    async def _check_log(self, partition: int, owned: Owned) -> Bounds:
        clocks = [owned.state.clock]
        return (await bounds_of_counted(self.settings, self.topic, [partition], clocks))[partition]

    def _aside(self, partition: int, counted: Counted, records: Sequence[Record]) -> list[Outgoing]:
        by_offset = {}
        if counted.changes.late or counted.rejected:  # a pity to make it for nothing
            by_offset = {record.offset: record for record in records}
        topic, size_ms = self.settings.topic, self.job.timing.window_size_ms
        mentions = topic(MENTIONS)
        source = TP(self.topic, partition)
        return [
            *(
                Outgoing(mentions, mention.source_partition, mention.id.encode(), _encode(mention))
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

    async def _send(self, stored: Iterable[Stored]) -> None:
        topic = self.settings.topic(PARTIALS)
        before_ms = self.clock.now_ms()
        partials = [Outgoing(topic, 0, one.key, one.value) for one in stored]
        for written in (await publish(self.writer.kafka, partials)).values():
            self.kafkas_clock.heard(before_ms, written.kafka_ms)

    async def _settle(self, partition: int, counter: PartitionCounter) -> None:
        """Delete settled windows, only now that their last partial is in Kafka."""
        gone = _tombstones(counter.settle())
        if gone:
            await self.state.write(partition, gone)


def _tombstones(settled: Iterable[Settled]) -> dict[bytes, bytes | None]:
    return {key: None for window in settled for key in window.keys}


_encode = msgspec.json.Encoder().encode
