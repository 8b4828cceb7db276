"""Programs that pip does not bring: taken from the PATH, else fetched once into the cache, else a skip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sandik.broker.jars import cache_dir

ROOT = Path(__file__).parents[2]
KUSTOMIZE = "v5.8.1"


def promtool() -> str:
    """Return the path of promtool, which is in Debian's package `prometheus`."""
    return _found("promtool") or _unpacked("prometheus", "usr/bin/promtool")


def kustomize() -> str:
    """Return the path of kustomize; without one, Go builds it, which takes some minutes, once."""
    if found := _found("kustomize"):
        return found
    go = shutil.which("go")
    if not go:
        pytest.skip("no kustomize: put it into the PATH (kubectl.docs.kubernetes.io), or install Go")
    environment = {**os.environ, "GOBIN": str(_tools()), "GOFLAGS": "-buildvcs=false"}
    command = [go, "install", f"sigs.k8s.io/kustomize/kustomize/v5@{KUSTOMIZE}"]
    built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return _found("kustomize") or pytest.skip(f"no kustomize, and Go did not build it: {built.stderr[-300:]}")


def _tools() -> Path:
    return cache_dir() / "tools"


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}{os.pathsep}{_tools()}")


def _unpacked(package: str, member: str) -> str:
    """Take one program out of a Debian package without installing it: its daemon would start, too."""
    how = f"no {Path(member).name}: as root, `apt-get install {package}`"
    if not shutil.which("apt-get"):
        pytest.skip(how)
    with TemporaryDirectory() as folder:
        for attempt in (
            ["apt-get", "download", package],
            ["apt-get", "update"],
            ["apt-get", "download", package],
        ):
            subprocess.run(attempt, cwd=folder, capture_output=True, check=False)
            if found := list(Path(folder).glob("*.deb")):
                subprocess.run(["dpkg-deb", "-x", found[0], folder], check=True)  # noqa: S607
                _tools().mkdir(parents=True, exist_ok=True)
                return str(shutil.copy(Path(folder) / member, str(_tools())))
    pytest.skip(how)


if __name__ == "__main__":  # `make test` fetches them before it starts: no test waits for Go
    for fetch in (promtool, kustomize):
        try:
            sys.stderr.write(f"{fetch()}\n")
        except pytest.skip.Exception as why:
            sys.stderr.write(f"{why}\n")
