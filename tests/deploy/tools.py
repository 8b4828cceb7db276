"""Programs that pip does not bring: taken from the PATH, else fetched once into the cache, else a skip."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from sandik.files.cache_dir import cache_dir

ROOT = Path(__file__).parents[2]
KUSTOMIZE = "v5.8.1"
HELM = "v4.3.2"


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
    return found("promtool") or _unpacked("prometheus", "usr/bin/promtool")


def etcd() -> str:
    """Return the path of etcd, which is in Debian's package `etcd-server`."""
    return found("etcd") or _unpacked("etcd-server", "usr/bin/etcd")


def kustomize() -> str:
    """Return the path of kustomize; without one, Go builds it, which takes some minutes, once."""
    return _installed("kustomize", f"sigs.k8s.io/kustomize/kustomize/v5@{KUSTOMIZE}")


def helm() -> str:
    """Return the path of Helm. A test does not wait for Go, which takes some minutes to build it."""
    return found("helm") or pytest.skip(
        "no helm: put it into the PATH, or let `make tools` build it, with Go"
    )


def built_helm() -> str:
    """Return the path of Helm; without one, Go builds it, once."""
    return _installed("helm", f"helm.sh/helm/v4/cmd/helm@{HELM}")


def _installed(program: str, package: str) -> str:
    if path := found(program):
        return path
    go = shutil.which("go")
    if not go:
        pytest.skip(f"no {program}: put it into the PATH, or install Go")
    environment = {**os.environ, "GOBIN": str(_tools()), "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"}
    command = ["nice", "-n", "5", go, "install", "-ldflags", "-s -w", package]
    with _alone(program):
        if path := found(program):
            return path  # another process has built it meanwhile
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return found(program) or pytest.skip(f"no {program}, and Go did not build it: {done.stderr[-300:]}")


def built(module: Module) -> str:
    """Return the path of a program that Go builds, once, in some minutes."""
    if path := found(module.program):
        return path
    go = shutil.which("go")
    if not go:
        pytest.skip(f"no {module.program}: put it into the PATH, or install Go")
    with _alone(module.program), TemporaryDirectory(dir=_tools()) as folder:
        if path := found(module.program):
            return path  # another process has built it meanwhile

        def run(*words: str) -> str:
            environment = {**os.environ, "GOFLAGS": "-buildvcs=false -mod=mod", "CGO_ENABLED": "0"}
            command = ["nice", "-n", "5", go, *words]
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
        new = Path(folder) / module.program
        run("build", "-ldflags", stamp, "-o", str(new), module.package)
        shutil.move(new, _tools() / module.program)
    return str(_tools() / module.program)


@contextmanager
def _alone(program: str) -> Iterator[None]:
    """Let one process at a time build it."""
    _tools().mkdir(parents=True, exist_ok=True)
    with (_tools() / f".{program}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tools() -> Path:
    return cache_dir() / "tools"


def found(name: str) -> str | None:
    """Return the path of a program that is there, in the PATH or in the cache."""
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
            if packages := list(Path(folder).glob("*.deb")):
                subprocess.run(["dpkg-deb", "-x", packages[0], folder], check=True)  # noqa: S607
                _tools().mkdir(parents=True, exist_ok=True)
                return str(shutil.copy(Path(folder) / member, str(_tools())))
    pytest.skip(how)


def main(*names: str) -> None:
    """Fetch these; `make test` does it before it starts, so that no test waits for Go."""
    every: dict[str, Callable[[], str]] = {
        "promtool": promtool,
        "etcd": etcd,
        "kustomize": kustomize,
        "helm": built_helm,
        "kube-apiserver": lambda: built(APISERVER),
    }
    for name in names or ("promtool", "kustomize", "helm"):
        try:
            sys.stderr.write(f"{every[name]()}\n")
        except pytest.skip.Exception as why:
            sys.stderr.write(f"{why}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
