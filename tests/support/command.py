"""Run `sandik` as a user does: a process of its own, with pipes."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tests.support.warm import start


def sandik(
    *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command to its end."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start("sandik", *arguments, environment=_merged(environment), cwd=cwd, **pipes) as process:
        try:
            output, said = process.communicate(stdin)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, output, said)


def succeed(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    """Run it likewise; fail with what it says when its exit code is not 0."""
    done = sandik(*arguments, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done


def refused(
    *arguments: str, says: str, code: int = 2, **options: Any
) -> "subprocess.CompletedProcess[bytes]":
    """Run it likewise; fail unless it ends with this exit code and says that, without a traceback."""
    done = sandik(*arguments, **options)
    said = done.stderr.decode(errors="replace")
    assert (done.returncode, says in said, "Traceback" in said) == (code, True, False), said
    return done


def start_sandik(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
) -> "subprocess.Popen[bytes]":
    """Start the command. Use as a context manager, or its pipes stay open."""
    variables = _merged(environment)
    return start(
        "sandik", *arguments, environment=variables, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr
    )


def _merged(environment: Mapping[str, str] | None) -> dict[str, str]:
    # Tests run side by side, and the default port is there but once.
    return {**os.environ, "SANDIK_OPS_PORT": "0", **(environment or {})}
