"""Workers are killed and replaced while posts arrive; every cell equals an independent count."""

import asyncio
import random
import signal
from pathlib import Path

import pytest

from sandik.settings import Settings
from tests.support.kafka import read_topic
from tests.support.scene import Scene, ends_exact, some_posts, wait_for_all, wait_for_more
from tests.support.workers import counting

pytestmark = pytest.mark.broker

WORKER = "sandik"


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("seed", "module"),
    [
        (1, WORKER),
        (2, "tests.faults.public_worker"),  # records come one by one, as public aiokafka has it
        *(pytest.param(seed, WORKER, marks=pytest.mark.long) for seed in range(2, 12)),
    ],
)
async def test_counts_are_exact_though_workers_are_killed(
    worker_settings: Settings, tmp_path: Path, seed: int, module: str
) -> None:
    chance = random.Random(seed)
    scene = await Scene.made(worker_settings)
    posts = some_posts(16_000, seed)
    kills = 0
    async with counting(worker_settings, tmp_path) as (workers, follower):
        for _ in range(3):
            workers.start(module)
        for start in range(0, len(posts), 1_000):
            await scene.write(posts[start : start + 1_000])
            if start % 4_000 == 0:
                await follower.read()
                # Killed while they work, not while they wait to be given partitions.
                await wait_for_more(follower)
                await asyncio.sleep(chance.uniform(0, 0.5))  # so that a kill falls anywhere in a batch
                victim = chance.choice(workers.alive)
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                kills += 1
                workers.start(module)
            workers.assert_running()
        await wait_for_all(follower, scene, workers)
        # One that is only just being loaded dies of a SIGTERM like any program.
        await scene.wait_for_shares([1, 1, 2])
        await ends_exact(follower, scene, workers, running=3)

    assert kills == 4
    assert [] == await read_topic(worker_settings.broker, worker_settings.topic("posts.dlq"))
