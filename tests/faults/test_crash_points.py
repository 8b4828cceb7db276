"""A worker dies between any two of its writes; its successor makes it good."""

import asyncio
import signal
import subprocess
from pathlib import Path

import pytest

from sandik.settings import Settings
from tests.faults.dying_worker import POINTS
from tests.support.scene import BASE_MS, Scene, a_post, brief, ends_exact, some_posts
from tests.support.workers import counting

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


async def died(worker: subprocess.Popen[bytes]) -> bool:
    return await asyncio.to_thread(worker.wait, 200) == -signal.SIGKILL


@pytest.mark.parametrize("point", POINTS)
async def test_a_crash_at_any_point_costs_no_count(scene: Scene, tmp_path: Path, point: str) -> None:
    """Several deaths at the same point, later and later in the log; then one worker that lives."""
    settings = scene.settings
    posts = some_posts(6_000, seed=5)
    await scene.write(posts[:5_000])
    async with counting(settings, tmp_path) as (workers, follower):
        for nth in (1, 4):
            worker = workers.start("tests.faults.dying_worker", point, str(nth))
            assert await died(worker), workers.log(worker)
        workers.start()
        await scene.write(posts[5_000:])  # the dead may have left nothing else to do
        await ends_exact(follower, scene, workers, running=1)


async def test_a_window_whose_partial_a_crash_kept_back_is_sent_before_it_is_forgotten(
    worker_settings: Settings, tmp_path: Path
) -> None:
    """The successor's first batch settles that window, long before anything else would send it again."""
    scene = await Scene.made(
        brief(worker_settings).model_copy(update={"partitions": 1, "emit_every_ms": 5_000})
    )
    settings = scene.settings
    async with counting(settings, tmp_path) as (workers, follower):
        await scene.write([a_post(number, BASE_MS) for number in range(10)])
        worker = workers.start("tests.faults.dying_worker", "between-state-and-partials", "1")
        assert await died(worker), workers.log(worker)
        await scene.write([a_post(number, BASE_MS + 3_600_000) for number in range(10, 20)])
        workers.start()
        await ends_exact(follower, scene, workers, running=1)


@pytest.mark.parametrize("point", ["before-side-topics", "before-state", "after-counts"])
async def test_an_error_nobody_foresaw_ends_the_worker_soon_and_says_why(
    scene: Scene, tmp_path: Path, point: str
) -> None:
    """In the agent count, and in a timer. Faust would acknowledge the batch and go on."""
    await scene.write(some_posts(4_000))
    async with counting(scene.settings, tmp_path) as (workers, follower):
        failing = workers.start("tests.faults.dying_worker", point, "3", "error")
        exit_code = await asyncio.to_thread(failing.wait, 45)
        workers.processes.remove(failing)  # it was meant to fail
        said = (tmp_path / "worker-0.log").read_text()
        workers.start()
        await ends_exact(follower, scene, workers, running=1)

    assert 1 == exit_code
    assert "worker stops" in said
    assert "out of cheese" in said
