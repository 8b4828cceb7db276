"""What the reader fetches is handed over once, in turns, or fetched again: a lost batch costs counts."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress

import faust
import pytest
from aiokafka import ConsumerRecord
from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords
from faust.types import TP

from sandik.settings import Settings
from sandik.worker.app import create_app
from sandik.worker.engine.reader import Handed, Reader
from tests.support.kafka import create_topic, produce, unique_prefix, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

LONG_S = 60.0
RECORDS = 30


class Counting:
    """Owners that remember what they were handed, and where they want to read on."""

    def __init__(self) -> None:
        self.next_offsets: dict[TP, int] = {}
        self.owned: set[TP] = set()

    async def recover(self, _: Iterable[TP]) -> None:
        await asyncio.sleep(0)

    async def adopt(self, assigned: Iterable[TP]) -> None:
        self.owned = set(assigned)

    def release(self) -> None:
        self.owned = set()

    def positions(self) -> Mapping[TP, int]:
        return {tp: self.next_offsets.get(tp, 0) for tp in self.owned}


class Worker:
    """A reader of one topic, whose batches are taken by hand."""

    def __init__(self, settings: Settings, topic: str, group: str) -> None:
        self.app = create_app(settings, group, 2)
        self.reader: Reader = self.app.reader
        self.owners = self.reader.owners = Counting()
        channel = self.reader.channels[topic] = self.app.channel(maxsize=1)
        self.subscriber = channel.clone(is_iterator=True)  # the channel holds it weakly only
        self.queue = self.subscriber.queue
        self.topic = topic

    def assignment(self) -> set[TP]:
        return {TP(*tp) for tp in self.reader.kafka.assignment()}

    async def take(self) -> Handed:
        async with asyncio.timeout(LONG_S):
            handed: Handed = await self.queue.get()
        return handed

    async def count(self, handed: Handed) -> None:
        tp = TP(self.topic, handed.partition)
        assert handed.records[0].offset == self.owners.next_offsets.get(tp, 0)
        self.owners.next_offsets[tp] = handed.records[-1].offset + 1

    async def count_all(self, wanted: int = 2 * RECORDS) -> None:
        while sum(self.owners.next_offsets.values()) < wanted:
            handed = await self.take()
            if handed.generation == self.reader.generation:
                await self.count(handed)


@pytest.fixture
async def topic(worker_settings: Settings) -> str:
    name = f"{unique_prefix()}read"
    await create_topic(worker_settings.broker, name, partitions=2)
    records = [(b"key", b"value", number % 2, None) for number in range(2 * RECORDS)]
    await produce(worker_settings.broker, name, records)
    return name


@pytest.fixture(params=["in lists", "one by one"])
async def worker(
    worker_settings: Settings, topic: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Worker]:
    """Both ways to fetch: with what stands in for aiokafka's unpacking, and without."""
    if request.param == "one by one":
        monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    settings = worker_settings.model_copy(update={"batch_posts": 7})
    made = Worker(settings, topic, unique_prefix())
    await made.reader.start()
    try:
        yield made
    finally:
        await made.reader.stop()


async def test_every_record_is_handed_over_once_and_in_order(worker: Worker) -> None:
    await worker.count_all()

    assert worker.owners.next_offsets == {TP(worker.topic, 0): RECORDS, TP(worker.topic, 1): RECORDS}


async def test_partitions_take_turns(worker: Worker) -> None:
    handed = [await worker.take() for _ in range(4)]

    assert {one.partition for one in handed[:2]} == {one.partition for one in handed[2:]} == {0, 1}


async def test_no_batch_has_more_records_than_it_may(worker: Worker) -> None:
    sizes = [len((await worker.take()).records) for _ in range(8)]

    assert max(sizes) == 7
    assert sizes[1:] == [7] * 7  # by the first one, the reader sees whether lists come


async def test_what_was_on_its_way_in_a_rebalance_is_read_again(worker: Worker) -> None:
    before = await worker.take()
    assigned = worker.assignment()

    await worker.reader.revoke()
    worker.reader.assign(assigned)

    with worker.reader.working(before) as is_ours:
        assert not is_ours
    await worker.count_all()


async def test_partitions_are_given_away_when_the_batch_that_is_counted_is_done(worker: Worker) -> None:
    handed = await worker.take()
    with worker.reader.working(handed) as is_ours:
        giving_away = asyncio.create_task(worker.reader.revoke())
        await asyncio.sleep(0)
        assert is_ours
        assert worker.owners.owned
    await giving_away

    assert not worker.owners.owned


async def test_nothing_is_handed_over_between_two_assignments(worker: Worker) -> None:
    await worker.take()
    await worker.reader.revoke()
    generation = worker.reader.generation
    left = []
    with suppress(TimeoutError):
        async with asyncio.timeout(1):  # as long as ten polls take
            while True:
                left.append(await worker.queue.get())

    assert all(one.generation < generation for one in left)
    worker.reader.assign(worker.assignment())
    assert (await worker.take()).generation == generation


async def test_what_is_held_waits_and_the_others_go_on(worker: Worker) -> None:
    first = await worker.take()
    await worker.count(first)
    held = TP(worker.topic, first.partition)
    worker.reader.hold(held)
    await worker.reader.seek(held, worker.owners.next_offsets[held])
    while worker.owners.next_offsets.get(TP(worker.topic, 1 - first.partition), 0) < RECORDS:
        handed = await worker.take()
        if handed.partition != first.partition:
            await worker.count(handed)

    worker.reader.let_go(held)
    await worker.reader.seek(held, worker.owners.next_offsets[held])
    while worker.owners.next_offsets[held] < RECORDS:
        handed = await worker.take()
        if handed.records[0].offset == worker.owners.next_offsets[held]:
            await worker.count(handed)


async def test_what_is_counted_is_committed_and_no_more(worker: Worker) -> None:
    await worker.count_all()
    wanted = dict(worker.owners.next_offsets)
    await wait_until(lambda: worker.reader.committed == wanted, LONG_S, "all is committed")

    found = {tp: await worker.reader.kafka.committed(tp) for tp in worker.reader.kafka.assignment()}
    assert {TP(*tp): offset for tp, offset in found.items()} == wanted


async def test_records_come_as_kafka_packed_them_where_aiokafka_lets_us(worker: Worker) -> None:
    [record, *_] = (await worker.take()).records

    assert (record.offset, record.key, record.value) == (0, b"key", b"value")
    assert isinstance(record, ConsumerRecord) == (fetcher.MemoryRecords is MemoryRecords)


@pytest.mark.parametrize("start", [1, 6, 7, 8, RECORDS - 1])
async def test_reading_begins_where_it_was_sought(worker: Worker, start: int) -> None:
    """Kafka answers with all of a batch that the offset is in."""
    assigned = worker.assignment()
    await worker.reader.revoke()
    worker.owners.next_offsets = dict.fromkeys(worker.reader.committed, start)
    generation = worker.reader.generation
    worker.reader.assign(assigned)

    await worker.count_all(2 * RECORDS)

    assert worker.reader.generation == generation


def test_a_worker_is_an_app_of_faust(worker_settings: Settings) -> None:
    assert isinstance(create_app(worker_settings, "group", 1), faust.App)
