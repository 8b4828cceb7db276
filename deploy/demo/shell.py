"""Run `sandik` as the reader would, and show each command."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, Self

from sandik.errors import SandikError

ROOT = Path(__file__).parents[2]
STOP_S = 20

Environment = dict[str, str]
Process = subprocess.Popen[bytes]


def sandik(arguments: str, environment: Environment) -> None:
    """Show a command and run it."""
    show(arguments)
    subprocess.run(command(arguments), env=environment, cwd=ROOT, check=True)


def command(arguments: str) -> list[str]:
    """Return `sandik ...`, run by this Python."""
    return [sys.executable, "-m", "sandik", *shlex.split(arguments)]


def show(arguments: str) -> None:
    """Print a command as the reader would type it."""
    print(f"$ sandik {arguments}", flush=True)


def say(text: str) -> None:
    """Print what comes next."""
    print(f"\n# {text}", flush=True)


def as_text(settings: Environment) -> str:
    """Return settings as they are written before a command."""
    return " ".join(f"{name}={value}" for name, value in settings.items())


class Up:
    """`sandik up` in the background, until the block ends.

    Its status line is redrawn in place at a terminal; elsewhere only the last one is shown.
    """

    def __init__(self, arguments: str, environment: Environment) -> None:
        show(f"up {arguments} &".replace("  ", " "))
        self._process = subprocess.Popen(
            command(f"up {arguments}"),
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches only the demo, which ends things in order
        )
        assert self._process.stdout is not None
        self._said = self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._said.close()
        self._process.wait()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def until(self, is_wanted: Callable[[str], bool], *, is_shown: bool = True) -> str:
        """Show what it says up to the line that is wanted, that line only if `is_shown`; return it.

        Raises:
            SandikError: it ended before it said so.
        """
        for line in map(bytes.decode, self._said):
            found = is_wanted(line)
            if is_shown or not found:
                _show_line(line, is_status=line.startswith("kafka ") and not found)
            if found:
                return line.strip()
        raise SandikError(f"`sandik up` ended with exit code {self._process.wait()}")

    def stop_listening(self) -> None:
        """Discard what it says from now on."""
        Thread(target=self._said.read, daemon=True).start()


def _show_line(line: str, *, is_status: bool) -> None:
    redraw = "\r\033[K" if sys.stdout.isatty() else ""
    if not is_status:
        print(f"{redraw}{line}", end="", flush=True)
    elif redraw:  # cut to one line, or the next one would not replace all of it
        width = shutil.get_terminal_size().columns - 1
        print(f"{redraw}{line.rstrip()[:width]}", end="", flush=True)


class _Job(NamedTuple):
    arguments: str
    process: Process
    log: Path


class Jobs:
    """Commands that run in the background until `stop`; their output goes to files in `logs`."""

    def __init__(self, environment: Environment, logs: Path) -> None:
        self._environment, self._logs = environment, logs
        self._jobs: list[_Job] = []

    def start(self, arguments: str, **pipes: Any) -> Process:
        """Show a command and start it."""
        show(f"{arguments} &")
        log = self._logs / f"{arguments.split()[0]}.log"
        with log.open("wb") as errors:
            # In a session of its own, so that Ctrl-C reaches only the demo, which ends things in order.
            process = subprocess.Popen(
                command(arguments),
                env=self._environment,
                cwd=ROOT,
                bufsize=0,
                start_new_session=True,
                **{"stdin": subprocess.DEVNULL, "stdout": errors, "stderr": errors, **pipes},
            )
        self._jobs.append(_Job(arguments, process, log))
        return process

    def check(self) -> None:
        """Raise SandikError, with the end of its log, when one has ended by itself."""
        for arguments, process, log in self._jobs:
            if process.poll() is not None:
                log_end = log.read_text(errors="replace").strip()[-2_000:]
                raise SandikError(
                    f"`sandik {arguments}` ended with exit code {process.returncode}: {log_end}"
                )

    def stop(self) -> None:
        """Stop all of them, the newest first."""
        for _, process, _ in reversed(self._jobs):
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
