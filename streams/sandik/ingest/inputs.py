"""Find, open, unpack and read files and stdin, in the order given; files of a pattern by name.

The order in which posts are written is chosen by `--order` (reading.py).
"""

import glob
import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from sandik.errors import UsageError
from sandik.ingest.decoding.archives import is_archive, members
from sandik.ingest.decoding.json_values import TooLongError
from sandik.ingest.decoding.unpack import BREAKS, BUFFER_BYTES, buffered, foreign, head_of, unpacked
from sandik.ingest.formats import Content, read_format
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.formats.x_notes import Notes, has_posts_beside, notes_beside
from sandik.ingest.formats.xlsx import is_workbook
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from sandik.ingest.recognise.detect import HEAD_BYTES
from sandik.ingest.recognise.format_choice import format_named, format_of, format_or_error
from sandik_schemas.post import Post

STDIN = "-"


@dataclass
class Source:
    """A file, or stdin. `size_bytes` is the size on disk, None if it is unknown, as for a pipe.

    `format` is None if it is only known after reading: for a pipe, and for an archive of many files.
    """

    name: str
    format: str | None
    size_bytes: int | None
    options: TableOptions = field(default_factory=TableOptions)
    raw: io.FileIO | None = None
    is_read: bool = False
    #: What the format was recognised by.
    why: str = ""
    #: The long texts of its X archive.
    notes: Notes | None = None
    #: The formats found in it while reading.
    formats: set[str] = field(default_factory=set)

    @property
    def shown_name(self) -> str:
        """The name to use in messages."""
        return "stdin" if self.name == STDIN else self.name

    def read_bytes(self) -> int:
        """Return how many bytes were read from disk; 0 for a pipe."""
        if self.size_bytes is None:
            return 0
        if self.is_read:
            return self.size_bytes
        return 0 if self.raw is None or self.raw.closed else self.raw.tell()


def find(names: Sequence[str]) -> list[str]:
    """Return the names with each pattern (`dump/*.zst`) replaced by the files it matches.

    Raises:
        UsageError: a pattern matches nothing.
    """
    found: list[str] = []
    for name in names:
        if name == STDIN or not glob.has_magic(name) or Path(name).exists():
            found.append(name)
            continue
        matches = sorted(path for path in glob.glob(name, recursive=True) if Path(path).is_file())  # noqa: PTH207
        if not matches:
            raise UsageError(f"no file matches {name}")
        found += matches
    return found


def open_source(name: str, format_name: str | None, options: TableOptions | None = None) -> Source:
    """Return the file, or stdin for "-". UsageError if it cannot be read or its format is unknown.

    `format_name` is one of FORMATS, or the name of a file that describes one.
    """
    told = format_named(format_name, options or TableOptions())
    try:
        # Opened again when it is read: a pattern may match more files than can be open at once.
        with _open(name) as raw:
            status = os.fstat(raw.fileno())
            size_bytes = status.st_size if stat.S_ISREG(status.st_mode) else None
            # Peeking into a pipe may block, so the reading thread does it for pipes.
            if told.format is None and name != STDIN and size_bytes is not None:
                packed = io.BufferedReader(raw, BUFFER_BYTES)
                stream = unpacked(packed)
                _refuse_foreign(name, stream)
                if not is_archive(stream):
                    told = format_or_error(name, head_of(stream, HEAD_BYTES), told.options)
                elif stream is packed and is_workbook(raw):
                    told = told._replace(format="xlsx", why="the parts of a workbook")
    except IsADirectoryError as error:
        raise UsageError(f"cannot read {name}: it is a folder. Pass the files in it: {name}/*") from error
    except BREAKS as error:
        raise UsageError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error
    return Source(name, told.format, size_bytes, told.options, why=told.why)


def _refuse_foreign(name: str, stream: io.BufferedReader) -> None:
    if what := foreign(stream):
        raise UsageError(f"cannot read {name}: it is {what}. Unpack it, and pass the files in it")


def _open(name: str) -> io.FileIO:
    # A separate file object for stdin: the reading thread may still block at exit, and Python aborts if
    # sys.stdin is locked then.
    return io.FileIO(sys.stdin.fileno(), closefd=False) if name == STDIN else io.FileIO(name)


def read(sources: Sequence[Source]) -> Iterator[Item]:
    """Yield the items of all sources, one source after another, as by `read_one`."""
    for source in sources:
        yield from read_one(source)


def read_one(source: Source) -> Iterator[Item]:
    """Yield the items of a source. `where` of other items becomes FILE:LINE, or FILE:message N.

    A source that breaks off (a truncated .gz, a disk error) yields everything before the break, then a
    Rejected with the reason.
    """
    is_empty = True
    for item in _whole(_contents(source), source.shown_name):
        is_empty = False
        yield item
    if is_empty:
        detail = "the file is empty" if source.size_bytes == 0 else "nothing in it is a post"
        yield Rejected(RejectReason.NO_POSTS, detail, source.shown_name)
    source.is_read = True


def _whole(items: Iterator[Item], shown: str) -> Iterator[Item]:
    """Yield the items, and a Rejected if their source breaks off."""
    posts = 0
    item: Item | None = None
    try:
        for item in items:
            posts += isinstance(item, Post)
            yield item
    except (*BREAKS, TooLongError) as error:
        if isinstance(item, Rejected) and item.reason is RejectReason.BROKEN_OFF:
            return  # the last file of an archive: its break was reported already
        detail = f"breaks off after {posts:,} posts: {error}. What follows is missing"
        yield Rejected(RejectReason.BROKEN_OFF, detail, shown)


def _contents(source: Source) -> Iterator[Item]:
    with _open(source.name) as raw, io.BufferedReader(raw, BUFFER_BYTES) as packed:
        source.raw = raw
        stream = unpacked(packed)
        _refuse_foreign(source.shown_name, stream)
        is_plain = stream is packed
        if source.size_bytes is not None:
            source.notes = notes_beside(source.name)
        if is_archive(stream) and not (is_plain and raw.seekable() and is_workbook(raw)):
            yield from _read_archive(source, raw, stream, is_plain=is_plain)
        else:
            yield from _read_stream(source, raw, stream, source.name, source.format, source.options)


def _read_archive(
    source: Source, raw: io.FileIO, stream: io.BufferedReader, *, is_plain: bool
) -> Iterator[Item]:
    for member in members(stream, raw if is_plain else None):
        name = f"{source.shown_name}!{member.name}"
        if member.bytes is None:
            yield Rejected(RejectReason.NOT_UNPACKED, member.problem, name)
            continue
        format_name, options = source.format, source.options
        content = member.bytes
        if format_name is None:
            head = head_of(content, HEAD_BYTES)
            format_name, options, _ = format_of(member.name, head, options)
            content = _with_head(head, content)
        if format_name == "x" and has_posts_beside(source.name, member.name):
            yield Skipped(SkipReason.OTHER_FILE, "the long texts of posts in tweets.js", name)
        elif format_name is None or format_name == "parquet":
            yield Skipped(SkipReason.OTHER_FILE, "no posts, or their format cannot be told", name)
        else:
            yield from _whole(_read_stream(source, raw, content, name, format_name, options), name)


def _read_stream(
    source: Source,
    raw: io.FileIO,
    stream: io.BufferedReader,
    name: str,
    format_name: str | None,
    options: TableOptions,
) -> Iterator[Item]:
    shown = source.shown_name if name == STDIN else name
    if format_name is None:
        head = stream.read1(HEAD_BYTES)
        while head and b"\n" not in head and len(head) < HEAD_BYTES and (more := stream.read1(HEAD_BYTES)):
            head += more
        told = format_or_error(shown, head, options)
        format_name, options = str(told.format), told.options
        stream = _with_head(head, stream)
    source.formats.add(format_name)
    if format_name == "x" and name == source.name and has_posts_beside(name, None):
        yield Skipped(SkipReason.OTHER_FILE, "the long texts of posts in tweets.js", shown)
        return
    stem = PurePath(shown.rpartition("!")[2]).name.partition(".")[0] or "table"
    for item in read_format(format_name, Content(stream, raw, stem, options, source.notes)):
        if isinstance(item, Post):
            yield item
        else:
            yield item._replace(where=f"{shown}:{item.where.removeprefix('line ')}")


class _Rewound:
    """The bytes that were read ahead, then the rest."""

    def __init__(self, head: bytes, rest: io.BufferedReader) -> None:
        self._head = head
        self._rest = rest

    def read1(self, size: int = -1, /) -> bytes:
        taken, self._head = self._head[:size], self._head[size:]
        return taken or self._rest.read1(size)


def _with_head(head: bytes, rest: io.BufferedReader) -> io.BufferedReader:
    return buffered(_Rewound(head, rest))
