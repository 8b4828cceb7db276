"""Workers are killed and replaced while posts arrive; every cell equals an independent count."""

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from streams.run import load_job
from streams.settings import Settings
from streams.topics import all_topics, create
from tests.support.kafka import produce, read_topic, wait_until
from tests.support.workers import Follower, Workers, environment

pytestmark = pytest.mark.broker

BASE_MS = 1_683_800_040_000
TEXTS = [
    "Seçimde sandığa sahip çıkalım, oyumuza sahip çıkalım",
    "Bu seçim öncesi deepfake videolar yayılıyor, dikkat edin arkadaşlar",
    "Bugün hava çok güzel, arkadaşlarla sahilde yürüyüşe çıktık",
    "Выборы президента: дипфейк видео распространяется в соцсетях",
    "Сегодня был отличный день, мы гуляли в парке с друзьями",
    "The election is days away and deepfake videos are spreading on social media",
]


def a_post(number: int, chance: random.Random) -> tuple[bytes, bytes]:
    """A post every 20 ms of event time, up to 15 s out of order."""
    post_id = f"test:{number}"
    created_at_ms = BASE_MS + number * 20 + chance.randrange(-15_000, 15_000)
    value = {"id": post_id, "source": "test", "created_at_ms": created_at_ms, "text": chance.choice(TEXTS)}
    return post_id.encode(), msgspec.json.encode(value)


def single_pass(values: list[bytes], settings: Settings) -> Counter[bytes]:
    """Count with a plain Counter: the models are the workers', the counting is not."""
    job = load_job(settings)
    posts = [msgspec.json.decode(value) for value in values]
    truth: Counter[bytes] = Counter()
    size_ms = settings.window_size_ms
    for post, annotation in zip(posts, job.annotate([post["text"] for post in posts]), strict=True):
        start_ms = post["created_at_ms"] // size_ms * size_ms
        tags = {"all"} | set(annotation.tags)
        if {"election", "deepfake"} <= tags:
            tags.add("both")
        for tag in tags:
            truth[f"{start_ms}|{size_ms}|{annotation.language.code}|{tag}".encode()] += 1
    return truth


@pytest.mark.timeout(280)
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))])
async def test_counts_are_exact_though_workers_are_killed(
    worker_settings: Settings, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    await create(worker_settings, all_topics(worker_settings))
    posts = [a_post(number, chance) for number in range(24_000)]
    kills = 0
    with Workers(environment(worker_settings), tmp_path) as workers:
        async with Follower(worker_settings.broker, worker_settings.topic("counts")) as follower:
            for _ in range(3):
                workers.start()
            for start in range(0, len(posts), 1_000):
                batch = [(key, value, None, None) for key, value in posts[start : start + 1_000]]
                await produce(worker_settings.broker, worker_settings.topic("posts"), batch)
                if start % 4_000 == 0:
                    at_least = await follower.total()

                    async def has_gone_on(at_least: int = at_least) -> bool:
                        return await follower.total() > at_least

                    # Killed while they work, not while they wait to be given partitions.
                    await wait_until(has_gone_on, 60, f"counting goes on after {at_least} posts")
                    await asyncio.sleep(chance.uniform(0, 0.5))  # so that a kill falls anywhere in a batch
                    victim = chance.choice(workers.alive)
                    victim.send_signal(signal.SIGKILL)
                    victim.wait()
                    kills += 1
                    workers.start()
                workers.assert_running()

            async def is_complete() -> bool:
                workers.assert_running()
                return await follower.total() >= len(posts)

            await wait_until(is_complete, 90, "all posts are counted")
            exit_codes = [workers.terminate(worker) for worker in workers.alive]
            await follower.read()

    assert kills == 6
    assert exit_codes == [0] * len(exit_codes)
    assert single_pass([value for _, value in posts], worker_settings) == follower.cells
    assert [] == await read_topic(worker_settings.broker, worker_settings.topic("posts.late"))
    assert [] == await read_topic(worker_settings.broker, worker_settings.topic("posts.dlq"))
