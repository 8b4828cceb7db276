"""The data directory holds nothing that matters: without it a worker works, or says what is wrong."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.scene import Scene, ends_exact, some_posts, wait_for_more
from tests.support.workers import Workers, counting, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

SEALED = Path("/proc/self")


async def test_a_data_directory_that_goes_away_does_not_matter(scene: Scene, tmp_path: Path) -> None:
    settings, posts = scene.settings, some_posts(8_000)
    async with counting(settings, tmp_path) as (workers, follower):
        workers.start()
        await scene.write(posts[:4_000])
        await wait_for_more(follower)
        shutil.rmtree(workers.environment["SANDIK_DATA_DIR"])
        await scene.write(posts[4_000:])
        await ends_exact(follower, scene, workers, running=1)


async def test_a_data_directory_that_cannot_be_made_is_a_clear_error(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refusal = await refused(scene, tmp_path, tmp_path / "file" / "faust")

    assert "SANDIK_DATA_DIR" in refusal
    assert str(tmp_path / "file" / "faust") in refusal
    assert "Traceback" not in refusal


@pytest.mark.skipif(not SEALED.is_dir(), reason="no directory here in which nobody can write, not even root")
async def test_a_data_directory_that_cannot_be_written_is_a_clear_error(scene: Scene, tmp_path: Path) -> None:
    refusal = await refused(scene, tmp_path, SEALED)

    assert "SANDIK_DATA_DIR" in refusal
    assert str(SEALED) in refusal
    assert "Traceback" not in refusal


async def refused(scene: Scene, log_dir: Path, data_dir: Path) -> str:
    """Start a worker with that directory; return what it says when it ends with a usage error."""
    with Workers(environment(scene.settings), log_dir) as workers:
        workers.environment["SANDIK_DATA_DIR"] = str(data_dir)
        worker = workers.start()
        exit_code = await asyncio.to_thread(worker.wait, 30)
        said = workers.log(worker)
    assert 2 == exit_code, said
    return said
