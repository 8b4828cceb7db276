"""The command of docs/operate.md that pins every image by its digest, run by compose."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.tools import COMPOSE, ROOT, built

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(1800)]

DIGEST = f"sha256:{'5' * 64}"
#: Compose is real. The one who knows the digests is a registry, which is not here.
DOCKER = """#!/bin/sh
case "$1" in
  compose) shift; exec {compose} --project-directory {folder} --file {file} "$@" ;;
  buildx) echo {digest} ;;
esac
"""


def test_the_command_pins_every_image_for_compose_and_for_the_build(tmp_path: Path) -> None:
    page = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    [command] = re.findall(
        r"```sh\n(docker compose --profile '\*' config --variables.*?)```", page, re.DOTALL
    )
    docker = tmp_path / "docker"
    file = ROOT / "docker-compose.yml"
    docker.write_text(DOCKER.format(compose=built(COMPOSE), folder=tmp_path, file=file, digest=DIGEST))
    docker.chmod(0o755)

    def run(script: str) -> str:
        variables = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        return subprocess.run(
            ["/bin/bash", "-ec", script],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    run(command)
    images = set(run("docker compose --profile '*' config --images").split())
    bases = re.findall(r"(?:PYTHON|RUST)_IMAGE: (\S+)", run("docker compose config"))

    assert len(images) == 5
    assert {image for image in images if not image.endswith(f"@{DIGEST}")} == {"sandik:local"}
    assert bases
    assert all(image.endswith(f"@{DIGEST}") for image in bases)
