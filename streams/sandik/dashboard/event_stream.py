"""`/api/stream`: server-sent events that carry what has changed, to any number of readers at any speed.

There is no queue. A reader is told what has changed since the version it has, and what a slow one misses in
the meantime is in its next event; so it costs no memory and holds up nobody. One that is so far behind that
too much has changed is told to start again. `Last-Event-ID` is a version, so a lost connection loses nothing.
"""

import asyncio
from socket import SO_SNDBUF, SOL_SOCKET

import msgspec
from aiohttp import web

from sandik.dashboard.service import Board
from sandik.errors import UsageError
from sandik.figures.live_counts import Version
from sandik.figures.rollup import Query

#: Events of one reader are at least this far apart: what changes in between comes together.
_PAUSE_S = 0.5
#: A status comes at least so often, which also tells a living connection from a dead one.
_HEARTBEAT_S = 10.0
#: A reader that takes nothing for so long has gone.
_WRITE_S = 60.0
#: What the connection may hold that the reader has not taken yet.
_BUFFER_BYTES = 65_536


class Ended(Exception):  # noqa: N818 - no error: the reader has to begin anew, or the dashboard stops
    """The stream is over."""


async def stream(
    request: web.Request, board: Board, query: Query, headers: dict[str, str], stopping: asyncio.Event
) -> web.StreamResponse:
    """Answer with events until the reader goes or the dashboard stops."""
    # A proxy such as nginx would hold events back until they fill its buffer.
    own = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers={**headers, **own})
    await response.prepare(request)
    if request.transport is not None:
        request.transport.set_write_buffer_limits(high=_BUFFER_BYTES)
        # Left to itself, the system's own buffer for a reader who does not read grows to megabytes.
        request.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, _BUFFER_BYTES)
    wanted = request.headers.get("Last-Event-ID") or request.query.get("since")
    version = Version.parse(wanted) if wanted else board.model.version
    status = _Status(response, board)
    try:
        while not stopping.is_set():
            async with asyncio.timeout(_WRITE_S):
                version = await _send_changes(response, board, query, version)
                await status.send()
            await asyncio.sleep(_PAUSE_S)
            if board.model.version == version:
                await board.wait(_HEARTBEAT_S)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    except (Ended, ConnectionError):
        pass
    return response


async def _send_changes(
    response: web.StreamResponse, board: Board, query: Query, version: Version | None
) -> Version:
    now = board.model.version
    if version == now:
        return now
    try:
        data = _changes(board, query, version)
    except UsageError as error:
        reason = msgspec.json.encode({"reason": str(error)})
        await response.write(b"event: reset\nid: %s\ndata: %s\n\n" % (str(now).encode(), reason))
        raise Ended from error
    await response.write(b"event: rows\nid: %s\ndata: %s\n\n" % (str(now).encode(), data))
    return now


def _changes(board: Board, query: Query, version: Version | None) -> bytes:
    now = board.model.version
    if version is None or version.epoch != now.epoch or version.number > now.number:
        raise UsageError("this dashboard never had this version")
    return board.changes_answer(query, version.number)


class _Status:
    """Sends the status when it says something new, and as a sign of life."""

    def __init__(self, response: web.StreamResponse, board: Board) -> None:
        self._response, self._board = response, board
        self._told: bytes | None = None
        self._at_s = 0.0

    async def send(self) -> None:
        status, now_s = self._board.status(), asyncio.get_running_loop().time()
        news = msgspec.json.encode(msgspec.structs.replace(status, now_ms=0))
        if news != self._told or now_s - self._at_s >= _HEARTBEAT_S:
            self._told, self._at_s = news, now_s
            await self._response.write(b"event: status\ndata: %s\n\n" % msgspec.json.encode(status))
