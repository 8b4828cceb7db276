"""Programs in Java that others run beside sandik, from Maven Central: fetched once, by checksum.

`parts.lock` names each jar, as `sandik/broker/jars.lock` does Kafka's; `python -m tests.support.parts` writes
it, and needs Maven for that. They run on the Java of the embedded broker.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sandik.broker import jars as broker_jars
from sandik.broker import jvm
from sandik.broker.jars import Jar, download
from sandik.broker.settings import KAFKA_VERSION
from sandik.files.cache_dir import cache_dir
from tests.support.pin_jars import pin

LOCK = Path(__file__).with_name("parts.lock")
_CONNECT = ("mirror", "runtime", "json", "transforms")
OPENSEARCH = "3.9.0"
#: What each program is made of; what that needs is resolved.
ROOTS: Mapping[str, Sequence[str]] = {
    # Kafka Connect, with MirrorMaker 2; beside the jars of the broker.
    "connect": [f"org.apache.kafka:connect-{name}:{KAFKA_VERSION}" for name in _CONNECT],
    # A sink of Kafka Connect for databases, with PostgreSQL's driver.
    "jdbc": ["io.debezium:debezium-connector-jdbc:3.3.1.Final"],
    "opensearch": [
        *(
            f"org.opensearch:opensearch{name}:{OPENSEARCH}"
            for name in ("", "-agent-bootstrap", "-plugin-classloader")
        ),
        "org.apache.logging.log4j:log4j-core:2.25.5",
    ],
    "opensearch-http": [f"org.opensearch.plugin:transport-netty4-client:{OPENSEARCH}"],
}

#: What Maven lists; not what is for one machine alone, as `jar:linux-x86_64`.
_LISTED = re.compile(r"^ +([^: ]+):([^:]+):jar:([^:]+):(?:compile|runtime)", re.MULTILINE)


def jars(part: str) -> list[Path]:
    """Return the jars of a program, fetched if they are not in the cache; skip the test if they cannot be."""
    folder = cache_dir() / "parts" / part
    folder.mkdir(parents=True, exist_ok=True)
    found = broker_jars.class_path() if part == "connect" else []
    for jar in pinned(part):
        path = folder / jar.name
        if not path.exists():
            _fetch(jar, path)
        assert jar.why_not(path) is None, f"{path}: {jar.why_not(path)}; remove it"
        found.append(path)
    return found


def pinned(part: str) -> list[Jar]:
    """Return the jars of a program as parts.lock names them."""
    rows = [line.split() for line in LOCK.read_text(encoding="utf-8").splitlines()]
    return [Jar(row[1], int(row[2]), row[3]) for row in rows if row[0] == part]


def _fetch(jar: Jar, path: Path) -> None:
    with TemporaryDirectory(dir=path.parent) as folder:
        try:
            fetched = download(jar.coordinate, Path(folder))
        except Exception as why:  # noqa: BLE001 - whatever jgo raises: it cannot be had
            pytest.skip(f"{jar.coordinate} cannot be had from Maven Central: {why}")
        fetched.replace(path)


@contextmanager
def running(command: Sequence[str], folder: Path, **options: object) -> Iterator[Path]:
    """Run a program until the block ends; lend the file with what it says."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, **options)  # type: ignore[call-overload]
        try:
            yield log
        except BaseException:
            sys.stderr.write(log.read_text(errors="replace")[-5000:])
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def java(parts: Sequence[Path], *main: str, options: Sequence[str] = ()) -> list[str]:
    """Return the command that runs a main class of these jars."""
    return jvm.command(parts, main, ["-Xmx512m", *options])


def main() -> int:
    """Write parts.lock again, as Maven resolves it."""
    known = dict.fromkeys(("connect", "jdbc"), _artifacts(broker_jars.pinned()))
    lines = []
    for part, roots in ROOTS.items():
        with TemporaryDirectory() as folder:
            (Path(folder) / "pom.xml").write_text(_pom(roots))
            subprocess.run(
                ["mvn", "-q", "-B", "dependency:list", "-DincludeScope=runtime", "-DoutputFile=list"],  # noqa: S607
                cwd=folder,
                check=True,
            )
            listed = _LISTED.findall((Path(folder) / "list").read_text())
            for group, artifact, version in listed:
                if artifact not in known.get(part, ()):
                    jar = pin(f"{group}:{artifact}:{version}", Path(folder))
                    lines.append(f"{part} {jar.sha512} {jar.size_bytes} {jar.coordinate}\n")
            known["opensearch-http"] = {artifact for _, artifact, _ in listed}
    LOCK.write_text("".join(lines), encoding="utf-8")
    return 0


def _artifacts(found: Sequence[Jar]) -> set[str]:
    return {jar.coordinate.split(":")[1] for jar in found}


def _pom(coordinates: Sequence[str]) -> str:
    wanted = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
            *coordinate.split(":")
        )
        for coordinate in coordinates
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>it'
        "</groupId><artifactId>it</artifactId><version>1</version><dependencies>"
        f"{wanted}</dependencies></project>"
    )


if __name__ == "__main__":
    sys.exit(main())
