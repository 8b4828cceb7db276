"""From one version of sandik to the next and back, a worker at a time, while posts come: counts stay exact.

The version before is the last tag, or the commit in SANDIK_TEST_UPGRADE_FROM, or else BEFORE. It counts by
its own code and the lexicon of now: other words would be another run, which no rolling restart leads to.
"""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from sandik.settings import Settings
from tests.support.kafka import wait_until
from tests.support.scene import Scene, brief, some_posts
from tests.support.workers import Follower, Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
BEFORE = "013e1a2"
POSTS = some_posts(6_000)


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)  # noqa: S607


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Return a folder with the source of the version before."""
    tag = git("describe", "--tags", "--abbrev=0").stdout.decode().strip()
    version = os.environ.get("SANDIK_TEST_UPGRADE_FROM") or tag or BEFORE
    packed = git("archive", version, "streams", "schemas")
    if packed.returncode:
        pytest.skip(f"the version before, {version}, is not in this clone: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(tmp_path / "before", filter="data")
    return tmp_path / "before"


def run_id(variables: dict[str, str]) -> str:
    """Return the consumer group that `sandik doctor` would look for: it ends with the run's id."""
    code = (
        "from sandik.settings import Settings; from sandik.run_identity import application_id, load_job; "
        "s = Settings(); print(application_id(s, load_job(s)))"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=True
    ).stdout


async def test_an_upgrade_and_its_rollback_change_no_count(
    worker_settings: Settings, before: Path, tmp_path: Path
) -> None:
    lexicon = str(ROOT / "streams/sandik/lexicon")
    scene = Scene(brief(worker_settings).model_copy(update={"lexicon": lexicon}))
    await scene.make_topics()
    now = environment(scene.settings)
    then = {**now, "PYTHONPATH": f"{before / 'streams'}{os.pathsep}{before / 'schemas'}"}
    for name in ("then", "now"):
        (tmp_path / name).mkdir()
    if run_id(now) != run_id(then):
        pytest.skip("the version before counts by other rules: this is another run, not an upgrade")
    old, new = Workers(then, tmp_path / "then"), Workers(now, tmp_path / "now")

    async def all_counted() -> None:
        async with Follower(scene.settings.broker, scene.settings.topic("counts")) as follower:

            async def is_exact() -> bool:
                old.assert_running()
                new.assert_running()
                await follower.read()
                return follower.cells == scene.truth()

            await wait_until(is_exact, 300, f"{len(scene.written)} posts are counted exactly")

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
