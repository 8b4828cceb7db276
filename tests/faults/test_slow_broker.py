"""A broker that loses nothing but answers slowly: a takeover that takes its time costs no count."""

import signal
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from streams.settings import Settings
from tests.faults.scene import BASE_MS, Scene, a_post, brief, start_module, wait_for_all
from tests.support.kafka import read_topic, wait_until
from tests.support.workers import Follower, Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]


async def test_a_successor_of_merge_counts_what_its_predecessor_committed_but_did_not_write(
    worker_settings: Settings, tmp_path: Path
) -> None:
    """The first worker reads partials and commits them, but dies before it ever emits a count."""
    settings = brief(worker_settings).model_copy(update={"partitions": 1, "commit_every_ms": 500})
    scene = Scene(settings)
    await scene.make_topics()
    with Workers(environment(settings), tmp_path) as workers:
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            workers.environment["SANDIK_EMIT_EVERY_MS"] = "600000"
            silent = workers.start()
            await scene.write([a_post(number, BASE_MS) for number in range(10)])
            await wait_until(lambda: committed_all(scene), 60, "the first partials are committed")
            await scene.write([a_post(number, BASE_MS + 3_600_000) for number in range(10, 20)])
            await wait_until(lambda: committed_all(scene), 60, "all partials are committed")
            workers.environment["SANDIK_EMIT_EVERY_MS"] = "300"
            start_module(workers, "tests.faults.slow_worker")
            await scene.wait_for_shares([0, 1])
            assert 0 == await follower.total()
            silent.send_signal(signal.SIGKILL)
            silent.wait()
            await wait_for_all(follower, scene, workers, 45)

    assert scene.truth() == follower.cells


async def committed_all(scene: Scene) -> bool:
    """Say whether the group has read, and committed, every post and every partial there is."""
    topics = [scene.settings.topic(name) for name in ("posts", "partials")]
    ends = {TopicPartition(topic, 0): len(await read_topic(scene.settings.broker, topic)) for topic in topics}
    return ends[TopicPartition(topics[0], 0)] == len(scene.written) and ends == await scene.committed()
