"""Sources that write in Kafka transactions: what they commit is counted, what they abort has not happened."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from sandik.kafka.reader import read
from sandik.kafka.topics import POSTS
from sandik.settings import Settings
from tests.support.kafka import create_topic, unique_prefix
from tests.support.scene import BASE_MS, Post, Scene, a_post, brief, ends_exact, some_posts, wait_for_more
from tests.support.workers import counting

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

MINUTE_MS = 60_000


class Source:
    """A producer that writes in transactions, one at a time."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self.producer = producer
        self.topic = topic

    async def begin(self, posts: Sequence[Post], partition: int | None = None) -> None:
        """Write the posts, and leave it open whether they have happened."""
        await self.producer.begin_transaction()
        for key, value in posts:
            await self.producer.send(self.topic, value, key, partition)
        await self.producer.flush()

    async def commit(self) -> None:
        await self.producer.commit_transaction()

    async def abort(self) -> None:
        await self.producer.abort_transaction()


@asynccontextmanager
async def a_source(bootstrap: str, topic: str) -> AsyncIterator[Source]:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=unique_prefix()) as producer:
        yield Source(producer, topic)


def spoilers(count: int) -> list[Post]:
    """Return posts so far ahead that, were they read, those after them would come too late."""
    return [a_post(-number, BASE_MS + 60 * MINUTE_MS) for number in range(1, count + 1)]


async def test_what_is_committed_is_counted_and_what_is_aborted_has_not_happened(
    worker_settings: Settings, tmp_path: Path
) -> None:
    scene = await Scene.made(brief(worker_settings))
    posts, step = some_posts(3_000), 60
    broker, topic = worker_settings.broker, worker_settings.topic(POSTS)
    async with (
        counting(scene.settings, tmp_path) as (workers, follower),
        a_source(broker, topic) as failing,
        a_source(broker, topic) as working,
    ):
        workers.start()
        for start in range(0, len(posts), step):
            committed, plain = posts[start : start + step // 2], posts[start + step // 2 : start + step]
            await failing.begin(spoilers(start % 7 + 1))
            await working.begin(committed)
            await scene.write(plain)  # in between, and in no transaction
            await working.commit()
            await failing.abort()
            scene.written += committed
            if start == len(posts) // 2:
                await wait_for_more(follower)
                workers.processes[0].kill()
                workers.start()
        await ends_exact(follower, scene, workers, running=1)


async def test_a_partition_that_ends_with_a_transaction_is_idle_and_read_on_like_any_other(
    worker_settings: Settings, tmp_path: Path
) -> None:
    """The mark at a transaction's end has an offset as a post has, and nobody ever reads it."""
    settings = worker_settings.model_copy(update={"detector": "fasttext"})  # which is there sooner
    broker, topic = settings.broker, settings.topic(POSTS)
    early, late = BASE_MS, BASE_MS + 10 * MINUTE_MS
    await Scene.made(settings)
    async with counting(settings, tmp_path) as (workers, follower), a_source(broker, topic) as source:

        async def first_window_has(count: int) -> bool:
            await follower.read()
            cells = [cell for cell in follower.latest.values() if cell.tag == "all"]
            return any(cell.is_final and cell.count == count for cell in cells)

        await source.begin([a_post(0, early)], partition=0)
        await source.commit()
        await source.begin(spoilers(5), partition=1)
        await source.abort()
        await source.begin([a_post(1, early), a_post(2, late)], partition=2)
        await source.commit()
        first = workers.start()
        await workers.until(lambda: first_window_has(2), 60, "what all partitions have left is final")
        assert workers.terminate(first) == 0
        await source.begin([a_post(3, early)], partition=0)
        await source.commit()
        second = workers.start()
        await workers.until(lambda: first_window_has(3), 60, "the next transaction is counted, too")
        assert workers.terminate(second) == 0


async def test_readers_see_what_is_committed_and_come_to_the_end(worker_settings: Settings) -> None:
    broker, topic = worker_settings.broker, worker_settings.topic("counts")
    await create_topic(broker, topic)
    async with a_source(broker, topic) as source:
        await source.begin([(b"k", b"committed")])
        await source.commit()
        await source.begin([(b"k", b"aborted")])
        await source.abort()

        found = [
            record.value async for records in read(worker_settings, topic, follow=False) for record in records
        ]

    assert found == [b"committed"]
