"""Programs that pip does not bring: taken from the PATH, else fetched once into the cache, else a skip."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from sandik.broker.jars import cache_dir

ROOT = Path(__file__).parents[2]
KUSTOMIZE = "v5.8.1"


class Module(NamedTuple):
    """A program that Go builds from a module which replaces some of its own: `go install` refuses those.

    `siblings` is the version of the modules that it has as folders. `stamp` is the variable that holds its
    version, a path of Go.
    """

    program: str
    path: str
    version: str
    package: str
    stamp: str
    siblings: str = ""


APISERVER = Module(
    program="kube-apiserver",
    path="k8s.io/kubernetes",
    version="v1.37.2",
    package="k8s.io/kubernetes/cmd/kube-apiserver",
    stamp="k8s.io/component-base/version.gitVersion",
    siblings="v0.37.2",
)
COMPOSE = Module(
    program="docker-compose",
    path="github.com/docker/compose/v2",
    version="v2.40.3",
    package="github.com/docker/compose/v2/cmd",
    stamp="github.com/docker/compose/v2/internal.Version",
)


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


def built(module: Module) -> str:
    """Return the path of a program that Go builds, once, in some minutes."""
    if found := _found(module.program):
        return found
    go = shutil.which("go")
    if not go:
        pytest.skip(f"no {module.program}: put it into the PATH, or install Go")
    with TemporaryDirectory() as folder:

        def run(*words: str) -> str:
            environment = {**os.environ, "GOFLAGS": "-buildvcs=false -mod=mod", "CGO_ENABLED": "0"}
            command = ["nice", go, *words]
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                pytest.skip(f"no {module.program}, and Go did not build it: {done.stderr[-300:]}")
            return done.stdout

        source = Path(json.loads(run("mod", "download", "-json", f"{module.path}@{module.version}"))["Dir"])
        for name in ("go.mod", "go.sum"):
            (Path(folder) / name).write_bytes((source / name).read_bytes())
        edits = ["-module=local/build", f"-require={module.path}@{module.version}"]
        for each in json.loads(run("mod", "edit", "-json"))["Replace"] or ():
            if module.siblings and each["New"]["Path"].startswith("./"):
                edits.append(f"-replace={each['Old']['Path']}={each['Old']['Path']}@{module.siblings}")
        run("mod", "edit", *edits)
        stamp = f"-s -w -X {module.stamp}={module.version}"
        _tools().mkdir(parents=True, exist_ok=True)
        run("build", "-ldflags", stamp, "-o", str(_tools() / module.program), module.package)
    return str(_tools() / module.program)


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
