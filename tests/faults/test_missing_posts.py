"""Posts that Kafka deletes before they are counted: the worker stops and says so, it does not skip them."""

import asyncio
import signal
from pathlib import Path

import pytest

from sandik.settings import Settings
from tests.support.kafka import delete_records
from tests.support.scene import Scene, brief, some_posts, wait_for_all
from tests.support.workers import Follower, Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


async def test_posts_deleted_under_a_running_worker_stop_it(
    worker_settings: Settings, tmp_path: Path
) -> None:
    """It is frozen for a moment, as one is that has fallen behind the topic's retention."""
    settings = brief(worker_settings).model_copy(update={"partitions": 1, "session_timeout_ms": 30_000})
    scene = await Scene.made(settings)
    posts = some_posts(2_000)
    with Workers(environment(settings), tmp_path) as workers:
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            worker = workers.start()
            await scene.write(posts[:1_000])
            await wait_for_all(follower, scene, workers)
            worker.send_signal(signal.SIGSTOP)
            await scene.write(posts[1_000:])
            await delete_records(settings.broker, settings.topic("posts"), {0: 1_500})
            worker.send_signal(signal.SIGCONT)
            exit_code = await asyncio.to_thread(worker.wait, 30)
            await follower.read()
        said = workers.log(worker)

    assert 1 == exit_code
    assert "worker stops" in said
    assert "the log holds 1500" in said
