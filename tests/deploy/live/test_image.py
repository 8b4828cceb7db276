"""The image of deploy/Dockerfile, built by podman: what is in it, and what it may do."""

import json
import re
from pathlib import Path

import pytest

from tests.deploy.live import stand_ins
from tests.deploy.live.machine import run, say
from tests.deploy.tools import ROOT
from tests.support.scene import a_post

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(3000)]

LOCKED = ("--rm", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none")
HAS_NATIVE = "import importlib.util as u; print(bool(u.find_spec('sandik._native')))"
INSTALLED = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"


@pytest.fixture(scope="module")
def image() -> str:
    return stand_ins.ours()


def test_it_runs_as_nobody_with_a_health_check(image: str) -> None:
    [found] = json.loads(run("podman", "image", "inspect", image).stdout)

    say(f"image: {found['Size'] / 1e6:.0f} MB")
    assert found["Config"]["User"] == "10001"
    assert found["Healthcheck"]["Test"][:2] == ["CMD", "bash"]


def test_it_counts_with_nothing_to_write_to(image: str, tmp_path: Path) -> None:
    post = tmp_path / "post"
    post.write_bytes(a_post(1, 1)[1])
    with post.open("rb") as file:
        command = ("podman", "run", "--interactive", *LOCKED, "--tmpfs=/tmp", image, "annotate", "-")
        done = run(*command, stdin=file)

    assert json.loads(done.stdout)["tags"] == ["election"]


def test_it_has_the_compiled_part_where_rust_can_be_had(image: str) -> None:
    asks = ("--entrypoint=python", image, "-c", HAS_NATIVE)

    assert run("podman", "run", *LOCKED, *asks).stdout.strip() == str(stand_ins.rust() == stand_ins.RUST)


def test_it_has_the_packages_of_the_lock_and_no_other(image: str) -> None:
    printed = run("podman", "run", *LOCKED, "--entrypoint=python", image, "-c", INSTALLED).stdout
    locked = re.findall(r"^([\w.-]+==[^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    found = {name(each) for each in printed.split()} - {name("sandik==0.1.0")}

    assert found
    assert found <= {name(each) for each in locked}


def name(requirement: str) -> str:
    """Return it as all write it."""
    return re.sub(r"[-_.]+(?=.*==)", "-", requirement).lower()
