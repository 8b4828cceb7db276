"""docker-compose.yml and the Dockerfile are what Compose and a linter of Dockerfiles take."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose

from tests.deploy.tools import ROOT
from tests.support import quick_yaml

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
HARDENED = ("topics", "worker", "dashboard", "bursts", "prometheus", "grafana")


def with_defaults(text: str) -> str:
    """Put the defaults in, as Compose does for variables that nobody has set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def parsed(text: str) -> PyCompose:
    """Return the file as the specification reads it, with YAML's own `<<` resolved first."""
    return PyCompose.from_json(json.dumps(quick_yaml.load(with_defaults(text))))


def services() -> dict[str, Any]:
    found: dict[str, Any] = quick_yaml.load(COMPOSE)["services"]
    return found


def test_the_compose_file_fits_the_specification() -> None:
    found = parsed(COMPOSE).services
    assert found is not None
    assert set(found) == services().keys()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("read_only: true", "read_onlyy: true"), ("interval: 5s", "interval: ten"), ("[/tmp]", "{a: 1}")],
)
def test_a_file_that_does_not_fit_is_noticed(right: str, wrong: str) -> None:
    assert right in COMPOSE
    with pytest.raises(ValueError, match=r".+"):
        parsed(COMPOSE.replace(right, wrong))


def test_one_command_starts_the_stack_and_profiles_the_rest() -> None:
    without = {name for name, service in services().items() if "profiles" not in service}
    by_profile = {name: service["profiles"] for name, service in services().items() if "profiles" in service}

    assert without == {"kafka", "topics", "worker", "dashboard", "bursts"}
    assert by_profile == {"prometheus": ["observability"], "grafana": ["observability"], "kafka-ui": ["ui"]}


@pytest.mark.parametrize("name", HARDENED)
def test_containers_write_nowhere_and_may_do_nothing_else(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_mounted_file_is_there() -> None:
    mounted = [
        volume.partition(":")[0]
        for service in services().values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    ]
    assert mounted
    assert [path for path in mounted if not (ROOT / path).exists()] == []


def test_images_have_exact_versions_and_are_those_of_their_projects() -> None:
    images = [service["image"] for service in quick_yaml.load(with_defaults(COMPOSE))["services"].values()]
    dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    bases = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", dockerfile, re.MULTILINE))
    [given] = {json.dumps(service["build"]["args"]) for service in services().values() if "build" in service}

    assert given == json.dumps({name: f"${{{name}:-{image}}}" for name, image in sorted(bases.items())})
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {f"${{{name}}}" for name in bases}
    for image in [*images, *bases.values()]:
        assert re.search(r":(local|v?\d+\.\d+\.\d+(-slim-bookworm)?)$", image), image
        assert "bitnami" not in image


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--no-color", ROOT / "deploy/Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_as_nobody_from_a_last_stage_that_is_looked_after() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").splitlines()
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    last = lines[stages[-1] :]

    assert len(stages) == 3
    [user] = [line for line in last if line.startswith("USER ")]
    assert int(user.split()[1]) > 0
    [check] = [line for line in last if line.startswith("HEALTHCHECK ")]
    assert not check.startswith("HEALTHCHECK NONE")
    assert not any("pip" in line for line in last)
