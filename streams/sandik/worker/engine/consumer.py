"""A consumer in the loop of everything else, which reads on from the state's own offset, in turns.

See docs/decisions/001-faust-with-our-own-batches.md and docs/decisions/002-state-that-knows-its-offset.md.
"""

from collections.abc import Callable, Mapping
from logging import getLogger
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.utils.futures import maybe_async

from sandik.worker.engine.batching import Batch, FetchedInBatches

log = getLogger(__name__)

#: A broker answers the requests of a connection in turn, so what a rebalance asks for waits behind a fetch
#: that waits for posts. Faust lets it wait for 1,500 ms, and a takeover waited for that three times.
FETCH_MAX_WAIT_MS = 100

#: Where to read on, for the partitions that have an opinion of their own.
Positions = Callable[[], Mapping[TP, int]]
#: What one fetch brought: of each partition one batch.
Batches = Mapping[TP, list[Batch]]


class _Unremembered(dict[TP, int | None]):
    """Stands for what Faust remembers to have read, to drop what it thinks it has read before.

    Its memory is set a moment after a batch is delivered, so a seek back in between was overruled: what was
    read again was dropped. The state knows better what it has seen.
    """

    def __getitem__(self, tp: TP) -> None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None: ...


class _Here:
    """Stands for the thread that Faust gives the consumer: a task in the loop of everything else."""

    def __init__(self, service: "_InTurns") -> None:
        self._service = service

    def start(self) -> None:
        """Serve from now on."""
        self._task = self._service.parent_loop.create_task(self._serve())

    async def _serve(self) -> None:
        try:
            await self._service._serve()
        except Exception:  # what went wrong before it was stopped has crashed the app
            log.exception("the consumer ended with an error")
        finally:
            self._service.set_shutdown()  # or whoever stops it would wait for ever

    def stop(self) -> None:
        """Wait for nothing: there is no thread to join."""


class _InTurns(driver.AIOKafkaConsumerThread):
    """Takes one batch of each topic at a time, from the partition that has waited longest.

    aiokafka empties what it has fetched of one partition, some thousands of posts, before it looks at the
    next. In a catch-up the partitions would drift apart by hours of event time, and merge has to remember
    every window that the slowest one has not passed.
    """

    consumer: "PositionedConsumer"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handed_over: dict[TP, int] = {}

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it: there is no thread to hand it to."""
        return await maybe_async(fun(*args, **kwargs))

    async def _gather_remaining_tasks(self) -> None:
        """Leave the tasks of this loop alone: they are not only the consumer's."""

    async def on_start(self) -> None:
        """Start the consumer, and have it hand over batches."""
        await super().on_start()
        consumer = self._ensure_consumer()
        consumer._fetcher._records = FetchedInBatches(consumer._max_poll_records)

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        # What a source aborts has not happened. Faust leaves it out only where it writes in transactions.
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        return consumer

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  # Faust's signature
        max_records: int | None = None,  # noqa: ARG002  # a batch is as large as it is
    ) -> Batches:
        fetched = consumer._fetcher._records
        first = fetched.first_to_finish()
        if first and first not in active_partitions:  # for how long, nobody knows: it is fetched again then
            del fetched[first]
            first = None
        found = await self._take(consumer, {first} if first else active_partitions, 0 if first else timeout)
        topics = {tp.topic for tp in found}
        others = {tp for tp in active_partitions if tp.topic not in topics}
        is_settled = not consumer._fetcher._subscriptions.reassignment_in_progress
        if found and others and is_settled:  # so that merge keeps up, however many posts are waiting
            found |= await self._take(consumer, others, 0)
        for tp, [batch] in found.items():
            self.handed_over[tp] = batch.offset
            if tp in fetched:
                fetched.move_to_end(tp)
        return found

    async def _take(
        self, consumer: AIOKafkaConsumer, active: set[TP], wait_s: float | None
    ) -> dict[TP, list[Batch]]:
        """Fetch one batch, and give back what nobody would get.

        A fetch waits for up to a second, and a rebalance can come and go meanwhile. Faust drops what such a
        fetch brings, of whichever partition: it empties `active` under it, and aiokafka takes an empty set
        for all partitions. Of a changelog, whose recovery has its position by then, that would be state lost.
        """
        stops = self.consumer.stops
        found = dict(await super()._fetch_records(consumer, active, wait_s, max_records=1))
        has_stopped = self.consumer.stops != stops
        for tp in [tp for tp in found if has_stopped or tp not in active]:
            # Nothing has run since the position was moved, so it can be moved back.
            consumer.seek(tp, found.pop(tp)[0].first_offset)
        return found


class PositionedConsumer(driver.Consumer):
    """Faust's consumer, except that it reads on from `positions()`, in turns, and drops nothing."""

    positions: Positions | None = None
    _thread: _InTurns

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_offset = _Unremembered()
        #: Faust's own says so of what Kafka did not take, too.
        self.committed: dict[TP, int] = {}
        #: How often the flow of records was stopped, for a rebalance.
        self.stops = 0

    def _new_consumer_thread(self) -> _InTurns:
        loop = self.loop
        return _InTurns(self, loop=loop, thread_loop=loop, Worker=_Here, beacon=self.beacon)

    def stop_flow(self) -> None:
        """Hand nothing over until the flow is resumed."""
        self.stops += 1
        super().stop_flow()

    def on_buffer_full(self, tp: TP) -> None:
        """Leave the partition alone; Faust would stop reading it until the agent has nearly nothing to do.

        That starves some partitions and favours others. Without it, reading waits while the agent's queue
        (`stream_buffer_maxsize` batches) is full, whichever partition the next batch is of.
        """

    def _new_offset(self, tp: TP) -> int | None:
        # A partition's batches are acknowledged in their order, so the newest one stands for all before.
        # Faust would look for holes between the offsets, of which batches have nothing but.
        acked = self._acked[tp]
        if not acked:
            return None
        newest = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        # A batch that was let go, to be read again, is acknowledged too: only what is counted is committed.
        counted = self.positions().get(tp, newest + 1) if self.positions else newest + 1
        return min(newest + 1, counted)

    async def perform_seek(self) -> None:
        """Seek to our own offsets; Faust would seek to the committed ones first, and read there meanwhile."""
        if self.positions is None:
            return
        assignment = self.assignment()
        for tp, offset in self.positions().items():
            if tp in assignment:
                await self.seek(tp, offset)
                # Faust takes no acknowledgement, and commits nothing, below what it holds for committed.
                self._committed_offset[tp] = offset - 1
                self.committed[tp] = offset
                if offset:
                    # A predecessor may have died before it committed, and who scales by lag sees that only.
                    self._acked[tp].append(offset - 1)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        is_done = await super()._commit(offsets)
        if is_done:
            self.committed.update(offsets)
        return is_done

    async def nothing_left(self, tp: TP, next_offset: int, end: int) -> bool:
        """Say whether whoever has read all before `next_offset` has read all before `end`.

        Marks of transactions and posts that were aborted have offsets, too, but nobody ever sees them.
        """
        if next_offset >= end:
            return True
        try:
            position = await self.position(tp)
        except IllegalStateError:  # it has just gone to another worker
            return False
        is_read = position is not None and position >= end
        # Asked last: what was on its way when the position was asked for is known by now.
        return is_read and self._thread.handed_over.get(tp, -1) < next_offset


class PositionedTransport(driver.Transport):
    """Faust's aiokafka transport with that consumer."""

    Consumer = PositionedConsumer

    def create_consumer(self, *args: Any, **kwargs: Any) -> PositionedConsumer:
        """Return the consumer."""
        consumer: PositionedConsumer = super().create_consumer(*args, **kwargs)  # type: ignore[assignment]
        return consumer
