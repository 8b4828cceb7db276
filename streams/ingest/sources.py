"""Files and stdin: which format, opened, and in which order they are read.

Files are read one after another in the order given. Telegram archives are the exception: neighbours among
them are merged by event time, because each covers the same months anew, and read in turn every post of the
second would be late. Compression is recognised by the file's first bytes, so any name will do.
"""

import gzip
import heapq
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

import orjson

from schemas.post import Post
from streams.errors import SandikError, UsageError

from . import ira_tsv, jsonl, telegram
from .items import Item, Unreadable

STDIN = "-"
FORMATS = ("jsonl", "telegram", "ira-tsv")

_LINE_READERS: dict[str, Callable[[Iterable[bytes]], Iterator[Item]]] = {
    "jsonl": jsonl.read,
    "ira-tsv": ira_tsv.read,
}
_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_BYTES = 65_536


@dataclass
class Source:
    """An opened source. `size_bytes` is the size on disk, None when nobody knows how much is to come."""

    name: str
    format: str
    size_bytes: int | None
    raw: io.FileIO
    buffered: io.BufferedReader

    @cached_property
    def content(self) -> io.BufferedReader:
        """The bytes, decompressed. The first access reads, and on stdin may wait."""
        if self.buffered.peek(2)[:2] != _GZIP_MAGIC:
            return self.buffered
        return io.BufferedReader(gzip.GzipFile(fileobj=self.buffered), _HEAD_BYTES)

    @property
    def shown_name(self) -> str:
        """The name to use in messages."""
        return "stdin" if self.name == STDIN else self.name

    def read_bytes(self) -> int:
        """Return how much has been taken from the disk; 0 for a pipe."""
        if self.size_bytes is None:
            return 0
        return self.size_bytes if self.raw.closed else self.raw.tell()


def open_source(name: str, format_name: str | None) -> Source:
    """Open a file, or stdin for "-", and settle its format. UsageError when either is impossible."""
    if format_name is not None and format_name not in FORMATS:
        raise UsageError(f"there is no format {format_name!r}; choose one of {', '.join(FORMATS)}")
    try:
        # Its own file object on stdin: the thread that reads it may be left blocked at exit, and
        # Python aborts when it finds sys.stdin locked then.
        raw = io.FileIO(sys.stdin.fileno(), closefd=False) if name == STDIN else io.FileIO(name)
        status = os.fstat(raw.fileno())
        size_bytes = status.st_size if stat.S_ISREG(status.st_mode) else None
        source = Source(name, format_name or "jsonl", size_bytes, raw, io.BufferedReader(raw, _HEAD_BYTES))
        if format_name is None and name != STDIN:  # looking ahead on stdin would wait for somebody to type
            found = detect(name, source.content.peek(_HEAD_BYTES))
            if found is None:
                raise UsageError(
                    f"cannot tell the format of {name}: say it with --format {'|'.join(FORMATS)}"
                )
            source.format = found
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error
    return source


def detect(name: str, head: bytes) -> str | None:
    """Return the format, from the name's ending and, where that does not decide, the first bytes; or None."""
    ending = Path(name.lower().removesuffix(".gz")).suffix
    first_line = head.removeprefix(jsonl.BYTE_ORDER_MARK).lstrip().partition(b"\n")[0]
    if ending in {".jsonl", ".ndjson"}:
        return "jsonl"
    if first_line.rstrip() == ira_tsv.HEADER:
        return "ira-tsv"
    if first_line.startswith(b"["):
        return "telegram"
    if first_line.startswith(b"{"):
        return "jsonl" if _is_post_like(first_line) else "telegram"
    return None


def _is_post_like(line: bytes) -> bool:
    """Tell an object that stands on one line with a post's fields from the first line of an export."""
    try:
        return bool({"id", "created_at_ms"} <= orjson.loads(line).keys())
    except orjson.JSONDecodeError:
        return False


def read(sources: Sequence[Source]) -> Iterator[Item]:
    """Yield the items of all sources; an Unreadable's `where` becomes FILE:LINE, or FILE:message N.

    A source that breaks off (a truncated .gz, a disk error) ends the reading with a SandikError: what was
    yielded before is good, but nobody can say what is missing.
    """
    for format_name, group in groupby(sources, key=lambda source: source.format):
        if format_name == "telegram":
            yield from heapq.merge(*(_read_one(source) for source in group), key=_event_time_ms)
        else:
            for source in group:
                yield from _read_one(source)


def _event_time_ms(item: Item) -> int:
    return item.created_at_ms if isinstance(item, Post) else 0


def _read_one(source: Source) -> Iterator[Item]:
    try:
        with source.content as content, source.raw:
            reader = _LINE_READERS.get(source.format)
            items = reader(content) if reader else telegram.read(content.read())
            for item in items:
                yield _located(item, source.shown_name) if isinstance(item, Unreadable) else item
    except (OSError, EOFError, zlib.error) as error:
        raise SandikError(
            f"{source.shown_name} breaks off: {error}. Everything before that was read."
        ) from error


def _located(item: Unreadable, name: str) -> Unreadable:
    return item._replace(where=f"{name}:{item.where.removeprefix('line ')}")
