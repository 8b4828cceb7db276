"""The data directory of `sandik up`: one `up` owns it, others join it, the next one continues in it."""

import asyncio
import fcntl
import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from sandik.broker import probe
from sandik.errors import SandikError
from sandik.files.atomic import write_whole
from sandik.files.own import open_own

_LOG_KEPT_BYTES = 10 * 1024 * 1024
_LISTENS = re.compile(rf"^listeners=PLAINTEXT://{re.escape(probe.HOST)}:(\d+),", re.MULTILINE)
_POLL_S = 0.1


class Running(msgspec.Struct):
    """What another `up` must know about the running one.

    `where` identifies its topics; `page` is None until it answers.
    """

    pid: int
    broker: str
    topic_prefix: str
    owns_broker: bool
    ops_port: int
    where: str
    page: str | None = None


class Home:
    """The folder `path` and its contents.

    kafka/       the broker's own folder, that of `sandik broker --data-dir`
    worker/      files of Faust
    logs/        the log of each process
    cursors/     cursors of live sources
    up.json      the running `up`; read.json: the files that were read to the end
    up.lock      held by the `up` that owns the folder
    up.children  held by each of its processes, also after that `up` was killed
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.kafka, self.worker, self.logs = (self.path / name for name in ("kafka", "worker", "logs"))
        self.cursors = self.path / "cursors"

    @contextmanager
    def claimed(self) -> Iterator[bool]:
        """Own the folder during the block (yields True), or yield False if another `up` does.

        Raises:
            SandikError: the folder is not writable.
        """
        try:
            for folder in (self.path, self.logs, self.cursors):
                folder.mkdir(parents=True, exist_ok=True)
            lock = open_own(self.path / "up.lock", "a+")
        except OSError as error:
            raise SandikError(
                f"cannot store data in {self.path} ({error.strerror}): choose another --data-dir"
            ) from error
        with lock:
            if not _is_had(lock):
                yield False
                return
            yield True

    def is_owned(self) -> bool:
        """Return whether an `up` runs here."""
        with self.claimed() as is_ours:
            return not is_ours

    async def vacated(self) -> IO[str]:
        """Return the lock for our processes, after those of a killed `up` are gone."""
        left = self.running()
        self.forget()  # at once: a second `up` may look at any moment
        lock = open_own(self.path / "up.children", "a+")
        while not _is_had(lock):  # noqa: ASYNC110 - only the system knows of locks
            await asyncio.sleep(_POLL_S)
        if left is not None and left.owns_broker:
            await self.broker_gone()
        return lock

    async def broker_gone(self) -> None:
        """Return when no broker runs in the folder."""
        while self.broker_port() is not None:  # noqa: ASYNC110 - only the system knows of locks
            await asyncio.sleep(_POLL_S)

    def broker_port(self) -> int | None:
        """Return the port of the broker running in the folder, even if started by hand."""
        try:
            with open_own(self.kafka / "lock", "r") as lock:
                if _is_had(lock):
                    return None
            return self.last_broker_port()
        except OSError:
            return None

    def last_broker_port(self) -> int | None:
        """Return the last port of the broker. It is reused, because users may have typed it."""
        with suppress(OSError):
            match = _LISTENS.search((self.kafka / "server.properties").read_text(encoding="ascii"))
            return int(match[1]) if match else None
        return None

    def running(self) -> Running | None:
        """Return the running `up`, if its file says so."""
        with suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode((self.path / "up.json").read_bytes(), type=Running)
        return None

    def tell(self, running: Running) -> None:
        """Write the file of the running `up`."""
        self._write("up.json", msgspec.json.encode(running))

    def forget(self) -> None:
        """Remove the file of the running `up`."""
        (self.path / "up.json").unlink(missing_ok=True)

    def cursor(self, source: str) -> Path:
        """Return the file that stores where a live source continues."""
        # A hash, because an address may hold a token.
        return self.cursors / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.json"

    def log(self, name: str) -> Path:
        """Return the log of a process. A log that is too long is moved aside."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > _LOG_KEPT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def known(self, files: Iterable[str], where: str) -> list[str]:
        """Return the files that were read to the end before and have not changed since.

        `where` identifies the topics.
        """
        before = set(self._read(where))
        return [name for name in files if (mark := _mark(name)) is not None and mark in before]

    def remember(self, files: Iterable[str], where: str) -> None:
        """Remember that the files were read to the end, into the topics `where`."""
        marks = [mark for mark in map(_mark, files) if mark is not None]
        everything = {**self._all_read(), where: sorted({*self._read(where), *marks})}
        self._write("read.json", msgspec.json.encode(everything))

    def _read(self, where: str) -> list[tuple[str, int, int]]:
        return self._all_read().get(where, [])

    def _all_read(self) -> dict[str, list[tuple[str, int, int]]]:
        with suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode(
                (self.path / "read.json").read_bytes(), type=dict[str, list[tuple[str, int, int]]]
            )
        return {}

    def _write(self, name: str, content: bytes) -> None:
        write_whole(self.path / name, content)


def _is_had(lock: IO[str]) -> bool:
    """Take the lock if it is free; return whether we have it. Closing releases it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _mark(name: str) -> tuple[str, int, int] | None:
    """Return the identity of a file: path, size in bytes, time of the last change in ns."""
    try:
        path = Path(name).resolve(strict=True)
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_size, found.st_mtime_ns
