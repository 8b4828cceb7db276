"""What both HTTP servers of sandik share: no client keeps the others out, fills the log or learns versions.

A request has to come within READ_S, and a client that is sent something has to take it. A server has a fixed
number of places for connections. Whoever comes when all are taken gets the place of the connection that has
waited longest without a request. One that is being answered keeps its place, however long that takes.
"""

import asyncio
import errno
import ipaddress
import logging
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
#: A client that takes nothing of what it is sent for so long has gone.
STALLED_S = 60
#: A line of a kind is logged once in so long, however often its cause occurs.
LOG_PAUSE_S = 10
#: Connections taken from the system at once, which count only when they are served.
_BACKLOG = 128
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

# aiohttp's own names its version and Python's, also in answers to what is no HTTP, which no handler sees.
aiohttp.web_response.SERVER_SOFTWARE = "sandik"  # type: ignore[attr-defined]

_log = logging.getLogger(__name__)


async def listen(app: web.Application, host: str, port: int, *, places: int, stop_s: float) -> web.AppRunner:
    """Serve `app` on `places` connections at most, fewer where the system grants a process few files.

    Returns what is running; its `cleanup` ends it, after `stop_s` at the latest.

    Raises:
        OSError: the address cannot be had. Nothing is left running.
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


def capacity(wanted: int) -> int:
    """Return how many connections a server may have that others leave files for."""
    return min(wanted, _files() // 4)


def is_local(host: str) -> bool:
    """Say whether only this machine reaches what listens on `host`, a name or an address without a port."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def addresses_this_machine(request: web.Request) -> bool:
    """Say whether a request calls the server by one of this machine's own names.

    A browser that a hostile site has led here by DNS calls it by that site's name. One without any name is no
    browser's.
    """
    host = request.headers.get("Host")
    if host is None:
        return True
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return is_local(name.removeprefix("[").removesuffix("]"))


class _Door:
    """Knows who is inside, and who of them waits: the longest first."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._inside: set[asyncio.Transport] = set()
        self._waiting: dict[asyncio.Transport, None] = {}

    def enter(self, transport: asyncio.Transport) -> None:
        self._inside.add(transport)
        self._waiting[transport] = None
        if len(self._inside) > self._places:
            # The newcomer itself, if everybody else is being answered.
            longest = next(iter(self._waiting))
            self.leave(longest)
            longest.abort()
            _log.warning(
                "all %d places for connections are taken: closing those that have waited longest without a "
                "request",
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
    """Passes on everything to aiohttp's protocol, and tells the door of it."""

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
    """Lets a line of a kind pass now and then, and what a client did wrong without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until_s: dict[str, float] = {}
        self._kept_back: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.msg, record.args = "a request is no HTTP: %s", (type(error).__name__,)
            record.exc_info = None
        kind, now_s = str(record.msg), time.monotonic()
        if now_s < self._quiet_until_s.get(kind, now_s):
            self._kept_back[kind] += 1
            return False
        self._quiet_until_s[kind] = now_s + LOG_PAUSE_S
        if kept_back := self._kept_back.pop(kind, 0):
            record.msg = f"{record.msg} ({kept_back} such lines were left out before this one)"
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
