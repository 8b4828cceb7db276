"""Kafka's jars: fetched from Maven Central the first time, offline ever after."""

import fcntl
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from streams.broker.settings import KAFKA_VERSION
from streams.errors import BrokerError

KAFKA = ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION)
#: Without it there is no log: Kafka's release ships this jar, but its pom does not name it.
LOG_BINDING = ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4")
SAY_EVERY_S = 3.0
MISSING_EXTRA = "the embedded broker is an extra: pip install 'sandik[broker]'"


def cache_dir() -> Path:
    """Return where jars are kept: $SANDIK_CACHE_DIR, else ~/.cache/sandik."""
    return Path(os.environ.get("SANDIK_CACHE_DIR") or Path.home() / ".cache" / "sandik").absolute()


def class_path() -> list[Path]:
    """Return the jars of the broker, all of them present on disk.

    Raises BrokerError when they are not in the cache and cannot be fetched.
    """
    cache = cache_dir()
    if jars := _saved(cache):
        return jars
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever held the lock before us may have fetched them.
            jars = _saved(cache) or _fetched(cache)
            _save(cache, jars)
    except OSError as error:
        raise BrokerError(
            f"cannot keep Kafka's jars: {error}. Set SANDIK_CACHE_DIR to another place."
        ) from error
    return jars


def _list_file(cache: Path) -> Path:
    return cache / f"kafka-{KAFKA_VERSION}.classpath"


def _saved(cache: Path) -> list[Path]:
    """Return the jars of an earlier run; none when there was none or a jar is missing."""
    try:
        # Relative paths, so that the folder can be copied to another machine or image.
        jars = [cache / line for line in _list_file(cache).read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return []
    return jars if all(jar.is_file() for jar in jars) else []


def _save(cache: Path, jars: Sequence[Path]) -> None:
    lines = "".join(f"{jar.relative_to(cache)}\n" for jar in jars)
    unfinished = _list_file(cache).with_suffix(".tmp")
    unfinished.write_text(lines, encoding="utf-8")
    unfinished.replace(_list_file(cache))


def _fetched(cache: Path) -> list[Path]:
    console = Console(stderr=True)
    console.print(
        f"Fetching Kafka {KAFKA_VERSION} (45 MB, once) from Maven Central into {cache}", soft_wrap=True
    )
    try:
        return [_downloaded(artifact) for artifact in _with_progress(_resolved(cache), console)]
    except ModuleNotFoundError as error:
        raise BrokerError(MISSING_EXTRA) from error
    except Exception as error:
        raise BrokerError(
            f"cannot fetch Kafka's jars from Maven Central into {cache}: {error}. "
            "Check the network (HTTPS_PROXY is obeyed) and the free disk space, then try again."
        ) from error


def _resolved(cache: Path) -> list[Any]:
    """Return the artifacts that Kafka needs at run time, by reading poms only."""
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    maven = MavenContext(repo_cache=cache / "maven", timeout=60)
    kafka = maven.create_dependency(Coordinate(*KAFKA, scope="compile"))
    direct, transitive = maven.resolver.resolve([kafka])
    needed = [*direct, *(found for found in transitive if found.scope in {"compile", "runtime"})]
    # Resolved together with Kafka, the binding's parent would impose an old kafka-clients on it.
    group, name, version = LOG_BINDING
    binding = maven.project(group, name).at_version(version).artifact()
    return [*(found.artifact for found in needed), binding]


def _downloaded(artifact: Any) -> Path:
    """Return the artifact's path; jgo checks the SHA-1 of what it downloads."""
    jar = Path(artifact.cached_path)
    # jgo writes in place and trusts whatever is there: a killed download would stay broken for ever.
    if jar.exists() and not zipfile.is_zipfile(jar):
        jar.unlink()
    try:
        return Path(artifact.resolve())
    except BaseException:
        jar.unlink(missing_ok=True)
        raise


def _with_progress(artifacts: Sequence[Any], console: Console) -> Iterator[Any]:
    """Yield the artifacts and say on stderr how far it is: a bar on a terminal, else a line now and then."""
    if console.is_terminal:
        yield from track(artifacts, "Jars", console=console)
        return
    said_at_s = time.monotonic()
    for done, artifact in enumerate(artifacts):
        if time.monotonic() - said_at_s >= SAY_EVERY_S:
            said_at_s = time.monotonic()
            console.print(f"{done} of {len(artifacts)} jars", soft_wrap=True)
        yield artifact
