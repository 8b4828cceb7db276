"""The Helm chart, made of the overlays and rendered by Helm."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.deploy.rendered import Resource
from tests.deploy.tools import ROOT, found, helm, kustomize
from tests.support import quick_yaml

#: What makes the chart be an overlay.
AS_OVERLAY: dict[str, Sequence[str]] = {
    "prod": (),
    "dev": ("kafka.port=9092", "kafka.copies=1", "kafka.login=false", "workers.min=1", "workers.fallback=1"),
}


def write(folder: Path, path: str) -> int:
    """Write the chart by its program, with the kustomize, or kubectl, of a PATH; return its exit code."""
    command = [sys.executable, str(ROOT / "deploy/helm/chart.py"), str(folder)]
    return subprocess.run(command, env={"PATH": path}, check=False).returncode


@cache
def chart() -> Path:
    """Make the chart, once a process."""
    folder = Path(mkdtemp(prefix="sandik-chart-")) / "sandik"
    assert write(folder, f"{Path(kustomize()).parent}:/usr/bin:/bin") == 0
    return folder


def helm_run(*words: str, check: bool = True) -> str:
    """Run Helm; return what it prints."""
    done = subprocess.run([helm(), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done.stdout + done.stderr


def options(values: Sequence[str]) -> list[str]:
    """Return the options that set these values."""
    return [word for value in values for word in ("--set", value)]


def templated(namespace: str, values: Sequence[str] = ()) -> list[Resource]:
    """Return what Helm makes of the chart."""
    said = helm_run("template", "sandik", str(chart()), "--namespace", namespace, *options(values))
    found: list[Any] = [one for one in quick_yaml.load_all(said) if one]
    return found


if __name__ == "__main__":
    program = found("kustomize")
    first = f"{Path(program).parent}:" if program else ""
    sys.exit(write(Path(sys.argv[1]).absolute(), first + os.environ["PATH"]))
