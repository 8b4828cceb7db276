"""Mastodon's streams over server-sent events.

Such a stream cannot be resumed. So after every connection, posts are fetched from the timeline of the same
name, from two minutes before the newest status seen (ids follow the time of writing, and statuses of other
servers arrive late). Repeated posts are recognised by their ids. Timelines have no deletions and no edits:
those of a gap are lost; neither is counted.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import aiohttp

from sandik.ingest.decoding.frames import (
    MAX_EVENT_BYTES,
    UNDECODABLE,
    EventParser,
    TooManyError,
    decode_json,
    read_value,
)
from sandik.ingest.decoding.json_access import identifier
from sandik.ingest.decoding.json_values import TooLongError
from sandik.ingest.escaped import printable, without_secrets
from sandik.ingest.formats.mastodon import Known, convert
from sandik.ingest.items import Item, Rejected, RejectReason, quote
from sandik.ingest.live.errors import LostError, SourceError, connection_errors

STREAMS, TIMELINES = "/api/v1/streaming/", "/api/v1/timelines/"
#: Mastodon sends a heartbeat every 15 s. A stream that is silent for longer than this is considered gone.
SILENCE_S = 60.0
PAGE_STATUSES = 40
#: The most pages of the timeline that are fetched after a gap.
MAX_PAGES = 2_500
#: How late statuses of other servers may arrive and still be found after a gap.
OVERLAP_MS = 120_000


class Mastodon:
    """One stream of one server, such as https://mastodon.example/api/v1/streaming/public."""

    def __init__(
        self,
        url: str,
        token: str | None,
        tell: Callable[[str], object] = lambda _: None,
        include: Collection[str] = (),
    ) -> None:
        self.url = url
        self.shown = without_secrets(url)
        # No compression: a small answer could unpack to a very large one.
        self._headers = {"Accept-Encoding": "identity"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._known = Known()
        self._convert = partial(convert, known=self._known, include=include)
        self._tell = tell

    def overlap(self, position: int) -> int:
        """Return where to continue. An id is milliseconds shifted left by 16 bits."""
        return max(0, position - (OVERLAP_MS << 16))

    async def read(
        self, session: aiohttp.ClientSession, position: int | None
    ) -> AsyncIterator[tuple[int | None, list[Item]]]:
        """Yield each event's position and items: first those since `position`, then new ones.

        Raises:
            LostError: the connection is lost; continue from the last position.
            SourceError: the server refuses.
        """
        silence = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=SILENCE_S)
        with connection_errors(self.url):
            async with session.get(self.url, headers=self._headers, timeout=silence) as stream:
                stream.raise_for_status()
                _refuse_packed(stream)
                if stream.content_type != "text/event-stream":
                    raise SourceError(
                        f"{self.shown} is not a stream but {printable(stream.content_type)}: "
                        "pass the address of a stream, or mastodon:HOST"
                    )
                yield position, []  # connected
                if position is not None:
                    async for missed in self._missed(session, self.overlap(position)):
                        yield missed
                async for event in _events(stream.content):
                    yield self._items(event)
        raise LostError("the server closed it")

    async def _missed(
        self, session: aiohttp.ClientSession, position: int
    ) -> AsyncIterator[tuple[int | None, list[Item]]]:
        timeline = self._timeline()
        if timeline is None:
            return
        for _ in range(MAX_PAGES):
            address = f"{timeline}{'&' if '?' in timeline else '?'}" + urlencode(
                {"min_id": position, "limit": PAGE_STATUSES}
            )
            async with session.get(address, headers=self._headers) as answer:
                answer.raise_for_status()
                _refuse_packed(answer)
                try:
                    statuses = await _page(answer.content)
                except UnreadableError as error:
                    self._tell(f"{self.shown}: posts in between are missing: {error}")
                    yield None, [Rejected(RejectReason.NOT_JSON, f"timeline: {error}")]
                    return
            for status in statuses:
                yield _status_id(status) or None, list(read_value(status, self._convert))
            newest = max(map(_status_id, statuses), default=0)
            if newest <= position:
                return
            position = newest
        self._tell(f"{self.shown}: posts after {position} are missing: the timeline has no end")

    def _items(self, event: Mapping[str, str]) -> tuple[int | None, list[Item]]:
        if event["event"] not in ("update", "status.update"):
            return None, list(read_value(dict(event), self._convert))
        try:
            status = decode_json(event["payload"].encode())
        except (TooManyError, *UNDECODABLE) as error:
            return None, [Rejected(RejectReason.NOT_JSON, f"{event['event']}: {error}")]
        position = _status_id(status) if event["event"] == "update" else 0
        return position or None, list(read_value({**event, "payload": status}, self._convert))

    def _timeline(self) -> str | None:
        """Return the address of the timeline with the same posts as the stream; None if there is none."""
        parts = urlsplit(self.url)
        host, is_stream, stream = parts.path.partition(STREAMS)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        path: str | None = None
        match stream.rstrip("/").split("/"):
            case ["public"]:
                path = "public"
            case ["public", "local" | "remote" as which]:
                path, query = "public", {**query, which: "true"}
            case ["hashtag", *_] if tag := query.pop("tag", None):
                path = f"tag/{tag}"
            case ["list"] if list_id := query.pop("list", None):
                path = f"list/{list_id}"
            case ["user"]:
                path = "home"
        if not is_stream or path is None:
            return None
        return urlunsplit(parts._replace(path=f"{host}{TIMELINES}{path}", query=urlencode(query)))


class UnreadableError(Exception):
    """A page of a timeline cannot be read. The text says why."""


def _refuse_packed(answer: aiohttp.ClientResponse) -> None:
    packed = answer.headers.get("Content-Encoding", "identity")
    if packed != "identity":
        raise LostError(f"it compresses its answers ({quote(packed)}), although the request forbids it")


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[dict[str, str]]:
    parser, pieces = EventParser(MAX_EVENT_BYTES), b""
    async for chunk in content.iter_any():
        *lines, pieces = (pieces + chunk).split(b"\n")
        if len(pieces) > MAX_EVENT_BYTES:
            raise LostError("it sends an endless line")
        for line in lines:
            try:
                event = parser.feed(line)
            except TooLongError as error:
                raise LostError(str(error)) from error
            if event:
                yield event


async def _page(content: aiohttp.StreamReader) -> list[object]:
    """Return the statuses of a page, oldest first."""
    data = b""
    async for chunk in content.iter_any():
        data += chunk
        if len(data) > MAX_EVENT_BYTES:
            raise UnreadableError(f"a page of more than {MAX_EVENT_BYTES >> 20} MiB")
    try:
        page = decode_json(data)
    except (TooManyError, *UNDECODABLE) as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(page, list):
        raise UnreadableError("no list of statuses")
    return sorted(page, key=_status_id)


def _status_id(status: object) -> int:
    found = identifier(status, "id") or ""
    return int(found) if found.isdecimal() and len(found) < 20 else 0
