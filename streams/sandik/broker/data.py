"""The broker's data directory: its owner, free space, formatting and log."""

import base64
import fcntl
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sandik.broker.own_files import open_own
from sandik.broker.settings import LOG4J2, SHARED_SETTINGS, server_properties
from sandik.errors import BrokerError

#: The features that a new Kafka begins with. The same for every folder of one version; `make jars` writes it.
BOOTSTRAP = Path(__file__).with_name("bootstrap.checkpoint")
MIN_FREE_BYTES = 256 * 1024 * 1024
_LOG_KEPT_BYTES = 10 * 1024 * 1024
_NO_ROOM = "No space left on device"


class DataDir:
    """`path` and what lies in it: log/ (records), server.properties, log4j2.properties, kafka.log, lock."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log_path = self.path / "kafka.log"

    @contextmanager
    def locked(self) -> Iterator[IO[str]]:
        """Hold the directory for one broker and yield the lock, for the broker to inherit and be named in.

        It lives as long as anyone has the descriptor open, so a broker keeps it even without its parent.
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

    def prepare(self, port: int, controller_port: int, extra: Mapping[str, str]) -> None:
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
            self._format(extra.get("node.id", SHARED_SETTINGS["node.id"]))

    def _format(self, node_id: str) -> None:
        """Write what `kafka-storage format` writes, without starting Java for it."""
        log = self.path / "log"
        log.mkdir(exist_ok=True)
        with open_own(log / BOOTSTRAP.name, "wb") as file:
            file.write(BOOTSTRAP.read_bytes())
        meta = {
            "version": "1",
            "cluster.id": _kafka_uuid(),
            "node.id": node_id,
            "directory.id": _kafka_uuid(),
        }
        unfinished = log / "meta.properties.new"
        with open_own(unfinished, "w", encoding="ascii") as file:
            file.writelines(f"{name}={value}\n" for name, value in meta.items())
        unfinished.rename(log / "meta.properties")  # last, and at once: what has it is formatted

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


def _kafka_uuid() -> str:
    """Return a new id as Kafka writes them: 22 characters that do not begin with a hyphen."""
    while (name := base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()).startswith("-"):
        pass
    return name
