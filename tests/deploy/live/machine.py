"""What this machine has; where it lacks something, an end with words. No check is left out in silence.

`make deploy-test` fails then. `make deploy-check`, which runs with every change and so on machines that have
less, says the words and leaves the check out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest

HERE = Path(__file__).parent
IS_LENIENT = bool(os.environ.get("SANDIK_DEPLOY_LENIENT"))


def lacks(what: str, how: str) -> NoReturn:
    """Fail, or leave out: this machine lacks something, which can be had so."""
    words = f"not checked, this machine lacks {what}: {how}"
    if IS_LENIENT:
        say(words)
        pytest.skip(words)
    pytest.fail(words, pytrace=False)


def say(words: str) -> None:
    """Tell whoever watches, past pytest's capturing."""
    assert sys.__stderr__
    sys.__stderr__.write(f"\n{words}\n")
    sys.__stderr__.flush()


def run(
    *command: str, check: bool = True, stdin: IO[bytes] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; with `check`, fail with what it said where it failed."""
    if not shutil.which(command[0]):
        lacks(command[0], f"as root, `apt-get install {PACKAGES.get(command[0], command[0])}`")
    environment = {**os.environ, "CONTAINERS_CONF": str(HERE / "containers.conf"), **options.pop("env", {})}
    done = subprocess.run(
        command, stdin=stdin, env=environment, capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0 or not check, (
        f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    )
    return done


#: Debian's packages that are not called as their programs are.
PACKAGES = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "etcd": "etcd-server",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
