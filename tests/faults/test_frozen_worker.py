"""A worker is frozen past its session and thawed: what it still writes is not fenced, and spoils nothing."""

import asyncio
import random
import signal
from pathlib import Path

import msgspec
import pytest

from sandik.kafka.topics import WINDOWS_TABLE
from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.support.kafka import NewRecord, produce, read_topic
from tests.support.scene import Scene, ends_exact, some_posts, wait_for_all, wait_for_more
from tests.support.workers import Follower, Workers, counting, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 7))])
async def test_a_frozen_and_thawed_worker_spoils_no_count(scene: Scene, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    settings, posts = scene.settings, some_posts(20_000, seed)
    async with counting(settings, tmp_path) as (workers, follower):
        frozen, _ = workers.start(), workers.start()
        await scene.wait_for_shares([2, 2])
        await scene.write(posts[:8_000])
        await wait_for_more(follower)
        await asyncio.sleep(chance.uniform(0, 0.3))  # so that it is frozen anywhere in a batch
        frozen.send_signal(signal.SIGSTOP)
        await scene.write(posts[8_000:12_000])
        # Its partitions are another's now, and that one has gone on with them.
        await scene.wait_for_shares([4])
        await wait_for_all(follower, scene, workers)
        await scene.write(posts[12_000:])
        frozen.send_signal(signal.SIGCONT)
        await wait_for_all(follower, scene, workers)
        await scene.wait_for_shares([2, 2])
        await ends_exact(follower, scene, workers, running=2)


async def test_stale_windows_in_changelog_and_partials_spoil_no_count(scene: Scene, tmp_path: Path) -> None:
    """The worst a zombie may do: append older windows, without the clock that belongs to them."""
    settings, posts = scene.settings, some_posts(8_000)
    changelog, partials = f"{scene.group}-{WINDOWS_TABLE}-changelog", settings.topic("partials")
    with Workers(environment(settings), tmp_path) as workers:
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            worker = workers.start()
            await scene.write(posts[:4_500])
            await wait_for_all(follower, scene, workers)
            stale = {topic: await windows_in(settings, topic) for topic in (changelog, partials)}
            await scene.write(posts[4_500:5_000])
            await wait_for_all(follower, scene, workers)
            assert 0 == workers.terminate(worker)

            await produce(settings.broker, changelog, stale[changelog])
            workers.start()
            await scene.wait_for_shares([4])
            await scene.write(posts[5_000:])
            await produce(settings.broker, partials, stale[partials])
            await ends_exact(follower, scene, workers, running=1)
        revisions: dict[bytes | None, list[int]] = {}
        for record in await read_topic(settings.broker, settings.topic("counts")):
            count = msgspec.json.decode(record.value or b"", type=Count)
            revisions.setdefault(record.key, []).append(count.revision)

    assert all(stale.values())
    assert all(found == sorted(found) for found in revisions.values())


async def windows_in(settings: Settings, topic: str) -> list[NewRecord]:
    """Return the windows ever written to the topic, to be written again."""
    return [
        (record.key, record.value, record.partition, None)
        for record in await read_topic(settings.broker, topic)
        if record.value is not None and msgspec.json.decode(record.value)["kind"] == "window"
    ]
