"""`sandik up` as a process, and all processes that it has started."""

import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import msgspec
import psutil

from sandik.kafka.topics import COUNTS
from sandik.up.data_dir import Home, Running
from tests.support.kafka import wait_until
from tests.support.lexicons import SMALL
from tests.support.workers import Follower

#: Only a hang takes so long.
DEADLINE_S = 200
FIRST_MS = 1_683_800_040_000


class Up:
    """One `sandik up`. What it says is collected as it comes."""

    def __init__(self, process: "subprocess.Popen[bytes]", data_dir: Path, mark: str) -> None:
        self.process, self.home, self.mark = process, Home(data_dir), mark
        self._out: list[str] = []
        self._said: list[str] = []
        self._readers = [
            Thread(target=_collect, args=(pipe, lines), daemon=True)
            for pipe, lines in ((process.stdout, self._out), (process.stderr, self._said))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def said(self) -> str:
        return "".join(self._said)

    @property
    def out(self) -> str:
        return "".join(self._out)

    @property
    def running(self) -> Running:
        running = self.home.running()
        assert running is not None
        return running

    async def until_said(self, text: str, since: int = 0) -> None:
        def is_said() -> bool:
            assert self.process.poll() is None or text in self.said[since:], self.said
            return text in self.said[since:]

        await wait_until(is_said, DEADLINE_S, f"{text!r} is said")

    async def counts(self) -> dict[tuple[int, str], tuple[int, int]]:
        """Return (count, late) of each window and language."""
        async with Follower(self.running.broker, f"{self.running.topic_prefix}{COUNTS}") as follower:
            await follower.read()
        return {
            (one.window_start_ms, one.language): (one.count, one.late_count)
            for one in follower.latest.values()
            if one.tag == "all"
        }

    async def counted(self, posts: int) -> dict[tuple[int, str], tuple[int, int]]:
        """Return the counts as soon as there are so many posts in them."""
        found: dict[tuple[int, str], tuple[int, int]] = {}

        async def are_counted() -> bool:
            nonlocal found
            found = await self.counts()
            return sum(count for count, _ in found.values()) == posts

        await wait_until(are_counted, DEADLINE_S, f"{posts} posts are counted")
        return found

    def process_of(self, command: str) -> psutil.Process:
        """Return the process of this command, such as `worker`."""
        found = [one for one in processes(self.mark) if one.cmdline()[1:4] == ["-m", "sandik", command]]
        assert len(found) == 1, found
        return found[0]

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the signal; return the exit code once all that it says is here."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(DEADLINE_S)
        for reader in self._readers:
            reader.join(DEADLINE_S)
        return code


@contextmanager
def up(
    data_dir: Path, *arguments: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[Up]:
    """Start it; whatever is left of it at the end is killed."""
    mark = uuid.uuid4().hex
    own = {
        "SANDIK_OPS_PORT": "0",
        "SANDIK_LEXICON": str(SMALL),  # loads in no time
        "UP_TEST": mark,
        "PYTHONPATH": str(Path.cwd()),
        **(environment or {}),
    }
    command = [sys.executable, "-m", "sandik", "up", *arguments, "--data-dir", str(data_dir)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **own},
        cwd=cwd,
    )
    one = Up(process, data_dir, mark)
    try:
        yield one
    finally:
        for left in [process, *processes(mark)]:
            with suppress(psutil.Error):
                left.kill()
        one.wait()


def processes(mark: str) -> Sequence[psutil.Process]:
    """Return all processes with this mark in their environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("UP_TEST") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def archive(path: Path, ids: Sequence[int], noise_bytes: int = 0) -> Path:
    """Write posts, a second apart, each with so much in its text that cannot be compressed."""
    noise = random.Random(1)
    posts = [
        {
            "id": f"t:{one}",
            "source": "t",
            "created_at_ms": FIRST_MS + 1_000 * one,
            "text": f"oy ver {noise.randbytes(noise_bytes).hex()}",
        }
        for one in ids
    ]
    path.write_bytes(b"".join(msgspec.json.encode(post) + b"\n" for post in posts))
    return path


def _collect(pipe: Iterator[bytes], lines: list[str]) -> None:
    for line in pipe:
        lines.append(line.decode())
