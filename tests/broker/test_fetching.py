"""What a fetch brings is handed over or fetched again: a recovery that misses a record loses counts."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from faust.types import TP

from sandik.settings import Settings
from sandik.worker.engine.batching import Batch, FetchedInBatches
from sandik.worker.engine.consumer import _InTurns
from tests.support.kafka import create_topic, produce, unique_prefix, wait_until

pytestmark = pytest.mark.broker

#: Nothing takes so long, unless it hangs.
LONG_S = 60.0


class Fetching:
    """A worker's fetches on a real consumer, of two partitions with nothing in them yet.

    `flow` is as much of Faust's consumer as its thread asks of it.
    """

    def __init__(self, broker: str, consumer: AIOKafkaConsumer, topic: str) -> None:
        self.broker = broker
        self.consumer = consumer
        self.tps = {TP(topic, 0), TP(topic, 1)}
        self.active = set(self.tps)
        self.flow = SimpleNamespace(flow_active=True, stops=0)
        self.thread = cast("Any", object.__new__(_InTurns))
        self.thread.consumer = self.flow
        self.thread.handed_over = {}

    async def fetch(self) -> Mapping[TP, list[Batch]]:
        """Return the first records of the active partitions."""
        fetched: Mapping[TP, list[Batch]] = await self.thread._fetch_records(
            self.consumer, self.active, LONG_S
        )
        return fetched

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[asyncio.Task[Mapping[TP, list[Batch]]]]:
        """Yield a fetch that waits for records; afterwards there is one in each partition."""
        fetch = asyncio.create_task(self.fetch())
        await wait_until(lambda: bool(self.consumer._fetcher._fetch_waiters), LONG_S, "the fetch waits")
        yield fetch
        for tp in self.tps:
            await produce(self.broker, tp.topic, [(b"key", b"value", tp.partition, None)])
        await asyncio.wait([fetch])

    async def fetch_all(self) -> set[TP]:
        """Return the partitions whose first record was fetched, once all were."""
        found: set[TP] = set()
        while found < self.tps:
            found |= {tp for tp, [batch] in (await self.fetch()).items() if batch.first_offset == 0}
        return found


@pytest.fixture
async def fetching(worker_settings: Settings) -> AsyncIterator[Fetching]:
    broker, topic = worker_settings.broker, f"{unique_prefix()}fetched"
    await create_topic(broker, topic, partitions=2)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest")
    await consumer.start()
    consumer._fetcher._records = FetchedInBatches(100)
    try:
        fetching = Fetching(broker, consumer, topic)
        consumer.assign(fetching.tps)
        yield fetching
    finally:
        await consumer.stop()


@pytest.mark.timeout(120)
async def test_a_fetch_that_outlives_a_rebalance_brings_nothing_and_takes_nothing(fetching: Fetching) -> None:
    async with fetching.waiting() as outliving:
        fetching.flow.stops += 1

    assert {} == outliving.result()
    assert fetching.tps == await fetching.fetch_all()


@pytest.mark.timeout(120)
async def test_partitions_that_were_paused_during_a_fetch_keep_their_records(fetching: Fetching) -> None:
    async with fetching.waiting() as outliving:
        fetching.active.clear()

    assert {} == outliving.result()
    fetching.active |= fetching.tps
    assert fetching.tps == await fetching.fetch_all()


@pytest.mark.timeout(120)
async def test_what_is_fetched_in_peace_is_handed_over(fetching: Fetching) -> None:
    async with fetching.waiting() as fetch:
        pass

    assert fetch.result()
    assert {0} == {batch.first_offset for [batch] in fetch.result().values()}


@pytest.mark.timeout(120)
async def test_what_was_waiting_is_handed_over_without_a_copy(fetching: Fetching) -> None:
    waiting = fetching.consumer._fetcher._records
    tp = TP(next(iter(fetching.tps)).topic, 1)
    await produce(fetching.broker, tp.topic, [(b"key", b"value", tp.partition, None)])
    await wait_until(lambda: bool(waiting), LONG_S, "there is something to hand over")

    [batch] = (await fetching.fetch())[tp]
    [record] = batch.value

    assert not isinstance(record, ConsumerRecord)
    assert (record.offset, record.key, record.value) == (0, b"key", b"value")
