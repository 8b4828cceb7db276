"""Counting the same log again, with other workers and another name, ends with the same values."""

import random
from pathlib import Path

import msgspec
import pytest

from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.support.kafka import NewRecord, produce, read_topic, unique_prefix
from tests.support.scene import Scene, brief, some_posts
from tests.support.workers import counting

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

POSTS = 10_000
#: Every 200th is no post.
BAD = POSTS // 200


def late_and_bad_posts_too() -> tuple[list[NewRecord], int]:
    """Return records of which some are minutes late and some are no posts, and the newest event time."""
    chance = random.Random(7)
    records: list[NewRecord] = []
    newest_ms = 0
    for number, (key, value) in enumerate(some_posts(POSTS, seed=3)):
        post = msgspec.json.decode(value)
        if number % 100 == 50:
            post["created_at_ms"] -= chance.randrange(60_000, 180_000)
        if number % 200 == 199:
            del post["text"]
        else:
            newest_ms = max(newest_ms, post["created_at_ms"])
        records.append((key, msgspec.json.encode(post), None, None))
    return records, newest_ms


async def last_values(scene: Scene, log_dir: Path, workers_wanted: int, newest_ms: int) -> dict[bytes, Count]:
    """Count with so many workers until nothing changes any more; return the counts without emitted_at_ms."""
    settings = scene.settings
    watermark_ms = newest_ms - scene.job.timing.max_disorder_ms
    async with counting(settings, log_dir) as (workers, follower):
        for _ in range(workers_wanted):
            workers.start()
        await scene.wait_for_shares(sorted([1, 1, 2] if workers_wanted == 3 else [4]))
        # The partitions are idle by then, so that all is final that ever will be.
        what = "all posts are counted, and the watermark has come to the newest"
        await workers.until(lambda: follower.is_over(POSTS - BAD, watermark_ms), 90, what)
        assert [0] * workers_wanted == [workers.terminate(worker) for worker in workers.alive]
        await follower.read()
    return {key: msgspec.structs.replace(count, emitted_at_ms=0) for key, count in follower.latest.items()}


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("workers_wanted", [1, 3])
async def test_a_replay_from_the_beginning_gives_identical_final_values(
    worker_settings: Settings, tmp_path: Path, workers_wanted: int
) -> None:
    first = Scene(brief(worker_settings))
    await first.make_topics()
    topic = first.settings.topic("posts")
    records, newest_ms = late_and_bad_posts_too()
    await produce(first.settings.broker, topic, records)
    expected = await last_values(first, made(tmp_path / "first"), 1, newest_ms)

    replay = Scene(first.settings.model_copy(update={"topic_prefix": unique_prefix(), "app_id": "replay"}))
    await replay.make_topics()
    copied = [
        (record.key, record.value, record.partition, record.timestamp)
        for record in await read_topic(first.settings.broker, topic)
    ]
    await produce(replay.settings.broker, replay.settings.topic("posts"), copied)
    found = await last_values(replay, made(tmp_path / "replay"), workers_wanted, newest_ms)
    late = {
        one.settings.topic_prefix: sorted(
            record.key for record in await read_topic(first.settings.broker, one.settings.topic("posts.late"))
        )
        for one in (first, replay)
    }

    assert expected == found
    assert sum(count.late_count for count in found.values() if count.tag == "all") > 0
    assert late[first.settings.topic_prefix] == late[replay.settings.topic_prefix]
