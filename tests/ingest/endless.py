"""Reads a stream that somebody made to fill the memory; prints what came of it and the most memory it took.

`python -m tests.ingest.endless NAME`, in a process of its own, for memory is never given back.
"""

import gzip
import io
import json
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, repeat

from sandik.ingest.decoding.json_values import TooLongError
from sandik.ingest.decoding.unpack import BREAKS, buffered, unpacked
from sandik.ingest.formats import Content, read_format
from sandik.ingest.formats.table import TableOptions
from sandik_schemas.post import Post

MIB = 1 << 20
_POST = b'"id":"a:1","source":"a","created_at_ms":1683828000000,"text":"oy"'
_LONG_POST = b"{" + _POST[:-3] + b"oy " * 700 + b'"},\n'
_MESSAGE = b'{"id":1,"type":"message","date_unixtime":"1683828000","from_id":"channel7","text":"%s"},' % (
    b"oy " * 300
)
_ENTRY = (
    b"<item><guid>x:1</guid><pubDate>Thu, 11 May 2023 18:00:00 GMT</pubDate><title>oy</title><description>"
    + b"oy ver " * 200
    + b"</description></item>"
)


def times(piece: bytes, size: int) -> Iterator[bytes]:
    """Yield a piece until there are `size` bytes of it."""
    block = piece * max(1, MIB // len(piece))
    return repeat(block, size // len(block) + 1)


def _tables(first: bytes, piece: bytes, size: int) -> Iterator[bytes]:
    return chain([b"id,time,text\n", first], times(piece, size), [b"\n9,1683828000,oy\n"])


#: Name -> format, and the pieces of the stream.
STREAMS: dict[str, tuple[str, Callable[[], Iterator[bytes]]]] = {
    "a line without an end": ("jsonl", lambda: chain([b"{" + _POST + b',"x":"'], times(b"x", 100 * MIB))),
    "ten million hashtags": (
        "jsonl",
        lambda: chain([b"{" + _POST + b',"hashtags":["a"'], repeat(b',"ab"' * 100_000, 100), [b"]}\n"]),
    ),
    "lists in a list": ("x", lambda: chain([b"["], times(b"[],", 60 * MIB), [b"[]]\n"])),
    "objects in an object": ("x", lambda: chain([b'{"data":['], times(b"{},", 60 * MIB), [b"{}]}\n"])),
    "an array in one line": (
        "jsonl",
        lambda: chain([b"[" + _LONG_POST.strip() * 9], times(_LONG_POST.strip(), 80 * MIB), [b"{}]"]),
    ),
    "an array over many lines": ("jsonl", lambda: chain([b"[\n"], times(_LONG_POST, 80 * MIB), [b"{}\n]\n"])),
    "an object over many lines": (
        "x",
        lambda: chain([b"{\n"], times(b'"a": "' + b"b" * 999 + b'",\n', 80 * MIB)),
    ),
    "an event without an end": (
        "mastodon",
        lambda: chain([b"event: update\n"], times(b"data: x\n", 100 * MIB)),
    ),
    "an event of empty lines": ("mastodon", lambda: chain([b"event: update\n"], times(b"data\n", 100 * MIB))),
    "a telegram archive": (
        "telegram",
        lambda: chain(
            [b'{"type":"public_channel","id":7,"messages":['], times(_MESSAGE, 100 * MIB), [b"{}]}"]
        ),
    ),
    "a telegram message without an end": (
        "telegram",
        lambda: chain([b'{"type":"public_channel","id":7,"messages":[{"text":"'], times(b"x", 100 * MIB)),
    ),
    "a chat that says at its end what it is": (
        "telegram",
        lambda: chain(
            [b'{"messages":['], times(_MESSAGE, 100 * MIB), [b'{}],"id":7,"type":"personal_chat"}']
        ),
    ),
    "a feed": ("feed", lambda: chain([b"<?xml version='1.0'?><rss><channel>"], times(_ENTRY, 100 * MIB))),
    "a large feed": (
        "feed",
        lambda: chain(
            [b"<?xml version='1.0'?><rss version='2.0'><channel>"],
            times(_ENTRY, 14 * MIB),
            [b"</channel></rss>"],
        ),
    ),
    "a row without an end": ("csv", lambda: _tables(b"1,1683828000,", b"x", 100 * MIB)),
    "a quotation mark that is not closed": (
        "csv",
        lambda: _tables(b'1,1683828000,"', b"x" * 999 + b"\n", 40 * MIB),
    ),
    "ten million hashtags in a cell": (
        "csv",
        lambda: chain([b"id,time,text,hashtags\n1,1683828000,oy,"], times(b"#a ", 30 * MIB), [b"\n"]),
    ),
    "a header without an end": ("csv", lambda: times(b"x", 100 * MIB)),
    "a row of tabs": ("tsv", lambda: chain([b"id\ttime\ttext\n"], times(b"\t", 100 * MIB))),
    "a tab-separated line": ("ira-tsv", lambda: times(b"x", 100 * MIB)),
    "a gzip bomb": ("jsonl", lambda: iter([gzip.compress(b" " * (100 * MIB))])),
    "a page of html": ("telegram-html", lambda: chain([b"<!DOCTYPE html><html>"], times(b"<b>x", 100 * MIB))),
    "a status of html": (
        "mastodon",
        lambda: chain(
            [b'{"uri":"u","created_at":"2023-05-11T18:00:00Z","account":{},"content":"'],
            times(b"<b>x", 114 * MIB),
            [b'"}'],
        ),
    ),
}


class Made:
    """A source that makes its bytes when they are asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read1(self, size: int = -1, /) -> bytes:
        """Return what comes next, at most `size` bytes."""
        self._rest = self._rest or next(self._pieces, b"")
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def read(name: str) -> Counter[str]:
    """Read a stream to its end, or as far as it is read; count what came of it."""
    form, pieces = STREAMS[name]
    stream = unpacked(buffered(Made(pieces())))
    found: Counter[str] = Counter()
    try:
        for item in read_format(form, Content(stream, io.FileIO("/dev/null"), "x", TableOptions())):
            found["post" if isinstance(item, Post) else str(item.reason)] += 1
    except (TooLongError, *BREAKS):
        found["broken_off"] += 1
    except Exception as error:  # noqa: BLE001 - a header that is none, said by its name
        found[type(error).__name__] += 1
    return found


if __name__ == "__main__":
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = dict(read(sys.argv[1]))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps({"found": told, "before_kb": before_kb, "peak_kb": peak_kb}) + "\n")
