"""One process of `sandik up`: in a session of its own, with a log of its own, and never without its `up`."""

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

#: Ends it when we are gone, however that happened: the system then closes the other end of this one's stdin.
_WATCHER = 'read -r _; kill -TERM "$0" 2>/dev/null'
#: How much of the end of a log is searched for the error.
_TAIL_BYTES = 16 * 1024
_LINES, _LINE_CHARACTERS = 12, 400
#: Of an address: name and password before the host, and what is asked for after the path.
_SECRETS = re.compile(r"(://)(?:[^/\s@]*@)?([^\s?]*)(?:\?[^\s:,;]*)?")
#: How the commands begin what they end with.
_FAREWELLS = ("sandik: ", "error: ", "Error: ", "Usage: ")


class Child:
    """A process of this job. What it says goes to `log`, after what is there."""

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
        """Start it. Ctrl-C in the terminal reaches only us, and we end things in order."""
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
        """Tell it to end, wait, and kill all of its group when its time is up."""
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
        """Return what it said at the end, without what others said in the same log before."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._said_from, self.log.stat().st_size - _TAIL_BYTES))
                return last_words(log.read().decode(errors="replace"))
        except OSError:
            return ""

    def _unwatch(self) -> None:
        # Or it could signal another process that gets this id next.
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.kill()
            watcher.communicate()


def command(job: Job) -> list[str]:
    """Return the command as run by this very Python."""
    return [sys.executable, "-m", "sandik", *job.arguments]


def environment(job: Job, own: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a process: ours, and the job's settings instead of what we have in any case."""
    kept = {name: value for name, value in own.items() if name.upper() not in job.settings}
    return kept | dict(job.settings)


def last_words(said: str) -> str:
    """Return the error that a command ended with; of one that did not say any, its last lines."""
    lines = [line.rstrip()[:_LINE_CHARACTERS] for line in map(_plain, said.splitlines()) if line.strip()]
    starts = [at for at, line in enumerate(lines) if line.startswith(_FAREWELLS)]
    return "\n".join(lines[starts[-1] :][:_LINES] if starts else lines[-3:])


def _plain(line: str) -> str:
    """Return the line of a log in words: workers write JSON where there is no terminal."""
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and found.get("event"):
            line = str(found["event"]).splitlines()[0]
    line = _SECRETS.sub(r"\1\2", line)
    return "".join(one if one.isprintable() or one == "\t" else "?" for one in line)
