"""From one version of sandik to the next and back, a worker at a time, while posts come: counts stay exact.

Both count by the lexicon of the version before (tests/support/before.py). If its rules differ otherwise, its
workers end and say so: then there is no rolling restart, and SANDIK_TEST_UPGRADE_FROM names a later one.
"""

import os
from pathlib import Path

import pytest

from sandik.settings import Settings
from tests.support.before import lexicon_of, unpack_before
from tests.support.scene import Scene, brief, some_posts
from tests.support.workers import Follower, Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(1500)]

POSTS = some_posts(6_000)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Return a folder with the source of the version before."""
    return unpack_before(tmp_path / "before")


async def test_an_upgrade_and_its_rollback_change_no_count(
    worker_settings: Settings, before: Path, tmp_path: Path
) -> None:
    lexicon = lexicon_of(before)
    scene = await Scene.made(brief(worker_settings).model_copy(update={"lexicon": str(lexicon)}))
    now = environment(scene.settings)
    then = {**now, "PYTHONPATH": f"{before / 'streams'}{os.pathsep}{before / 'schemas'}"}
    for name in ("then", "now"):
        (tmp_path / name).mkdir()
    old, new = Workers(then, tmp_path / "then"), Workers(now, tmp_path / "now")

    async def all_counted() -> None:
        async with Follower(scene.settings.broker, scene.settings.topic("counts")) as follower:

            async def is_exact() -> bool:
                old.assert_running()
                return await follower.is_exact(scene.truth())

            await new.until(is_exact, 300, f"{len(scene.written)} posts are counted exactly")

    async def replace(leaving: Workers, coming: Workers) -> None:
        for worker in leaving.alive:
            assert leaving.terminate(worker) == 0
            coming.start()
            await scene.wait_for_shares([2, 2])

    with old, new:
        for _ in range(2):
            old.start()
        await scene.wait_for_shares([2, 2])
        await scene.write(POSTS[:2_000])
        await all_counted()
        await scene.write(POSTS[2_000:3_000])
        await replace(old, new)
        await scene.write(POSTS[3_000:4_000])
        await all_counted()
        await scene.write(POSTS[4_000:5_000])
        await replace(new, old)
        await scene.write(POSTS[5_000:])
        await all_counted()
