"""The broker's data directory: its owner, free space, formatting and log."""

import base64
import fcntl
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sandik.broker import jvm
from sandik.broker.settings import LOG4J2, server_properties
from sandik.errors import BrokerError
from sandik.files.own import open_own

MIN_FREE_BYTES = 256 * 1024 * 1024
_LOG_KEPT_BYTES = 10 * 1024 * 1024
_NO_ROOM = "No space left on device"


class DataDir:
    """`path` and what it contains: log/ (records), server.properties, log4j2.properties, kafka.log, lock."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log_path = self.path / "kafka.log"

    @contextmanager
    def locked(self) -> Iterator[IO[str]]:
        """Reserve the directory for one broker. Yields the lock file, which the broker inherits.

        The lock holds as long as any process has it open, so a broker keeps it even without its parent.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with open_own(self.path / "lock", "a+", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                raise BrokerError(
                    f"another broker, process {lock.read().strip() or 'unknown'}, is running on {self.path}: "
                    "stop it or choose another data directory"
                ) from error
            lock.truncate(0)
            yield lock

    def prepare(
        self, port: int, controller_port: int, extra: Mapping[str, str], jars: Sequence[Path]
    ) -> None:
        """Write the configuration and format the log directory unless an earlier run did."""
        free_bytes = shutil.disk_usage(self.path).free
        if free_bytes < MIN_FREE_BYTES:
            raise BrokerError(
                f"the disk of {self.path} is full: {free_bytes // 1024**2} MB free, "
                f"Kafka needs {MIN_FREE_BYTES // 1024**2} MB to start"
            )
        if self.log_path.exists() and self.log_path.stat().st_size > _LOG_KEPT_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        properties = server_properties(port, controller_port, extra)
        for name, text in (("server.properties", properties), ("log4j2.properties", LOG4J2)):
            with open_own(self.path / name, "w", encoding="ascii") as file:
                file.write(text)
        if not (self.path / "log" / "meta.properties").exists():
            self._format(jars)

    def _format(self, jars: Sequence[Path]) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        # --ignore-formatted: an earlier run may have been interrupted while it formatted.
        main = ["kafka.tools.StorageTool", "format", "--ignore-formatted"]
        main += [f"--cluster-id={cluster_id}", "--config=server.properties"]
        done = subprocess.run(  # noqa: S603 - our own java, no shell
            jvm.command(jars, main),
            cwd=self.path,
            env=jvm.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BrokerError(f"cannot format {self.path / 'log'}:\n{done.stdout}{done.stderr}")

    def last_lines(self, count: int = 15) -> str:
        """Return the end of kafka.log, for error messages."""
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - 64 * 1024))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-count:])

    def why_it_died(self) -> str:
        """Turn the end of kafka.log into a message that says what to do."""
        lines = self.last_lines(40)
        if "Address already in use" in lines:
            return f"another program has taken one of Kafka's ports; see {self.log_path}"
        if _NO_ROOM in lines:
            return f"the disk of {self.path} is full; see {self.log_path}"
        return f"Kafka died; the end of {self.log_path}:\n{self.last_lines()}"
