"""A Kafka of three brokers, of which one dies: the others go on, and so do the workers; counts stay exact."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from tests.support.cluster import bootstrap_servers, three_brokers
from tests.support.kafka import admin_of
from tests.support.scene import Scene, brief, ends_exact, some_posts, wait_for_all, wait_for_more
from tests.support.workers import counting, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[list[EmbeddedKafka]]:
    with three_brokers(tmp_path) as brokers:
        yield brokers


async def coordinator(scene: Scene, brokers: list[EmbeddedKafka]) -> EmbeddedKafka:
    """Return the broker that coordinates the workers' group."""
    async with admin_of(scene.settings.broker) as admin:
        node_id: int = await admin.find_coordinator(scene.group)
    return brokers[node_id - 1]


async def test_counts_are_exact_though_brokers_die_one_after_the_other(
    brokers: list[EmbeddedKafka], tmp_path: Path
) -> None:
    """Each time it is the one that the group depends on; the next dies when the first is back."""
    settings = brief(quick_settings(bootstrap_servers(brokers))).model_copy(update={"replication_factor": 3})
    scene, posts = await Scene.made(settings), some_posts(9_000, seed=7)
    async with counting(settings, tmp_path) as (workers, follower):
        workers.start()
        workers.start()
        await scene.write(posts[:3_000])
        await wait_for_more(follower)
        for start in (3_000, 6_000):
            dying = await coordinator(scene, brokers)
            dying.kill()
            await scene.write(posts[start : start + 3_000])
            await wait_for_all(follower, scene, workers)  # without it
            await asyncio.to_thread(dying.start)
            await scene.wait_for_copies()
        await ends_exact(follower, scene, workers, running=2)
