"""Processes of ours that need no start-up: copies of one that has imported everything.

A copy is a process like any other: it has the pipes, folder and environment that it is given, its own signals
and its own end. Only what happens before `main` is not run in it; tests of that start Python themselves.

    start("sandik", "worker", environment=…)    a process of `python -m sandik worker`
    python -m tests.support.warm FD             the one that is copied; takes orders at FD, a socket
"""

import atexit
import errno
import gc
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryFile
from typing import IO, Any, Literal, TextIO

import sandik
from sandik.run_identity import load_job
from sandik.settings import Settings

#: The process ID of a copy, then the status with which it ended.
_NUMBER = struct.Struct("i")
_ROOT = Path(__file__).parents[2]
_BORN = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # who has threads cannot be copied
_READ_AT_IMPORT = ("PYTHON", "LC_", "LANG", "FAUST_", "NO_CYTHON", "TYPER_", "TERMINAL_", "FORCE_COLOR")
_starting = threading.Lock()
_started: list[subprocess.Popen[bytes]] = []


def start(
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    stdin: int | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `python -m module`: a copy, where that is what a new Python would be with these variables."""
    command = [module, *arguments]
    popen: type[subprocess.Popen[bytes]] = Warm
    if not hasattr(os, "pidfd_open") or _of_python(environment) != _of_python(_BORN):
        command, popen = [sys.executable, "-m", *command], subprocess.Popen
    return popen(command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment, cwd=cwd)


def _of_python(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are read by a Python that starts, and by what is imported."""
    return {name: value for name, value in environment.items() if name.startswith(_READ_AT_IMPORT)}


class Warm(subprocess.Popen[bytes]):
    """A `Popen` of `python -m`, but for who is the parent. What it overrides is that the parent waits."""

    def _execute_child(self, *given: Any) -> None:
        args, (cwd, env), (stdin, _, _, stdout, _, stderr) = given[0], given[5:7], given[10:16]
        wanted = {
            "arguments": list(map(os.fspath, args)),
            "folder": os.fspath(cwd or Path.cwd()),
            "environment": dict(os.environ if env is None else env),
            "ignores_ctrl_c": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        }
        self._told, told = os.pipe()
        pipes = [fd if fd >= 0 else own for own, fd in enumerate((stdin, stdout, stderr))]
        with TemporaryFile() as request:
            request.write(json.dumps(wanted).encode())
            request.flush()
            with _starting:
                original = _original()
            socket.send_fds(original, [b"+"], [*pipes, told, request.fileno()])
            os.close(told)
            self.pid = self._number()
        self._child_created = True
        self._close_pipe_fds(*given[10:16])  # type: ignore[attr-defined]

    def _number(self) -> int:
        number: int = _NUMBER.unpack(os.read(self._told, _NUMBER.size))[0]
        return number

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if wait_flags & os.WNOHANG and not select.select([self._told], [], [], 0)[0]:
            return 0, 0
        status = self._number()
        os.close(self._told)
        return self.pid, status

    def _internal_poll(self, _deadstate: object = None) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self._wait(0)  # type: ignore[attr-defined]
        return self.returncode


@cache
def _original() -> socket.socket:
    """Return where the one that is copied takes orders. All processes of a test session share it.

    Who comes first starts it. It ends when the last of them has ended.
    """
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", os.getpid())
    address = f"\0{__name__}-{session}"  # of Linux: a name without a file
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        try:
            door.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            door.listen()
            command = [sys.executable, "-m", __name__, str(door.fileno())]
            _started.append(
                subprocess.Popen(
                    command, cwd=_ROOT, stdin=subprocess.DEVNULL, pass_fds=[door.fileno()], env=_BORN
                )
            )
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.connect(address)
    return ours


def _serve(door: socket.socket) -> str:
    """Make copies for as long as anybody may order one; in a copy, return the module that it is to run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    customers: dict[int, socket.socket] = {}
    children: dict[int, tuple[int, int]] = {}
    poll = select.poll()
    poll.register(door, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == door.fileno():
                customer, _ = door.accept()
                customers[customer.fileno()] = customer
                poll.register(customer, select.POLLIN)
                continue
            if fd in children:
                child, told = children.pop(fd)
                poll.unregister(fd)
                with suppress(BrokenPipeError):
                    os.write(told, _NUMBER.pack(os.waitpid(child, 0)[1]))
                os.close(told)
                os.close(fd)
                continue
            order, fds, _, _ = socket.recv_fds(customers[fd], 1, 5)
            if not order:
                poll.unregister(fd)
                customers.pop(fd).close()
                if not customers:
                    sys.exit()
                continue
            *pipes, told, request = fds
            child = os.fork()
            if not child:
                ours = (door.fileno(), told, *customers, *children, *(one for _, one in children.values()))
                for one in ours:
                    os.close(one)
                return _become(pipes, request)
            for given in (*pipes, request):
                os.close(given)
            os.write(told, _NUMBER.pack(child))
            pidfd = os.pidfd_open(child)
            children[pidfd] = child, told
            poll.register(pidfd, select.POLLIN)


def _become(pipes: Sequence[int], request: int) -> str:
    """Be what a new Python would be at its start; return the module that is to run."""
    with open(request, "rb") as file:
        file.seek(0)
        wanted = json.load(file)
    for own, given in enumerate(pipes):
        os.dup2(given, own)
    for given in pipes:
        os.close(given)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    time.tzset()
    os.chdir(wanted["folder"])
    sys.path[0] = wanted["folder"]
    if not wanted["ignores_ctrl_c"]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = _text(0, "rb", sys.stdin)
    sys.stdout = _text(1, "wb", sys.stdout)
    sys.stderr = _text(2, "wb", sys.stderr)
    module, *sys.argv[1:] = wanted["arguments"]
    sys.orig_argv = [sys.executable, "-m", module, *sys.argv[1:]]  # to begin anew
    return str(module)


def _text(fd: int, mode: Literal["rb", "wb"], like: Any) -> TextIO:
    """Open it as Python does at its start; `like` is what the original has."""
    is_unbuffered = like.write_through
    return TextIOWrapper(
        open(fd, mode, 0 if is_unbuffered else -1, closefd=False),
        like.encoding,
        like.errors,
        line_buffering=not is_unbuffered and (fd == 2 or os.isatty(fd)),
        write_through=is_unbuffered,
    )


def _run(module: str) -> None:
    """Run the module, and end as Python does, but free nothing: that would copy the original's memory."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        if not isinstance(end.code, int | None):  # a text, which Python prints
            raise
        code = end.code or 0
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # without a reader, a command has no stdout
            stream.flush()
    except OSError:  # which Python tells, too
        sys.exit(code)
    os._exit(code)


def _import_everything() -> None:
    """Import what any command may need, and load the models and the lexicon that ship with sandik."""
    for module in walk_packages(sandik.__path__, "sandik."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # of an extra that is not installed
                import_module(module.name)
    import_module("typer.rich_utils")
    load_job(Settings())
    gc.freeze()


if __name__ == "__main__":
    _import_everything()
    _run(_serve(socket.socket(fileno=int(sys.argv[1]))))
