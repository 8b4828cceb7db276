"""Write jars.lock again, from what Maven Central has: `make jars`.

For a new version of Kafka: set KAFKA_VERSION in settings.py, run it, and read the difference in review.
"""

import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sandik.broker.jars import LOCK, Jar, download
from sandik.broker.settings import KAFKA_VERSION

KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
#: Without it there is no log: Kafka's release ships this jar, but its pom does not name it. Resolved together
#: with Kafka, its parent would impose an old kafka-clients.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"

HEADER = f"""\
# Apache Kafka {KAFKA_VERSION}'s jars in the order of the class path: SHA-512, size in bytes, coordinate.
# Made by `make jars`. Do not edit: run it again.
"""


def resolve(cache: Path) -> list[str]:
    """Return the coordinates of what Kafka needs at run time, by reading poms only."""
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    maven = MavenContext(repo_cache=cache, timeout=60)
    group, artifact, version = KAFKA.split(":")
    kafka = maven.create_dependency(Coordinate(group, artifact, version, scope="compile"))
    direct, transitive = maven.resolver.resolve([kafka])
    needed = [*direct, *(found for found in transitive if found.scope in {"compile", "runtime"})]
    found = [f"{one.artifact.groupId}:{one.artifact.artifactId}:{one.artifact.version}" for one in needed]
    return [*found, LOG_BINDING]


def pin(coordinate: str, cache: Path) -> Jar:
    """Fetch one jar and return its line."""
    jar = download(coordinate, cache).read_bytes()
    return Jar(hashlib.sha512(jar).hexdigest(), len(jar), coordinate)


def main() -> int:
    """Write the file; return 0."""
    with TemporaryDirectory() as cache:
        jars = [pin(coordinate, Path(cache)) for coordinate in resolve(Path(cache))]
    lines = "".join(f"{jar.sha512} {jar.size_bytes} {jar.coordinate}\n" for jar in jars)
    LOCK.write_text(HEADER + lines, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
