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

from bench.progress import say
from sandik.broker.jvm import java

BENCH = Path(__file__).parent
ROOT = BENCH.parent
WORK_DIR = ROOT / ".sandik" / "bench"
VENV = WORK_DIR / "venv"
LOGS = WORK_DIR / "logs"

#: Of these, the benchmark cannot do without the first.
NEEDED = BENCH / "requirements-peers.txt"
OPTIONAL = BENCH / "requirements-bytewax.txt"
#: Each has a venv of its own, of hundreds of megabytes.
FLINK = BENCH / "requirements-flink.txt"
SPARK = BENCH / "requirements-spark.txt"
PATHWAY = BENCH / "requirements-pathway.txt"
#: Flink and Spark look into Java's own classes, which later Javas do not allow unasked.
OPEN = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (
        *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio"),
        *("java.time", "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch"),
    )
]


@cache
def peers_python() -> Path:
    """Return the Python of the peers' venv, made if need be.

    Its own packages come first; what it does not have it takes from sandik's venv, so that whole-job peers
    call the very same detector.
    """
    python = _venv(VENV, {NEEDED: True, OPTIONAL: False})
    return python or sys.exit("the benchmark needs these packages itself")


@cache
def own_python(requirements: Path) -> Path | None:
    """Return the Python of a venv that a peer has to itself, made if need be; None when it cannot be had."""
    return _venv(WORK_DIR / requirements.stem, {requirements: True})


def _venv(folder: Path, lists: Mapping[Path, bool]) -> Path | None:
    """Return the Python of a venv with these packages; None when one that is needed cannot be had."""
    python, stamp, wanted = folder / "bin" / "python", folder / ".ready", _digest(*lists)
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    say(f"Setting up {folder.relative_to(ROOT)} (some minutes, once)")
    venv.create(folder, clear=True, with_pip=True)
    for requirements, is_needed in lists.items():
        try:
            _pip_install(python, requirements)
        except subprocess.CalledProcessError:
            say(f"{requirements.name} cannot be installed with this Python: its contenders are left out")
            if is_needed:
                return None
    [packages] = folder.glob("lib/python*/site-packages")
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
    if (built := _built("kafka-streams")) is None:
        return None
    # The Java that runs the broker, too; only the compiler is the machine's.
    options = ["-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return [str(java()), *options, "-cp", f"{built / 'classes'}:{built / 'lib'}/*", "Counts"]


@cache
def flink_sql() -> Sequence[str] | None:
    """Return the command that runs the Flink SQL program, likewise. It needs all of Java: the machine's."""
    if (built := _built("flink")) is None or (found := shutil.which("java")) is None:
        return None
    options = ["-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", *OPEN]
    return [found, *options, "-cp", f"{built / 'classes'}:{built / 'lib'}/*", "FlinkCounts"]


@cache
def pyflink() -> Sequence[str] | None:
    """Return the command that runs the PyFlink program; None when it cannot be had."""
    built, python = _built("flink"), own_python(FLINK)
    if built is None or python is None:
        return None
    return [str(python), "-m", "bench.programs.flink_counts", str(built / "lib")]


@cache
def spark() -> Sequence[str] | None:
    """Return the command that runs the Spark program; None when it cannot be had."""
    connector = _built("spark")
    if shutil.which("java") is None or connector is None or (python := own_python(SPARK)) is None:
        return None
    return [str(python), "-m", "bench.programs.spark_counts", str(connector / "lib")]


@cache
def pathway() -> Sequence[str] | None:
    """Return the command that runs the Pathway program; None when it cannot be had."""
    python = own_python(PATHWAY)
    return None if python is None else [str(python), "-m", "bench.programs.pathway_counts"]


def _built(name: str) -> Path | None:
    """Build the Maven project of that name if need be; return where classes/ and lib/ are, or None."""
    sources, built_dir = BENCH / name, WORK_DIR / name
    stamp = built_dir / ".ready"
    wanted = _digest(sources / "pom.xml", *sorted(sources.rglob("*.java")))
    if not (stamp.is_file() and stamp.read_text() == wanted):
        if not (shutil.which("mvn") and shutil.which("javac")):
            say(f"No `mvn` or no `javac` on this machine: {name} is left out")
            return None
        say(f"Building {name} (Maven; half a minute, once)")
        command = ["mvn", "-q", "-B", "-f", str(sources / "pom.xml"), f"-Dbuild.dir={built_dir}", "compile"]
        built = subprocess.run(command, stdout=sys.stderr, check=False)  # noqa: S603 - our own pom
        if built.returncode:
            say(f"Maven failed: {name} is left out")
            return None
        stamp.write_text(wanted)
    return built_dir


def _pip_install(python: Path, requirements: Path) -> None:
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [str(python), *pip, "-r", str(requirements)]
    subprocess.run(command, stdout=sys.stderr, check=True)  # noqa: S603 - our own list


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a contender; settings of sandik's in the environment reach it, too."""
    return {**peers_environment(), **variables}
