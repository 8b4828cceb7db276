"""What the peers need, made on the first run: a venv of their own, and the Kafka Streams program."""

import hashlib
import os
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from bench.say import say
from sandik.broker.jvm import java

BENCH = Path(__file__).parent
ROOT = BENCH.parent
WORK_DIR = ROOT / ".sandik" / "bench"
VENV = WORK_DIR / "venv"
JAVA_DIR = WORK_DIR / "kafka-streams"
LOGS = WORK_DIR / "logs"

#: Of these, the benchmark cannot do without the first.
NEEDED = BENCH / "requirements-peers.txt"
OPTIONAL = BENCH / "requirements-bytewax.txt"


@cache
def peers_python() -> Path:
    """Return the Python of the peers' venv, made if need be.

    Its own packages come first; what it does not have it takes from sandik's venv, so that whole-job peers
    call the very same detector.
    """
    python = VENV / "bin" / "python"
    wanted = _digest(NEEDED, OPTIONAL)
    stamp = VENV / ".ready"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    say(f"Setting up the peers in {VENV.relative_to(ROOT)} (a minute, once)")
    venv.create(VENV, clear=True, with_pip=True)
    _pip_install(python, NEEDED)
    try:
        _pip_install(python, OPTIONAL)
    except subprocess.CalledProcessError:
        say("Bytewax cannot be installed with this Python: it is left out")
    [packages] = VENV.glob("lib/python*/site-packages")
    ours = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (packages / "sandik.pth").write_text("\n".join(ours) + "\n")
    stamp.write_text(wanted)
    return python


def peers_environment() -> dict[str, str]:
    """Return the variables for a process in the peers' venv, which finds sandik's own modules, too."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "streams", ROOT / "schemas")))}


@cache
def has_bytewax() -> bool:
    """Say whether Bytewax could be installed."""
    command = [str(peers_python()), "-c", "import bytewax.connectors.kafka"]
    found = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - a constant script
    return found.returncode == 0


@cache
def kafka_streams() -> Sequence[str] | None:
    """Return the command that runs the Kafka Streams program, built if need be; None when it cannot be."""
    sources = BENCH / "kafka-streams"
    stamp = JAVA_DIR / ".ready"
    wanted = _digest(sources / "pom.xml", *sorted(sources.rglob("*.java")))
    if not (stamp.is_file() and stamp.read_text() == wanted):
        if not (shutil.which("mvn") and shutil.which("javac")):
            say("No `mvn` or no `javac` on this machine: Kafka Streams is left out")
            return None
        say("Building the Kafka Streams program (Maven; half a minute, once)")
        command = ["mvn", "-q", "-B", "-f", str(sources / "pom.xml"), f"-Dbuild.dir={JAVA_DIR}", "compile"]
        built = subprocess.run(command, stdout=sys.stderr, check=False)  # noqa: S603 - our own pom
        if built.returncode:
            say("Maven failed: Kafka Streams is left out")
            return None
        stamp.write_text(wanted)
    # The Java that runs the broker, too; only the compiler is the machine's.
    options = ["-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return [str(java()), *options, "-cp", f"{JAVA_DIR / 'classes'}:{JAVA_DIR / 'lib'}/*", "Counts"]


def _pip_install(python: Path, requirements: Path) -> None:
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [str(python), *pip, "-r", str(requirements)]
    subprocess.run(command, stdout=sys.stderr, check=True)  # noqa: S603 - our own list


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a contender; settings of sandik's in the environment reach it, too."""
    return {**peers_environment(), **variables}
