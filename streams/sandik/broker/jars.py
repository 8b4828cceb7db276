"""Kafka's jars: fetched from Maven Central once, then offline, checked at every start.

`jars.lock` names each jar with its size and SHA-512; `make jars` writes it. The jars are in one folder with
nothing else. Hashing them takes about a tenth of a second, so every start does it: there is no record of an
earlier check that somebody could forge.
"""

import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

from sandik.broker.settings import KAFKA_VERSION
from sandik.errors import BrokerError
from sandik.files.cache_dir import cache_dir
from sandik.files.own import check_owner, open_own

LOCK = Path(__file__).with_name("jars.lock")
SAY_EVERY_S = 3.0
MISSING_EXTRA = "the embedded broker needs an extra: pip install 'sandik[broker]'"


class Jar(NamedTuple):
    """One line of jars.lock. `coordinate` is Maven's group:artifact:version."""

    sha512: str
    size_bytes: int
    coordinate: str

    @property
    def name(self) -> str:
        """The name of the file."""
        _group, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def why_not(self, path: Path) -> str | None:
        """Return why the file at `path` is not this jar; None if it is.

        Raises OSError if there is no such file, or it cannot be read.
        """
        if not stat.S_ISREG(path.lstat().st_mode):
            return "it is a link or a folder, not a file"
        with open_own(path, "rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes != self.size_bytes:
                return f"it has {size_bytes:,} bytes and not {self.size_bytes:,}"
            if hashlib.sha512(file.read()).hexdigest() != self.sha512:
                return "its SHA-512 is another"
        return None


def are_cached() -> bool:
    """Return whether all jars are in the cache, by name. If not, a start fetches them first."""
    return not _missing(cache_dir() / f"kafka-{KAFKA_VERSION}", pinned())


def pinned() -> list[Jar]:
    """Return the jars of the broker in the order of its class path."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [Jar(sha512, int(size_bytes), coordinate) for sha512, size_bytes, coordinate in rows]


def class_path() -> list[Path]:
    """Return the files of the broker's jars, each checked against jars.lock.

    Raises BrokerError if they are not in the cache and cannot be fetched, if a file differs from jars.lock,
    or if somebody else could change the files.
    """
    folder = cache_dir() / f"kafka-{KAFKA_VERSION}"
    if os.pathsep in str(folder):
        raise BrokerError(
            f"Java would read {folder} as two paths, because of the '{os.pathsep}': set SANDIK_CACHE_DIR"
        )
    jars = pinned()
    try:
        if _missing(folder, jars):
            _fetch_missing(folder, jars)
        _check(folder, jars)
    except OSError as error:
        raise BrokerError(
            f"cannot keep Kafka's jars: {error}. Set SANDIK_CACHE_DIR to another place."
        ) from error
    return [folder / jar.name for jar in jars]


def _missing(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    return [jar for jar in jars if not os.path.lexists(folder / jar.name)]


def _check(folder: Path, jars: Sequence[Jar]) -> None:
    for place in (folder.parent, folder):
        check_owner(place)
    by_name = {jar.name: jar for jar in jars}
    for path in sorted(folder.iterdir()):
        jar = by_name.get(path.name)
        why = jar.why_not(path) if jar else f"no such file belongs to Kafka {KAFKA_VERSION}"
        if why:
            raise BrokerError(
                f"{path} is not one of the jars that sandik runs: {why}. Remove the folder (rm -r {folder}) "
                "and start again: the jars are then fetched again."
            )


def _fetch_missing(folder: Path, jars: Sequence[Jar]) -> None:
    cache = folder.parent
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_owner(cache)
    with open_own(cache / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(mode=0o700, exist_ok=True)
        # Another process may have fetched them while it held the lock.
        if missing := _missing(folder, jars):
            _fetch(folder, missing)


def _fetch(folder: Path, jars: Sequence[Jar]) -> None:
    console = Console(stderr=True)
    size_mb = sum(jar.size_bytes for jar in jars) / 1e6
    console.print(
        f"Fetching Kafka {KAFKA_VERSION} ({size_mb:.0f} MB, once) from Maven Central into {folder}",
        soft_wrap=True,
    )
    try:
        with TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as unfinished:
            for jar in _with_progress(jars, console):
                _fetch_one(jar, Path(unfinished)).replace(folder / jar.name)
    except ModuleNotFoundError as error:
        raise BrokerError(MISSING_EXTRA) from error
    except BrokerError:
        raise
    except Exception as error:
        raise BrokerError(
            f"cannot fetch Kafka's jars from Maven Central into {folder}: {error}. "
            "Check the network (HTTPS_PROXY is obeyed) and the free disk space, then try again."
        ) from error


def _fetch_one(jar: Jar, into: Path) -> Path:
    path = download(jar.coordinate, into)
    if why := jar.why_not(path):
        raise BrokerError(
            f"what came as {jar.coordinate} from Maven Central is not the jar that sandik runs: {why}. It "
            "was deleted. Something on the network, such as a proxy, changes downloads: try from "
            "another network, or copy the folder of jars from another machine."
        )
    return path


def download(coordinate: str, into: Path) -> Path:
    """Fetch one artifact from Maven Central and return its path, somewhere below `into`.

    This checks nothing: jgo only warns of a wrong SHA-1.
    """
    from jgo.maven import MavenContext

    group, artifact, version = coordinate.split(":")
    maven = MavenContext(repo_cache=into, timeout=60)
    return Path(maven.project(group, artifact).at_version(version).artifact().resolve())


def _with_progress(jars: Sequence[Jar], console: Console) -> Iterator[Jar]:
    """Yield the jars and report progress on stderr: a bar on a terminal, otherwise a line now and then."""
    if console.is_terminal:
        yield from track(jars, "Jars", console=console)
        return
    said_at_s = time.monotonic()
    for done, jar in enumerate(jars):
        if time.monotonic() - said_at_s >= SAY_EVERY_S:
            said_at_s = time.monotonic()
            console.print(f"{done} of {len(jars)} jars", soft_wrap=True)
        yield jar
