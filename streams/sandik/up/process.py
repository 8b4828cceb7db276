"""One process of `sandik up`: with its own session and log. It ends when its `up` ends."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sandik.up.children import Job

#: Ends the process when `up` is gone in any way: the system then closes this watcher's stdin.
_WATCHER = 'read -r _; kill -TERM "$0" 2>/dev/null'
#: How much of the end of a log is searched for an error.
_TAIL_BYTES = 16 * 1024
_LINES, _LINE_CHARACTERS = 12, 400
#: Secrets in an address: name and password, and the query.
_SECRETS = re.compile(r"(://)(?:[^/\s@]*@)?([^\s?]*)(?:\?[^\s:,;]*)?")
#: The beginnings of final errors of commands.
_FAREWELLS = ("sandik: ", "error: ", "Error: ", "Usage: ")


class Child:
    """A process of this job. Its output is appended to `log`."""

    def __init__(self, job: Job, log: Path, keep_open: Sequence[int], answer: Path | None = None) -> None:
        self.job, self.log = job, log
        self._keep_open, self._answer = keep_open, answer
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._said_from = 0

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it. Ctrl-C in the terminal reaches only `up`, which stops processes in order."""
        self._said_from = self.log.stat().st_size if self.log.exists() else 0
        answer = self.log.open("ab") if self._answer is None else self._answer.open("wb")
        with self.log.open("ab") as log, answer as out:
            self._process = await asyncio.create_subprocess_exec(
                *command(self.job),
                env=environment(self.job, os.environ),
                stdin=None if self.job.reads_stdin else subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,
                pass_fds=self._keep_open,
            )
        self._watcher = subprocess.Popen(  # noqa: ASYNC220, S603 - a constant script, not waited for
            ["/bin/sh", "-c", _WATCHER, str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def ended(self) -> int:
        """Return its exit code once it has ended."""
        if self._process is None:
            return 0
        code = await self._process.wait()
        self._unwatch()
        return code

    async def end(self) -> None:
        """Ask it to end, wait, and kill its process group after `end_s`."""
        if self._process is None:
            return
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), self.job.end_s)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                await self._process.wait()
        self._unwatch()

    def last_words(self) -> str:
        """Return the end of its output, without older entries of the log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._said_from, self.log.stat().st_size - _TAIL_BYTES))
                return last_words(log.read().decode(errors="replace"))
        except OSError:
            return ""

    def _unwatch(self) -> None:
        # Otherwise it could signal another process with the same id later.
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.kill()
            watcher.communicate()


def command(job: Job) -> list[str]:
    """Return the command as run by this very Python."""
    return [sys.executable, "-m", "sandik", *job.arguments]


def environment(job: Job, own: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a process: ours, replaced by the job's settings in any letter case."""
    kept = {name: value for name, value in own.items() if name.upper() not in job.settings}
    return kept | dict(job.settings)


def last_words(said: str) -> str:
    """Return the final error of a command; without one, its last lines."""
    lines = [line.rstrip()[:_LINE_CHARACTERS] for line in map(_plain, said.splitlines()) if line.strip()]
    starts = [at for at, line in enumerate(lines) if line.startswith(_FAREWELLS)]
    return "\n".join(lines[starts[-1] :][:_LINES] if starts else lines[-3:])


def _plain(line: str) -> str:
    """Return a line of a log as text: workers log JSON without a terminal."""
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and found.get("event"):
            line = str(found["event"]).splitlines()[0]
    line = _SECRETS.sub(r"\1\2", line)
    return "".join(one if one.isprintable() or one == "\t" else "?" for one in line)
