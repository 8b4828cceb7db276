"""Bytes -> lines, JSON objects and events of a stream, in constant memory if the format allows it.

Everything held in memory has a limit: a line, an event, a JSON value, and the number of values in it, because
a small text can become many objects. docs/ingest.md lists the limits.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import msgspec

from sandik.counting.surrogates import decode_mended
from sandik.ingest.decoding.json_access import MissingError
from sandik.ingest.decoding.json_values import ELEMENT, TooLongError, values
from sandik.ingest.decoding.unpack import Readable
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik_schemas.post import Post

#: The longest line, frame or event. A page of X with all its includes has half a megabyte.
MAX_LINE_BYTES = 16 << 20
#: The longest event of a live source: ten times more than any seen.
MAX_EVENT_BYTES = 4 << 20
#: The longest JSON document that is one object, such as all comments of a video.
MAX_DOCUMENT_BYTES = 64 << 20
#: The most values in one document. Each takes 50 to 100 bytes in memory, even if short.
MAX_VALUES = 4_000_000

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 18
_SMALL_BYTES = 1 << 20
_SMALLEST_LINE_BYTES = 64
_ALONE_BYTES = 4
# The text before the JSON in an archive of an X account.
_ASSIGNMENT = re.compile(rb"\s*+(?:window|Grailbird)\.[\w.$]++\s*+=\s*+")
#: The errors of decoding JSON.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder().decode

#: One decoded object of a source -> its items.
Convert = Callable[[object], Iterator[Item]]


class TooManyError(ValueError):
    """A JSON text has more values than MAX_VALUES."""


def lines(source: Readable) -> Iterator[bytes]:
    """Yield the lines without their ends and without a byte order mark. The last line needs no end.

    Raises:
        TooLongError: a line is longer than MAX_LINE_BYTES; the first, which may be a whole document, than
            MAX_DOCUMENT_BYTES.
    """
    pieces: list[bytes] = []
    held = 0
    is_first = True
    limit_bytes = MAX_DOCUMENT_BYTES
    while block := source.read1(_BLOCK_BYTES):
        if is_first:
            block = block.removeprefix(BYTE_ORDER_MARK)
            is_first = False
        first, *complete = block.split(b"\n")
        if not complete:
            pieces.append(first)
            held += len(first)
            if held > limit_bytes:
                raise TooLongError(f"a line is longer than {limit_bytes >> 20} MiB: is this a text file?")
            continue
        limit_bytes = MAX_LINE_BYTES
        pieces.append(first)
        yield b"".join(pieces)
        last = complete.pop()
        yield from complete
        pieces, held = [last], len(last)
    if held:
        yield b"".join(pieces)


def json_objects(source: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (where, JSON object): one per line, or in any layout over several lines."""
    numbered = enumerate(source, start=1)
    is_first = True
    for number, line in numbered:
        if not line or line.isspace():
            continue
        bare = without_assignment(line.removeprefix(BYTE_ORDER_MARK)) if number == 1 else line
        # After the first object, only a lone bracket opens a document; other lines are broken.
        if _begins_document(bare) if is_first else len(line) <= _ALONE_BYTES and line.strip() in (b"{", b"["):
            begins = "" if is_first else f"line {number}, "
            found = values(chain([bare], (line for _, line in numbered)), MAX_DOCUMENT_BYTES)
            yield from ((begins + where, data) for where, data in found)
        else:
            yield f"line {number}", bare
        is_first = False


def without_assignment(text: bytes) -> bytes:
    """Return JSON without the `window.YTD.tweets.part0 =` before it."""
    found = _ASSIGNMENT.match(text)
    return text[found.end() :] if found else text


def _begins_document(line: bytes) -> bool:
    """Return whether the first line only opens a document, and is neither an object nor broken."""
    text = line.strip()
    if not text.startswith((b"{", b"[")):
        return False
    try:
        if text.endswith((b"}", b"]")) and _is_json(text):
            return False
    except TooManyError:
        return False  # it will be refused as a whole
    return text.endswith((b"{", b"[", b",", b":", b"}")) or text == b""


def _is_json(text: bytes) -> bool:
    try:
        decode_json(text)
    except UNDECODABLE:
        return False
    return True


def read_each(objects: Iterable[tuple[str, bytes]], convert: Convert) -> Iterator[Item]:
    """Yield the items of every object, at least one each."""
    for where, data in objects:
        yield from read_object(data, convert, where)


def read_object(data: bytes, convert: Convert, where: str = "") -> Iterator[Item]:
    """Yield the items of one JSON text."""
    try:
        value = decode_json(data)
    except TooManyError as error:
        yield Rejected(RejectReason.TOO_LARGE, str(error), where)
    except UnicodeDecodeError as error:
        yield Rejected(RejectReason.NOT_UTF8, str(error), where)
    except UNDECODABLE as error:
        yield Rejected(RejectReason.NOT_JSON, str(error), where)
    else:
        yield from read_value(value, convert, where)


def read_value(value: object, convert: Convert, where: str = "") -> Iterator[Item]:
    """Yield the items of one decoded object, or of each object in a list, with `where`."""
    is_list = isinstance(value, list) and ELEMENT not in where  # a list in a list is one record
    for number, one in enumerate(value if isinstance(value, list) and is_list else (value,), start=1):
        place = f"{where}{ELEMENT}{number}" if is_list else where
        try:
            for item in convert(one):
                yield item if isinstance(item, Post) else item._replace(where=place)
        except (MissingError, RecursionError) as error:
            yield Rejected(RejectReason.NOT_A_POST, str(error), place)


def decode_json(data: bytes) -> object:
    """Return the decoded JSON. A lone surrogate (half an emoji) becomes U+FFFD.

    Raises:
        TooManyError: it has more values than MAX_VALUES.
    """
    refuse_too_many(data)
    return decode_mended(_decode, data)[0]


def refuse_too_many(data: bytes) -> None:
    """Raise TooManyError if the JSON has more values than MAX_VALUES."""
    if len(data) > _SMALL_BYTES and data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES:
        raise TooManyError(f"more than {MAX_VALUES:,} values")


def whole(source: Readable, limit_bytes: int, advice: str) -> bytes:
    """Return everything that a source has.

    Raises:
        TooLongError: it is more than `limit_bytes`.
    """
    pieces: list[bytes] = []
    held = 0
    while block := source.read1(_BLOCK_BYTES):
        pieces.append(block)
        held += len(block)
        if held > limit_bytes:
            raise TooLongError(f"it is larger than {limit_bytes >> 20} MiB, and is read whole: {advice}")
    return b"".join(pieces)


class EventParser:
    """Parses the events of a text/event-stream, line by line. Comments are heartbeats.

    An event that is cut off at the end of the connection is dropped, as required by the standard.
    """

    def __init__(self, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._held = 0
        self._name = ""
        self._data: list[str] = []

    def feed(self, line: bytes) -> dict[str, str] | None:
        """Take one line without its end; return the event it completes, as `{"event", "payload"}`.

        Raises:
            TooLongError: the event is longer than allowed.
        """
        # An empty line takes memory too.
        self._held += len(line) + _SMALLEST_LINE_BYTES
        if self._held > self._max_bytes:
            raise TooLongError(f"an event is longer than {self._max_bytes >> 20} MiB")
        field, _, value = line.rstrip(b"\r").decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif not line.strip():
            name, data = self._name or "message", self._data
            self._name, self._data, self._held = "", [], 0
            if data:
                return {"event": name, "payload": "\n".join(data)}
        return None


def server_sent_events(source: Iterable[bytes]) -> Iterator[dict[str, str]]:
    """Yield the events in the lines of a text/event-stream."""
    parser = EventParser()
    return (event for line in source if (event := parser.feed(line)) is not None)
