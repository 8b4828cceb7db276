"""Topics that were deleted or recreated: no count is made from another log, and none is passed over."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from sandik.kafka.topics import WINDOWS_TABLE, all_topics, create
from sandik.settings import Settings
from tests.support.command import sandik, succeed
from tests.support.kafka import create_topic, delete_records, delete_topic
from tests.support.scene import Post, Scene, some_posts, wait_for_all
from tests.support.workers import Follower, Workers, counting, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


async def count(scene: Scene, workers: Workers, posts: Sequence[Post]) -> None:
    """Write the posts, and have a worker count all of them."""
    await scene.write(posts)
    async with Follower(scene.settings.broker, scene.settings.topic("counts")) as follower:
        worker = workers.start()
        await wait_for_all(follower, scene, workers)
    assert 0 == workers.terminate(worker)
    workers.processes.clear()


async def make_anew(scene: Scene, topic: str) -> None:
    await delete_topic(scene.settings.broker, topic)
    await create(scene.settings, all_topics(scene.settings))


async def test_a_longer_log_made_anew_is_refused_by_every_worker_and_by_doctor(
    scene: Scene, tmp_path: Path
) -> None:
    settings = scene.settings
    with Workers(environment(settings), tmp_path) as workers:
        await count(scene, workers, some_posts(600))
        await make_anew(scene, settings.topic("posts"))
        await scene.write(some_posts(2_400, seed=1))

        said = [await workers.refusal(workers.start()) for _ in range(2)]
        doctor = json.loads(sandik("doctor", "--json", environment=environment(settings)).stdout)

    for line in said:
        assert f"topic {settings.topic('posts')}, partition" in line
        assert "is not the one that was counted last" in line
        assert "`sandik runs replace`" in line
    found = [one["message"] for one in doctor["findings"] if one["level"] == "error"]
    assert ["is not the one that was counted last" in one for one in found] == [True]


async def test_doctor_tells_of_counted_partitions_that_are_gone_and_does_not_wait_for_them(
    scene: Scene, tmp_path: Path
) -> None:
    settings = scene.settings
    posts = settings.topic("posts")
    with Workers(environment(settings), tmp_path) as workers:
        await count(scene, workers, some_posts(600))
    await delete_topic(settings.broker, posts)
    gone = errors_of_doctor(settings)
    await create_topic(settings.broker, posts, 1)
    fewer = errors_of_doctor(settings)

    assert "kafka" not in gone | fewer
    assert gone[f"topic {posts}"] == "is missing"
    assert "was recreated: it has 1 of the partitions that were counted" in fewer["counted posts"]
    assert "`sandik runs replace`" in fewer["counted posts"]


def errors_of_doctor(settings: Settings) -> dict[str, str]:
    doctor = json.loads(sandik("doctor", "--json", environment=environment(settings)).stdout)
    return {one["what"]: one["message"] for one in doctor["findings"] if one["level"] == "error"}


async def test_a_topic_made_anew_under_a_running_worker_stops_it_and_the_next_one(
    scene: Scene, tmp_path: Path
) -> None:
    settings = scene.settings
    await scene.write(some_posts(600))
    async with counting(settings, tmp_path) as (workers, follower):
        running = workers.start()
        await wait_for_all(follower, scene, workers)
        counted = dict(follower.latest)
        await make_anew(scene, settings.topic("posts"))
        await scene.write(some_posts(2_400, seed=1))
        said = [await workers.refusal(running), await workers.refusal(workers.start())]
        await follower.read()

    for line in said:
        assert settings.topic("posts") in line
        assert "`sandik runs replace`" in line
    # What was final or counted before stays as it was.
    assert {key: one.count for key, one in counted.items()} == {
        key: one.count for key, one in follower.latest.items()
    }


async def test_after_a_refusal_the_new_log_is_counted_once_the_run_is_replaced(
    scene: Scene, tmp_path: Path
) -> None:
    settings = scene.settings
    async with counting(settings, tmp_path) as (workers, follower):
        await count(scene, workers, some_posts(600))
        await make_anew(scene, settings.topic("posts"))
        scene.written = []
        await scene.write(some_posts(1_200, seed=1))
        await workers.refusal(workers.start())
        workers.processes.clear()
        succeed("runs", "replace", environment=environment(settings))

        await count(scene, workers, [])
        await follower.read()

    assert scene.truth() == follower.cells


async def test_a_lost_changelog_is_counted_anew_from_the_posts(scene: Scene, tmp_path: Path) -> None:
    settings = scene.settings
    async with counting(settings, tmp_path) as (workers, follower):
        await count(scene, workers, some_posts(600))
        await delete_topic(settings.broker, f"{scene.group}-{WINDOWS_TABLE}-changelog")

        await count(scene, workers, some_posts(1_200)[600:])
        await follower.read()

    assert scene.truth() == follower.cells


async def test_a_lost_changelog_is_refused_when_counted_posts_are_gone_too(
    scene: Scene, tmp_path: Path
) -> None:
    settings = scene.settings
    with Workers(environment(settings), tmp_path) as workers:
        await count(scene, workers, some_posts(600))
        committed = {
            tp.partition: end
            for tp, end in (await scene.committed()).items()
            if tp.topic == settings.topic("posts")
        }
        await delete_topic(settings.broker, f"{scene.group}-{WINDOWS_TABLE}-changelog")
        await delete_records(settings.broker, settings.topic("posts"), committed)
        await scene.write(some_posts(1_200)[600:])

        said = [await workers.refusal(workers.start()) for _ in range(2)]

    for line in said:
        assert "the state needs offset 0 next" in line
        assert "`sandik runs replace`" in line


@pytest.mark.parametrize("topic", ["partials", "counts"])
async def test_results_that_were_made_anew_are_refused(scene: Scene, tmp_path: Path, topic: str) -> None:
    settings = scene.settings
    with Workers(environment(settings), tmp_path) as workers:
        await count(scene, workers, some_posts(1_500))
        await make_anew(scene, settings.topic(topic))

        said = [await workers.refusal(workers.start()) for _ in range(2)]

    for line in said:
        assert f"topic {settings.topic(topic)} was recreated" in line
        assert "`sandik runs replace`" in line


@pytest.mark.parametrize("topic", ["partials", "counts"])
async def test_results_that_are_made_anew_under_a_running_worker_stop_it(
    scene: Scene, tmp_path: Path, topic: str
) -> None:
    settings = scene.settings
    posts = some_posts(3_000)
    await scene.write(posts[:1_500])
    with Workers(environment(settings), tmp_path) as workers:
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            running = workers.start()
            await wait_for_all(follower, scene, workers)
        await make_anew(scene, settings.topic(topic))
        await scene.write(posts[1_500:])
        code = await asyncio.to_thread(running.wait, 150)
        said = await workers.refusal(workers.start())

    assert code == 1
    assert f"topic {settings.topic(topic)} was recreated" in said


async def test_a_worker_without_control_is_refused(scene: Scene, tmp_path: Path) -> None:
    settings = scene.settings
    with Workers(environment(settings), tmp_path) as workers:
        await count(scene, workers, some_posts(300))
        await delete_topic(settings.broker, settings.topic("control"))

        said = await workers.refusal(workers.start())

    assert f"has no topic {settings.topic('control')}" in said
