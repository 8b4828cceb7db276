"""Bluesky's Jetstream over WebSocket: v1 at `/subscribe`, v2 at `/xrpc/...subscribeEvents`.

The cursor is the server's time in microseconds (v1), or the sequence number (v2). v1 continues five seconds
earlier, because events of one microsecond may be split, and servers differ a little. Repeated posts are
recognised by their ids.
"""

from collections.abc import AsyncIterator, Callable, Collection
from functools import partial
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp

from sandik.ingest.decoding.frames import MAX_EVENT_BYTES, UNDECODABLE, TooManyError, decode_json, read_value
from sandik.ingest.decoding.json_access import at, number
from sandik.ingest.escaped import without_secrets
from sandik.ingest.formats.jetstream import POSTS, convert
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik.ingest.live.errors import LostError, SourceError, connection_errors
from sandik.ingest.live.frames_zstd import BrokenFrameError, Unzstd

DEFAULT_URL = "wss://jetstream2.us-east.bsky.network/subscribe"
OVERLAP_US = 5_000_000
#: A server that sends neither events nor pongs for this long is considered gone.
HEARTBEAT_S = 20.0
#: v1 silently begins later than requested if the cursor is too old.
MAX_GAP_US = 60_000_000


class Jetstream:
    """One Jetstream server. `url` may have its own parameters, such as `wantedDids`.

    With `unzstd`, a v1 server is asked to compress; v2 always does.
    """

    def __init__(
        self,
        url: str,
        tell: Callable[[str], object],
        unzstd: Unzstd | None = None,
        include: Collection[str] = (),
    ) -> None:
        self.url = url
        self.shown = without_secrets(url)
        self._tell = tell
        self._unzstd = unzstd
        self._convert = partial(convert, include=include)
        self.is_v2 = "subscribeEvents" in url

    def overlap(self, position: int) -> int:
        """Return where to continue after this last position."""
        return position if self.is_v2 else position - OVERLAP_US

    async def read(
        self, session: aiohttp.ClientSession, position: int | None
    ) -> AsyncIterator[tuple[int | None, list[Item]]]:
        """Yield each event's position and items, from `position` on or from now.

        Raises:
            LostError: the connection is lost; continue from the last position.
            SourceError: the server refuses, or no longer has what comes after `position`.
        """
        url = self._address(position)
        with connection_errors(self.url):
            try:
                socket = await session.ws_connect(
                    url,
                    heartbeat=HEARTBEAT_S,
                    max_msg_size=MAX_EVENT_BYTES,
                    compress=15 if self.is_v2 else 0,  # v1 compresses with a dictionary instead
                )
            except aiohttp.WSServerHandshakeError as error:
                if error.status == 400 and position is not None:
                    raise SourceError(
                        f"{self.shown} no longer has what came after {position}: posts since then are "
                        "missing. Remove the cursor file to continue from now"
                    ) from error
                raise
            async with socket:
                yield position, []  # connected
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT or self._is_compressed(message):
                        event = self._event(message.data)
                        self._warn_of_gap(position, event[0])
                        position = None
                        yield event
                    elif message.type is aiohttp.WSMsgType.ERROR:
                        break
                    else:
                        yield None, [Rejected(RejectReason.NOT_JSON, f"a {message.type.name} message")]
        raise LostError(str(socket.exception() or f"the server closed it ({socket.close_code})"))

    def _warn_of_gap(self, position: int | None, first: int | None) -> None:
        if self.is_v2 or position is None or first is None or first - position < MAX_GAP_US:
            return
        gap_s = (first - position) // 1_000_000
        self._tell(f"{self.shown}: begins {gap_s} s after {position}; posts between them are missing")

    def _is_compressed(self, message: aiohttp.WSMessage) -> bool:
        return self._unzstd is not None and message.type is aiohttp.WSMsgType.BINARY

    def _event(self, data: str | bytes) -> tuple[int | None, list[Item]]:
        try:
            text = self._unzstd(data) if self._unzstd and isinstance(data, bytes) else str(data)
            value = decode_json(text.encode("utf-8", "replace"))
        except (BrokenFrameError, TooManyError, *UNDECODABLE) as error:
            return None, [Rejected(RejectReason.NOT_JSON, str(error))]
        return self._position(value), list(read_value(value, self._convert))

    def _position(self, value: object) -> int | None:
        if at(value, "$type") == "error":
            raise LostError(f"{at(value, 'error')}: {at(value, 'message')}")
        found = number(value, "payload", "seq") if self.is_v2 else number(value, "time_us")
        return None if found is None else int(found)

    def _address(self, position: int | None) -> str:
        parts = urlsplit(self.url)
        own = parse_qsl(parts.query, keep_blank_values=True)
        names = {name for name, _ in own}
        wanted = (
            [("kinds", "commit"), ("collections", POSTS)] if self.is_v2 else [("wantedCollections", POSTS)]
        )
        if self._unzstd and not self.is_v2:
            wanted.append(("compress", "true"))
        own += [(name, value) for name, value in wanted if name not in names]
        if position is not None:
            own = [(name, value) for name, value in own if name != "cursor"]
            own.append(("cursor", str(self.overlap(position))))
        return urlunsplit(parts._replace(query=urlencode(own)))
