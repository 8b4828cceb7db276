"""Limits shared by both HTTP servers of sandik: no client can block others, fill the log or learn versions.

A request must arrive within READ_S, and a client must read its response. A server has a fixed number of
connections. When all are taken, a new connection replaces the one that has waited longest without a request.
A connection that is being answered is never replaced.
"""

import asyncio
import errno
import ipaddress
import logging
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiohttp.web_response
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

#: From the start of a connection, or the end of an answer, to the end of the next request's headers; and for
#: the rest of a request after its answer.
READ_S = 10
#: A client that reads nothing for this long is gone.
STALLED_S = 60
#: A line of one kind is logged at most once in this time.
LOG_PAUSE_S = 10
#: Backlog of connections in the system. They count only once they are served.
_BACKLOG = 128
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

# aiohttp's default names its version and Python's, even in answers to invalid HTTP, which no handler sees.
aiohttp.web_response.SERVER_SOFTWARE = "sandik"  # type: ignore[attr-defined]

_log = logging.getLogger(__name__)


async def listen(app: web.Application, host: str, port: int, *, places: int, stop_s: float) -> web.AppRunner:
    """Serve `app` on at most `places` connections, fewer if the system limits open files.

    Returns the running server; its `cleanup` ends it within `stop_s`.

    Raises:
        OSError: the address is not available. Nothing keeps running.
    """
    door = _Door(capacity(places))
    app.middlewares.insert(0, door.middleware)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_complain)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_log,
        handle_signals=False,
        keepalive_timeout=READ_S,
        lingering_time=READ_S,
        shutdown_timeout=stop_s,
    )
    await runner.setup()
    try:
        await _Site(runner, host, port, door).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner


def why_not_listening(host: str, port: int, error: OSError) -> str:
    """Return what to say to whoever has given the address when `listen` has raised this."""
    return f"cannot listen on {host}:{port}: {reason(error)}. Choose another --host or --port"


def reason(error: OSError) -> str:
    """Return why an address is not available."""
    # A name that cannot be looked up has an error number that is none of the system's.
    return str(error) if error.errno is None or error.errno < 0 else os.strerror(error.errno)


def address(host: str, runner: web.AppRunner) -> str:
    """Return where a server that runs is found, without a path."""
    return f"http://{f'[{host}]' if ':' in host else host}:{runner.addresses[0][1]}"


def capacity(wanted: int) -> int:
    """Return how many connections a server may have within the limit of open files."""
    return min(wanted, _files() // 4)


def is_local(host: str) -> bool:
    """Return whether `host`, a name or an address without a port, is reachable from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def addresses_this_machine(request: web.Request) -> bool:
    """Return whether a request names this machine in `Host`.

    With DNS rebinding, a browser sends the name of the hostile site. A request without a name is not from a
    browser.
    """
    host = request.headers.get("Host")
    if host is None:
        return True
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return is_local(name.removeprefix("[").removesuffix("]"))


class _Door:
    """Tracks open connections, and which of them wait for a request, the longest first."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._inside: set[asyncio.Transport] = set()
        self._waiting: dict[asyncio.Transport, None] = {}

    def enter(self, transport: asyncio.Transport) -> None:
        self._inside.add(transport)
        self._waiting[transport] = None
        if len(self._inside) > self._places:
            # The new connection itself, if all others are being answered.
            longest = next(iter(self._waiting))
            self.leave(longest)
            longest.abort()
            _log.warning(
                "all %d connections are in use: closing those that have waited longest without a request",
                self._places,
            )

    def leave(self, transport: asyncio.Transport) -> None:
        self._inside.discard(transport)
        self._waiting.pop(transport, None)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        transport = request.transport
        if transport is not None:
            self._waiting.pop(transport, None)
        try:
            return await handler(request)
        finally:
            if transport in self._inside:
                self._waiting[transport] = None


class _Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's protocol, and notifies the door."""

    def __init__(self, inner: asyncio.Protocol, door: _Door) -> None:
        self._inner, self._door = inner, door
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._inner.connection_made(transport)
        self._door.enter(self._transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._door.leave(self._transport)
        self._taken()
        self._inner.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._stalled = asyncio.get_running_loop().call_later(STALLED_S, self._transport.abort)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._taken()
        self._inner.resume_writing()

    def _taken(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()


class _Site(web.BaseSite):
    def __init__(self, runner: web.AppRunner, host: str, port: int, door: _Door) -> None:
        super().__init__(runner)
        self._host, self._port, self._door = host, port, door

    @property
    def name(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        await super().start()
        make = cast(Callable[[], asyncio.Protocol], self._runner.server)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(make(), self._door),
            self._host,
            self._port,
            backlog=min(_BACKLOG, _files() // 8),
        )


class _Sparing(logging.Filter):
    """Limits log lines of each kind, and logs client errors without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until_s: dict[str, float] = {}
        self._kept_back: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.msg, record.args = "invalid HTTP request: %s", (type(error).__name__,)
            record.exc_info = None
        kind, now_s = str(record.msg), time.monotonic()
        if now_s < self._quiet_until_s.get(kind, now_s):
            self._kept_back[kind] += 1
            return False
        self._quiet_until_s[kind] = now_s + LOG_PAUSE_S
        if kept_back := self._kept_back.pop(kind, 0):
            record.msg = f"{record.msg} ({kept_back} similar lines were suppressed)"
        return True


_log.addFilter(_Sparing())


def _complain(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _OUT_OF_FILES:
        _log.error("cannot take connections: %s", error.strerror)
    else:
        loop.default_exception_handler(dict(context))


def _files() -> int:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft
