"""Run `sandik` as a user does: a process of its own, with pipes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO


def sandik(
    *arguments: str,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command to its end."""
    return subprocess.run(
        _command(arguments), input=stdin, capture_output=True, env=_merged(environment), check=False, cwd=cwd
    )


def start_sandik(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
) -> "subprocess.Popen[bytes]":
    """Start the command. Use as a context manager, or its pipes stay open."""
    return subprocess.Popen(
        _command(arguments),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        env=_merged(environment),
    )


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "sandik", *arguments]


def _merged(environment: Mapping[str, str] | None) -> dict[str, str]:
    # Tests run side by side, and the default port is there but once.
    return {**os.environ, "SANDIK_OPS_PORT": "0", **(environment or {})}
