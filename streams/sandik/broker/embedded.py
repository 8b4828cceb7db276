"""EmbeddedKafka: one real Apache Kafka broker on 127.0.0.1, started and stopped from Python."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sandik.broker import jvm, probe
from sandik.broker.data import DataDir
from sandik.broker.jars import class_path
from sandik.errors import BrokerError

_POLL_S = 0.1


class EmbeddedKafka:
    """One KRaft node with its data in `data_dir`; usable as a context manager.

    With port 0, the first start chooses a free port, and restarts keep it. A `data_dir` that was used
    before keeps its topics and records, whatever the ports. The broker's log is `data_dir/kafka.log`.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        controller_port: int = 0,
        heap_mb: int = 512,
        extra_config: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self.controller_port = controller_port
        self.heap_mb = heap_mb
        self.extra_config = dict(extra_config or {})
        self._data = DataDir(data_dir)
        self._jvm: jvm.Jvm | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def data_dir(self) -> Path:
        """Return the folder with all data of this broker."""
        return self._data.path

    @property
    def log_path(self) -> Path:
        """Return the broker's log."""
        return self._data.log_path

    @property
    def bootstrap_servers(self) -> str:
        """Return the address for clients. The port is known after the first start."""
        return f"{probe.HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Return the broker's process id. BrokerError if it was not started, or was stopped."""
        return self._started().pid

    @property
    def is_running(self) -> bool:
        """Return whether the broker's process runs."""
        return self._jvm is not None and self._jvm.is_running

    def start(self, deadline_s: float = 120.0) -> None:
        """Start, and return when the broker serves clients. Does nothing if it already runs.

        Raises BrokerError when a port or the data directory is taken, the directory is not writable or nearly
        full, the jars cannot be fetched, or Kafka ends or does not serve clients within `deadline_s`.
        """
        if self.is_running:
            return
        self.kill()  # a broker that ended by itself leaves its watcher behind
        jars = class_path()
        options = [f"-Xmx{self.heap_mb}m", "-XX:+ExitOnOutOfMemoryError", "-Djava.net.preferIPv4Stack=true"]
        options += ["-Dlog4j2.configurationFile=log4j2.properties"]
        command = jvm.command(jars, ["kafka.Kafka", "server.properties"], options)
        try:
            with self._data.locked() as lock:
                self._choose_ports()
                self._data.prepare(self.port, self.controller_port, self.extra_config, jars)
                self._jvm = jvm.Jvm(command, self.data_dir, self.log_path, keep_open=[lock.fileno()])
                lock.write(f"{self._jvm.pid}\n")
        except OSError as error:
            raise BrokerError(f"cannot keep Kafka's data in {self.data_dir}: {error}") from error
        try:
            self._wait_until_serving(deadline_s)
        except BaseException:  # Ctrl-C, too, must not leave it half started
            self.kill()
            raise

    def stop(self, deadline_s: float = 30.0) -> None:
        """Stop cleanly (SIGTERM), or by SIGKILL after `deadline_s`. Does nothing if it does not run."""
        self._end(signal.SIGTERM, deadline_s)

    def kill(self) -> None:
        """Kill the broker, as in a crash (SIGKILL), and wait until it has ended."""
        self._end(signal.SIGKILL, 0.0)

    def wait(self) -> str:
        """Wait until the broker ends by itself; return a message that says why."""
        self._started().wait()
        return self._data.why_it_died()

    def _started(self) -> jvm.Jvm:
        if self._jvm is None:
            raise BrokerError(f"the broker with data in {self.data_dir} is not running: start() it first")
        return self._jvm

    def _end(self, first: signal.Signals, deadline_s: float) -> None:
        ending, self._jvm = self._jvm, None
        if ending is not None:
            ending.end(first, deadline_s)

    def _choose_ports(self) -> None:
        for port in (self.port, self.controller_port):
            if port and not probe.is_free(port):
                raise BrokerError(
                    f"port {port} of {probe.HOST} is in use: stop what uses it or choose another"
                )
        self.port = self.port or probe.free_port(besides=self.controller_port)
        self.controller_port = self.controller_port or probe.free_port(besides=self.port)

    def _wait_until_serving(self, deadline_s: float) -> None:
        give_up_at_s = time.monotonic() + deadline_s
        while not probe.serves_kafka(self.port):
            if not self.is_running:
                raise BrokerError(self._data.why_it_died())
            if time.monotonic() > give_up_at_s:
                raise BrokerError(
                    f"Kafka does not answer on {self.bootstrap_servers} after {deadline_s:.0f} s; "
                    f"the end of {self.log_path}:\n{self._data.last_lines()}"
                )
            time.sleep(_POLL_S)
