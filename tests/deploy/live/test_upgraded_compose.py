"""On compose from the version before to this one and back, as people do it: `up` with the other's files.

Compose stops all workers and starts the new ones. What comes meanwhile waits in Kafka.
"""

import json
import time
from pathlib import Path

import pytest

from tests.deploy.live.engine import Engine
from tests.deploy.live.machine import say
from tests.deploy.live.test_running_compose import counted, ingest, restarts, truth, wait_for
from tests.deploy.tools import ROOT
from tests.support.before import lexicon_of, unpack_before
from tests.support.scene import some_posts

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(3000)]

A_STEP = 500
POSTS = some_posts(5 * A_STEP)


def test_an_upgrade_and_its_rollback_change_no_count(docker: Engine, tmp_path: Path) -> None:
    before = unpack_before(tmp_path / "before")
    lexicon = lexicon_of(before)
    of_before = tmp_path / "lexicon.json"
    mounted = {"environment": {"SANDIK_LEXICON": "/lexicon"}, "volumes": [f"{lexicon}:/lexicon:ro"]}
    of_before.write_text(json.dumps({"services": {"worker": mounted}}))
    written = 0

    def write() -> None:
        nonlocal written
        ingest(docker, tmp_path, POSTS[written : written + A_STEP])
        written += A_STEP

    def check() -> None:
        expected = truth(POSTS[:written], str(lexicon))
        wait_for(lambda: counted(docker).total() >= expected.total(), f"{written} posts are counted")
        assert counted(docker) == expected
        assert restarts(docker) == [0, 0]

    def change_to(root: Path, name: str) -> None:
        began_s = time.monotonic()
        docker.use(root, of_before)
        built_s = time.monotonic()
        docker.compose("up", "--detach", "--wait", "--remove-orphans")
        up_s = time.monotonic() - built_s
        say(f"{name}: built in {built_s - began_s:.0f} s, {up_s:.0f} s later all are healthy")

    docker.use(before, of_before)
    with docker.up():
        write()
        check()
        for root, name in ((ROOT, "this version"), (before, "the version before")):
            write()
            change_to(root, name)
            write()
            check()
