"""The changelog is compacted between a crash and the recovery: state and counts are the same."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import WINDOWS_TABLE, changelog
from tests.support.kafka import configure, read_topic, wait_until
from tests.support.scene import Scene, brief, ends_exact, some_posts, wait_for_more
from tests.support.workers import counting, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def eager_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker that looks for something to compact all the time."""
    with EmbeddedKafka(tmp_path / "kafka", extra_config={"log.cleaner.backoff.ms": "300"}) as kafka:
        yield kafka


async def test_a_state_that_was_compacted_after_a_crash_is_the_same(
    eager_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    scene, posts = Scene(brief(quick_settings(eager_kafka.bootstrap_servers))), some_posts(12_000, seed=11)
    settings = scene.settings
    await scene.make_topics()
    log = changelog(scene.group, WINDOWS_TABLE, settings.partitions).name
    async with counting(settings, tmp_path) as (workers, follower):
        for start in range(0, len(posts), 4_000):
            worker = workers.start()
            for at in range(start, start + 4_000, 500):  # many entries of a window
                await scene.write(posts[at : at + 500])
                await wait_for_more(follower)
                if start == at == 0:
                    await configure(settings.broker, log, EAGERLY)
                    await configure(settings.broker, settings.topic("partials"), EAGERLY)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            await wait_until_compacted(settings.broker, log)
        workers.start()
        await ends_exact(follower, scene, workers, running=1)


#: Every segment of the log is compacted but the newest, and there is a new one all the time.
EAGERLY = {
    "segment.ms": "200",
    "min.compaction.lag.ms": "0",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "0",
}


async def wait_until_compacted(broker: str, log: str) -> None:
    """Return when the log has lost records since its last one was written, and loses no more."""
    ends = {record.partition: record.offset + 1 for record in await read_topic(broker, log)}
    written, before = sum(ends.values()), -1

    async def is_compacted() -> bool:
        nonlocal before
        left = len(await read_topic(broker, log))
        is_still, before = left == before, left
        await asyncio.sleep(1)
        return is_still and left < written

    await wait_until(is_compacted, 120, f"{log} is compacted")
