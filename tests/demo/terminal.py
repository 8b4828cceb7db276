"""A real terminal for a command of ours, as the reader has one."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

CTRL_C = b"\x03"

#: `pty` in a process of its own: a fork of the tests, with all their threads, could hang.
_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


class Terminal:
    """A command at a terminal: type into it, and read what it shows."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.shown = ""

    def read_until(self, text: str) -> None:
        """Return when the text is shown. Fails if the command ends before."""
        while text not in self.shown:
            line = _pipe(self._process.stdout).readline()
            assert line, f"ended without {text!r}:\n{self.shown}"
            self.shown += line.decode()

    def type(self, keys: bytes) -> None:
        pipe = _pipe(self._process.stdin)
        pipe.write(keys)
        pipe.flush()

    def wait(self) -> int:
        """Read to the end; return the exit code."""
        self.shown += _pipe(self._process.stdout).read().decode()
        return self._process.wait()


@contextmanager
def at_a_terminal(*command: str, environment: Mapping[str, str]) -> Iterator[Terminal]:
    with subprocess.Popen(
        [sys.executable, "-c", _TERMINAL, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
    ) as process:
        try:
            yield Terminal(process)
        finally:
            process.kill()  # with it the terminal goes, and that ends what runs there


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
