"""Workers come and go as operators want it: nothing is lost, nothing counted twice, exit code 0."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from tests.support.kafka import read_topic, wait_until
from tests.support.scene import Scene, ends_exact, some_posts, wait_for_all, wait_for_more
from tests.support.workers import Workers, counting, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


@asynccontextmanager
async def posts_arriving(scene: Scene, seed: int) -> AsyncIterator[None]:
    """Write some 1,500 posts a second for as long as the block lasts."""
    enough = asyncio.Event()
    posts = some_posts(100_000, seed)

    async def write() -> None:
        for start in range(0, len(posts), 150):
            if enough.is_set():
                return
            await scene.write(posts[start : start + 150])
            await asyncio.sleep(0.1)

    writing = asyncio.create_task(write())
    try:
        yield
        assert not writing.done()
    finally:
        enough.set()
        await writing


async def test_a_worker_that_is_told_to_stop_hands_over_while_posts_arrive(
    scene: Scene, tmp_path: Path
) -> None:
    settings = scene.settings
    async with counting(settings, tmp_path) as (workers, follower):
        leaving, _ = workers.start(), workers.start()
        await scene.wait_for_shares([2, 2])
        async with posts_arriving(scene, seed=1):
            await wait_for_more(follower)
            leaving.terminate()
            exit_code = await asyncio.to_thread(leaving.wait, 30)
            await scene.wait_for_shares([4])
            await wait_for_more(follower)
        await ends_exact(follower, scene, workers, running=1)

    assert exit_code == 0
    assert "Traceback" not in workers.log(leaving)


async def test_scaling_from_one_to_three_and_back_while_posts_arrive(scene: Scene, tmp_path: Path) -> None:
    settings = scene.settings
    async with counting(settings, tmp_path) as (workers, follower):
        workers.start()
        async with posts_arriving(scene, seed=2):
            await wait_for_more(follower)
            joining = [workers.start(), workers.start()]
            await scene.wait_for_shares([1, 1, 2])
            await wait_for_more(follower)
            exit_codes = [await asyncio.to_thread(workers.terminate, worker) for worker in joining]
            await scene.wait_for_shares([4])
            await wait_for_more(follower)
        await ends_exact(follower, scene, workers, running=1)

    assert exit_codes == [0, 0]


async def test_a_successor_commits_what_its_predecessor_had_counted(scene: Scene, tmp_path: Path) -> None:
    """Who scales workers by the lag of the group would otherwise keep one for posts that are counted."""
    settings = scene.settings
    posts = settings.topic("posts")

    async def all_committed() -> bool:
        held = Counter(record.partition for record in await read_topic(settings.broker, posts))
        ends = {TopicPartition(posts, partition): count for partition, count in held.items()}
        return ends.items() <= (await scene.committed()).items()

    async with counting(settings, tmp_path) as (workers, follower):
        workers.environment["SANDIK_COMMIT_EVERY_MS"] = "600000"
        dying = workers.start()
        await scene.wait_for_shares([4])
        await scene.write(some_posts(400, seed=4))
        await wait_for_all(follower, scene, workers)
        assert not any((await scene.committed()).values())
        dying.kill()
        dying.wait()
        del workers.environment["SANDIK_COMMIT_EVERY_MS"]
        workers.start()
        await wait_until(all_committed, 120, "all posts are committed")


async def test_stopping_that_is_cut_short_is_no_crash(scene: Scene, tmp_path: Path) -> None:
    """Faust cancels the agents that still wait when the loop is closed, and would call that a crash."""
    with Workers(environment(scene.settings), tmp_path) as workers:
        worker = workers.start("tests.faults.hasty_worker")
        await scene.wait_for_shares([4])
        exit_code = workers.terminate(worker)

    assert 0 == exit_code, workers.log(worker)
    assert "Traceback" not in workers.log(worker)
