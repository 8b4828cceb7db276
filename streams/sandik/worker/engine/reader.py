"""Reads for the agents: owns group membership, positions, the order among partitions, and commits.

Uses only public parts of aiokafka, mode and Faust.
See docs/decisions/030-agents-on-channels.md.
"""

import asyncio
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from logging import getLogger
from typing import Any, NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faust.types import TP, AppT, ChannelT
from mode import Service

from sandik.kafka.record_lists import Record, first_offset, pieces
from sandik.kafka.unpacking import SafeRecords, standing_in
from sandik.worker.engine.batching import RecordList, first_to_finish, in_lists

log = getLogger(__name__)

#: A broker answers the requests of a connection in order, so those of a rebalance wait behind a fetch that
#: waits for posts.
FETCH_MAX_WAIT_MS = 100
#: How long a fetch may wait for posts. Taking over partitions waits for it, too.
POLL_MS = 100
#: How long a worker that gives partitions up waits for the batch that it is counting.
LAST_BATCH_S = 5.0


class Handed(NamedTuple):
    """A batch on its way to an agent: consecutive records of one partition."""

    generation: int
    partition: int
    records: list[Record]


class Owners(Protocol):
    """An agent that counts: it hears which partitions are its own, and says where to read each one."""

    async def recover(self, assigned: Iterable[TP]) -> None: ...  # noqa: D102
    async def adopt(self, assigned: Iterable[TP]) -> None: ...  # noqa: D102
    def release(self) -> None: ...  # noqa: D102
    def positions(self) -> Mapping[TP, int]: ...  # noqa: D102


class Reader(Service):
    """Feeds the channels of the agents, a batch at a time, from the partition that has waited longest.

    It reads a partition only between `adopt` and `release` of its owner, from the position the owner names.
    """

    def __init__(
        self, app: AppT, options: Mapping[str, Any], batch_records: int, commit_every_s: float
    ) -> None:
        super().__init__()
        self.app = app
        self.batch_records = batch_records
        self.commit_every_s = commit_every_s
        self.channels: dict[str, ChannelT[Any]] = {}
        self.owners: Owners | None = None
        #: Number of assignments so far: a batch of an earlier one is dropped.
        self.generation = 0
        self.is_rebalancing = self.is_recovering = False
        #: Called when partitions are revoked, assigned, and read again.
        self.on_revoked: Callable[[], None] = _nothing
        self.on_assigned: Callable[[], None] = _nothing
        self.on_reading: Callable[[], None] = _nothing
        #: Offsets that are committed in Kafka, or where reading began.
        self.committed: dict[TP, int] = {}
        self.handed_over: dict[TP, int] = {}
        #: How far the client has read, marks of transactions included.
        self.reached: dict[TP, int] = {}
        self.options = dict(options)
        #: False once a record came on its own: this aiokafka has other internals.
        self.reads_lists = True
        self._being_read: dict[TP, weakref.ref[SafeRecords]] = {}
        #: The next offset of each partition; a list of records may begin before it.
        self._read_from: dict[TP, int] = {}
        self._kafka: AIOKafkaConsumer | None = None
        self._order: dict[TP, None] = {}
        self._held: set[TP] = set()
        self._is_confirmed: set[TP] = set()
        self._may_read = asyncio.Event()
        self._polling = asyncio.Lock()
        self._at_work = 0
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._adopting: asyncio.Future[Any] | None = None

    @property
    def kafka(self) -> AIOKafkaConsumer:
        """The consumer; there is none before the start."""
        if self._kafka is None:
            raise RuntimeError("the reader has not started")
        return self._kafka

    @property
    def started_consumer(self) -> AIOKafkaConsumer | None:
        """The consumer, or None before the start. For other threads."""
        return self._kafka

    async def on_start(self) -> None:
        """Join the group and begin."""
        self._kafka = AIOKafkaConsumer(
            **self.options,
            enable_auto_commit=False,
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        )
        self._kafka.subscribe([*self.channels], listener=_Listener(self))
        self.app.flow_control.resume()
        with in_lists(self.batch_records):
            await self._kafka.start()
        self.add_future(self._read())
        self.add_future(self._commit_regularly())

    async def on_stop(self) -> None:
        """Finish the batch that is counted, commit, and leave the group."""
        self._may_read.clear()
        generation, self.generation = self.generation, self.generation + 1
        if self._kafka is None:
            return
        try:
            async with asyncio.timeout(LAST_BATCH_S):
                await self._at_rest.wait()
            if generation and not self.crashed:
                await self._commit()
        except TimeoutError:
            log.warning("the last batch was not finished within %.0f s: it is counted again", LAST_BATCH_S)
        finally:
            await self._kafka.stop()

    # What agents do.

    @contextmanager
    def working(self, handed: Handed) -> Iterator[bool]:
        """Yield whether a batch must still be counted; it counts as in work until the body ends."""
        self._at_work += 1
        self._at_rest.clear()
        try:
            yield handed.generation == self.generation
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._at_rest.set()

    def partitions_of(self, topic: str) -> int | None:
        """Return how many partitions a topic has; None if the client does not know."""
        found = self.kafka.partitions_for_topic(topic)
        return len(found) if found else None

    async def seek(self, tp: TP, offset: int) -> None:
        """Read a partition on from an offset."""
        if TopicPartition(*tp) in self.kafka.assignment():
            self._seek(tp, offset)

    def _seek(self, tp: TP, offset: int) -> None:
        self.kafka.seek(TopicPartition(*tp), offset)
        self._read_from[tp] = offset
        self._being_read.pop(tp, None)

    def hold(self, tp: TP) -> None:
        """Stop reading a partition until `let_go`, or until it is assigned again."""
        self._held.add(tp)

    def let_go(self, tp: TP) -> None:
        """Read a partition again."""
        self._held.discard(tp)

    def highwater(self, tp: TP) -> int | None:
        """Return the end offset of a partition by the last fetch; None while unknown."""
        partition = TopicPartition(*tp)
        return self.kafka.highwater(partition) if partition in self.kafka.assignment() else None

    async def end(self, tp: TP) -> int:
        """Ask Kafka for the end of a partition."""
        partition = TopicPartition(*tp)
        found: dict[TopicPartition, int] = await self.kafka.end_offsets([partition])
        return found[partition]

    async def nothing_left(self, tp: TP, next_offset: int, end: int) -> bool:
        """Return whether nothing that can be read lies between `next_offset` and `end`.

        Transaction markers and aborted posts have offsets, too, but no reader ever gets them.
        """
        if next_offset >= end:
            return True
        try:
            position: int = await self.kafka.position(TopicPartition(*tp))
        except IllegalStateError:  # it has just gone to another worker
            return False
        self.reached[tp] = position
        return position >= end and self.handed_over.get(tp, -1) < next_offset

    # Assignments.

    async def revoke(self) -> None:
        """Stop handing batches over, and drop those that wait: another worker may get the partitions.

        The batch that is being counted is finished first, so that no other worker counts it again.
        """
        self.generation += 1
        self.is_rebalancing = True
        self._may_read.clear()
        if self._adopting is not None:
            self._adopting.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_BATCH_S):
                await self._at_rest.wait()
        if self.owners is not None:
            self.owners.release()
        self.on_revoked()

    def assign(self, assigned: set[TP]) -> None:
        """Begin to take over the partitions. This may take long; heartbeats continue meanwhile."""
        # Nothing is fetched before its position is known.
        self.kafka.pause(*(TopicPartition(*tp) for tp in assigned))
        self.on_assigned()
        self._adopting = self.add_future(self._adopt(self.generation, assigned))

    async def _adopt(self, generation: int, assigned: set[TP]) -> None:
        if self.owners is None:
            return
        self.is_recovering = True
        try:
            await self.owners.recover(assigned)
        finally:
            self.is_recovering = False
        if generation != self.generation:
            return
        await self.owners.adopt(assigned)
        async with self._polling:  # a fetch of before would move what is sought here
            if generation != self.generation:
                return
            positions = {tp: at for tp, at in self.owners.positions().items() if tp in assigned}
            self._read_from.clear()
            self._being_read.clear()
            for tp, offset in positions.items():
                self._seek(tp, offset)
            self._begin(positions)
        self.is_rebalancing = False
        self._may_read.set()
        self.on_reading()

    def _begin(self, positions: Mapping[TP, int]) -> None:
        self.committed = dict(positions)
        self._is_confirmed = set()
        self._held.clear()
        self.handed_over = {tp: at for tp, at in self.handed_over.items() if tp in positions}
        self._order = dict.fromkeys(positions)
        self.kafka.resume(*(TopicPartition(*tp) for tp in positions))

    # Reading.

    async def _read(self) -> None:
        while not self.should_stop:
            await self._may_read.wait()
            async with self._polling:
                generation = self.generation
                found = await self._next() if self._may_read.is_set() else {}
                if generation != self.generation:
                    continue
            for tp, records in found.items():
                self.handed_over[tp] = records[-1].offset
                handed: Any = Handed(generation, tp.partition, records)  # a channel carries any value
                await self.channels[tp.topic].put(handed)
            if not found:
                await asyncio.sleep(0)

    async def _next(self) -> dict[TP, list[Record]]:
        """Return at most one batch of each topic, from the partition that has waited longest."""
        waiting = [tp for tp in self._order if tp not in self._held]
        if not waiting:
            await asyncio.sleep(POLL_MS / 1000)
            return {}
        found: dict[TP, list[Record]] = {}
        first = first_to_finish(self._being_read)
        for tp in [first] if first in waiting else waiting:
            if all(tp.topic != other.topic for other in found):
                found |= await self._take([tp], 0)
        return found or await self._take(waiting, POLL_MS)

    async def _take(self, tps: list[TP], wait_ms: int) -> dict[TP, list[Record]]:
        fetched = await self.kafka.getmany(
            *(TopicPartition(*tp) for tp in tps),
            timeout_ms=wait_ms,
            max_records=1 if self.reads_lists else self.batch_records,
        )
        found = {}
        for partition, records in fetched.items():
            tp = TP(*partition)
            self._order[tp] = self._order.pop(tp, None)  # to the end: the others have waited longer
            if some := self._whole(tp, records):
                found[tp] = some
                self._read_from[tp] = some[-1].offset + 1
        return found

    def _whole(self, tp: TP, records: list[Any]) -> list[Record]:
        """Return the records of a list, or as many as fit into a batch, and put the others back."""
        if isinstance(some := records[0].value, RecordList):
            self._being_read[tp] = some.fetched
            is_cut = first_offset(some[0]) < (start := self._read_from.get(tp, 0))
            return [record for record in some if record.offset >= start] if is_cut else some
        if self.reads_lists:
            log.warning("records are read one by one: this aiokafka has other insides. Counts are the same")
            self.reads_lists = False
        some, *more = pieces(records, self.batch_records)
        if more:
            self.kafka.seek(TopicPartition(*tp), more[0][0].offset)
        return some

    # Commits.

    async def _commit_regularly(self) -> None:
        while not self.should_stop:
            await self.sleep(self.commit_every_s)
            if self._may_read.is_set():
                await self._commit()

    async def _commit(self) -> None:
        """Commit what is counted. A lost commit costs nothing: the state has its own offsets."""
        if self.owners is None:
            return
        generation = self.generation
        offsets = {
            tp: offset
            for tp, offset in self.owners.positions().items()
            # Also where nothing was read: the previous owner may have died before it committed.
            if offset and (tp not in self._is_confirmed or self.committed.get(tp) != offset)
        }
        if offsets and await self.send_commit(offsets) and generation == self.generation:
            self.committed.update(offsets)
            self._is_confirmed.update(offsets)

    async def send_commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit these offsets; say whether Kafka took them."""
        try:
            await self.kafka.commit({TopicPartition(*tp): offset for tp, offset in offsets.items()})
        except (KafkaError, IllegalStateError) as error:
            log.info("offsets are not committed: %s", error)
            return False
        return True


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002
        await self._reader.revoke()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        with standing_in(None):  # the state is read record by record
            self._reader.assign({TP(*tp) for tp in assigned})


def _nothing() -> None: ...
