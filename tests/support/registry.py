"""A real schema registry: Apicurio's, as one archive from Maven Central, with its records in memory."""

import hashlib
import json
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from sandik.broker import jvm, probe
from sandik.files.cache_dir import cache_dir
from tests.support.parts import running

ARCHIVE = "io.apicurio:apicurio-registry-app:3.3.3"
SHA512 = (
    "dd081e0bb14bb94ac9806eb768667b10a7292a8a75a81cbbfec1c99d920bc356"
    "97fc5e567d74b7bf94a0105648b90480842822959815d2965e0dc6c9524c92d3"
)
START_S = 300.0


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Lend the address of its API that is like Confluent's."""
    port, management = probe.free_port(), probe.free_port()
    options = [f"-Dquarkus.http.port={port}", "-Dquarkus.http.host=127.0.0.1"]
    options += [f"-Dquarkus.management.port={management}", "-Dquarkus.management.host=127.0.0.1"]
    command = [str(jvm.java()), "-Xmx512m", *options, "-jar", str(_unpacked() / "quarkus-run.jar")]
    url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    with running(command, folder) as log:
        give_up_s = time.monotonic() + START_S
        while True:
            try:
                get(f"{url}/subjects")
                break
            except OSError:
                assert time.monotonic() < give_up_s, log.read_text()[-3000:]
                time.sleep(0.5)
        yield url


def get(url: str) -> Any:
    """Return what an address answers."""
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - a test's own
        return json.load(answer)


def _unpacked() -> Path:
    folder = cache_dir() / "parts" / "registry"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as new:
        archive = _fetched(Path(new))
        found = hashlib.sha512(archive.read_bytes()).hexdigest()
        assert found == SHA512, f"{ARCHIVE} is another: {found}"
        with tarfile.open(archive) as files:
            files.extractall(Path(new) / "it", filter="data")
        (Path(new) / "it").rename(folder)
    return folder


def _fetched(folder: Path) -> Path:
    from jgo.maven import MavenContext

    group, artifact, version = ARCHIVE.split(":")
    project = MavenContext(repo_cache=folder, timeout=60).project(group, artifact).at_version(version)
    try:
        return Path(project.artifact(classifier="all", packaging="tar.gz").resolve())
    except Exception as why:  # noqa: BLE001 - whatever jgo raises: it cannot be had
        pytest.skip(f"{ARCHIVE} cannot be had from Maven Central: {why}")
