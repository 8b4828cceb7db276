"""A broker that loses nothing but answers slowly costs no count."""

import signal
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from sandik.settings import Settings
from tests.support.distant_kafka import Distant, distant, slowly
from tests.support.kafka import read_topic, wait_until
from tests.support.scene import BASE_MS, Scene, a_post, brief, some_posts, wait_for_all, wait_for_more
from tests.support.workers import Follower, Workers, counting

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


async def test_a_successor_of_merge_counts_what_its_predecessor_committed_but_did_not_write(
    worker_settings: Settings, tmp_path: Path
) -> None:
    """The first worker reads partials and commits them, but dies before it ever emits a count."""
    settings = brief(worker_settings).model_copy(update={"partitions": 1, "commit_every_ms": 500})
    scene = await Scene.made(settings)
    async with counting(settings, tmp_path) as (workers, follower):
        workers.environment["SANDIK_EMIT_EVERY_MS"] = "600000"
        silent = workers.start()
        await scene.write([a_post(number, BASE_MS) for number in range(10)])
        await wait_until(lambda: committed_all(scene), 60, "the first partials are committed")
        await scene.write([a_post(number, BASE_MS + 3_600_000) for number in range(10, 20)])
        await wait_until(lambda: committed_all(scene), 60, "all partials are committed")
        workers.environment["SANDIK_EMIT_EVERY_MS"] = "300"
        workers.start("tests.faults.slow_worker")
        await scene.wait_for_shares([0, 1])
        assert 0 == await follower.total()
        silent.send_signal(signal.SIGKILL)
        silent.wait()
        await wait_for_all(follower, scene, workers)

    assert scene.truth() == follower.cells


async def committed_all(scene: Scene) -> bool:
    """Say whether the group has read, and committed, every post and every partial there is."""
    topics = [scene.settings.topic(name) for name in ("posts", "partials")]
    ends = {TopicPartition(topic, 0): len(await read_topic(scene.settings.broker, topic)) for topic in topics}
    return ends[TopicPartition(topics[0], 0)] == len(scene.written) and ends == await scene.committed()


@pytest.fixture
def distant_kafka(tmp_path: Path) -> Iterator[Distant]:
    with distant(tmp_path) as found:
        yield found


async def test_workers_that_wait_a_fifth_of_a_second_for_every_answer_count_exactly(
    distant_kafka: Distant, tmp_path: Path
) -> None:
    await two_workers_of_which_one_is_killed_count_exactly(
        slowly(distant_kafka, tmp_path, delay_s=0.1), seed=3
    )


@pytest.mark.long
async def test_workers_whose_kafka_trickles_one_byte_at_a_time_count_exactly(
    distant_kafka: Distant, tmp_path: Path
) -> None:
    """No answer comes in one piece, nor any length or header."""
    trickling = slowly(distant_kafka, tmp_path, delay_s=0, trickles=True)
    await two_workers_of_which_one_is_killed_count_exactly(trickling, seed=5)


async def two_workers_of_which_one_is_killed_count_exactly(
    distance: AbstractAsyncContextManager[tuple[Scene, Workers, Follower]], seed: int
) -> None:
    posts = some_posts(2_000, seed=seed)
    async with distance as (scene, workers, follower):
        killed, _ = workers.start(), workers.start()
        await scene.write(posts[:1_000])
        await wait_for_more(follower)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        await scene.write(posts[1_000:])
        await wait_for_all(follower, scene, workers)

    assert scene.truth() == follower.cells


async def test_a_partition_is_not_idle_while_its_counts_are_on_their_way(
    distant_kafka: Distant, tmp_path: Path
) -> None:
    """Merge must hear of a window's end after its last partial, though writing takes longer than idling.

    Each write has more posts for the window that is open, and one that closes it.
    """
    hasty = {"partitions": 1, "idle_after_ms": 4}
    async with slowly(distant_kafka, tmp_path, delay_s=0.05, changes=hasty) as (scene, workers, follower):
        workers.start()
        for minute in range(8):
            times_ms = [BASE_MS + (minute + ahead) * 60_000 for ahead in (0, 0, 0, 1)]
            await scene.write([a_post(4 * minute + n, at_ms) for n, at_ms in enumerate(times_ms)])
            await wait_for_all(follower, scene, workers, deadline_s=60)

    assert scene.truth() == follower.cells
