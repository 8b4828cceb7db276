"""Files and stdin: found, opened, unpacked, and read one after another, in the order given.

Those of a pattern are read by name. In which order their posts are written is another matter: see `order`.
"""

import glob
import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from schemas.post import Post
from streams.errors import SandikError, UsageError

from .detect import HEAD_BYTES, detect
from .formats import FORMATS, READERS, Content
from .formats.table import TableOptions
from .frames import TooLongError
from .items import Item, Skipped, SkipReason
from .unpack import BREAKS, BUFFER_BYTES, is_zip, members, unpacked

STDIN = "-"


@dataclass
class Source:
    """A file, or stdin. `size_bytes` is the size on disk, None when nobody knows how much is to come.

    `format` is None where it can only be told by reading: of a pipe, and of an archive of many files.
    """

    name: str
    format: str | None
    size_bytes: int | None
    options: TableOptions = field(default_factory=TableOptions)
    raw: io.FileIO | None = None
    is_read: bool = False
    #: The formats that were found in it, when it is read.
    formats: set[str] = field(default_factory=set)

    @property
    def shown_name(self) -> str:
        """The name to use in messages."""
        return "stdin" if self.name == STDIN else self.name

    def read_bytes(self) -> int:
        """Return how much has been taken from the disk; 0 for a pipe."""
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
    """Return the file, or stdin for "-". UsageError when it cannot be read or nobody can tell its format."""
    if format_name is not None and format_name not in FORMATS:
        raise UsageError(f"there is no format {format_name!r}; choose one of {', '.join(FORMATS)}")
    try:
        # Opened again when its turn comes: a pattern may match more files than may be open at once.
        with _open(name) as raw:
            status = os.fstat(raw.fileno())
            size_bytes = status.st_size if stat.S_ISREG(status.st_mode) else None
            # Looking ahead in a pipe would wait for somebody to write, so there the reading thread does it.
            if format_name is None and name != STDIN and size_bytes is not None:
                buffered = io.BufferedReader(raw, BUFFER_BYTES)
                if not is_zip(buffered):
                    format_name = _detected(name, unpacked(buffered).read(HEAD_BYTES))
    except BREAKS as error:
        raise UsageError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error
    return Source(name, format_name, size_bytes, options or TableOptions())


def _open(name: str) -> io.FileIO:
    # Its own file object on stdin: the thread that reads it may be left blocked at exit, and Python aborts
    # when it finds sys.stdin locked then.
    return io.FileIO(sys.stdin.fileno(), closefd=False) if name == STDIN else io.FileIO(name)


def _detected(name: str, head: bytes) -> str:
    found = detect(name, head)
    if found is not None:
        return found
    if not head.strip():
        return "jsonl"  # nothing in it, in any format
    raise UsageError(f"cannot tell the format of {name}: say it with --format {'|'.join(FORMATS)}")


def read(sources: Sequence[Source]) -> Iterator[Item]:
    """Yield the items of all sources, one source after another, as `read_one` does."""
    for source in sources:
        yield from read_one(source)


def read_one(source: Source) -> Iterator[Item]:
    """Yield the items of a source; `where` of what is no post becomes FILE:LINE, or FILE:message N.

    One that breaks off (a truncated .gz, a disk error) ends the reading with a SandikError: what was yielded
    before is good, but nobody can say what is missing.
    """
    try:
        with _open(source.name) as raw, io.BufferedReader(raw, BUFFER_BYTES) as buffered:
            source.raw = raw
            if is_zip(buffered):
                yield from _read_zip(source, raw)
            else:
                yield from _read_stream(source, raw, unpacked(buffered), source.name, source.format)
    except (*BREAKS, TooLongError) as error:
        raise SandikError(
            f"{source.shown_name} breaks off: {error}. Everything before that was read."
        ) from error
    source.is_read = True


def _read_zip(source: Source, raw: io.FileIO) -> Iterator[Item]:
    if not raw.seekable():
        raise UsageError("a zip archive is read from its end: give the file by its name, not through a pipe")
    raw.seek(0)
    for member, packed in members(raw):
        name = f"{source.name}!{member}"
        stream = unpacked(packed)
        format_name = source.format
        if format_name is None:
            head = stream.read(HEAD_BYTES)
            format_name = detect(member, head)
            stream = _with_head(head, stream)
        if format_name is None or format_name == "parquet":
            yield Skipped(SkipReason.OTHER_FILE, "no posts, or their format cannot be told", name)
        else:
            yield from _read_stream(source, raw, stream, name, format_name)


def _read_stream(
    source: Source, raw: io.FileIO, stream: io.BufferedReader, name: str, format_name: str | None
) -> Iterator[Item]:
    shown = source.shown_name if name == STDIN else name
    if format_name is None:
        head = stream.read1(HEAD_BYTES)
        while head and b"\n" not in head and len(head) < HEAD_BYTES and (more := stream.read1(HEAD_BYTES)):
            head += more
        format_name = _detected(shown, head)
        stream = _with_head(head, stream)
    source.formats.add(format_name)
    stem = PurePath(shown.rpartition("!")[2]).name.partition(".")[0] or "table"
    for item in READERS[format_name](Content(stream, raw, stem, source.options)):
        if isinstance(item, Post):
            yield item
        else:
            yield item._replace(where=f"{shown}:{item.where.removeprefix('line ')}")


class _Rewound(io.RawIOBase):
    """A head that was read ahead, and then what follows it."""

    def __init__(self, head: bytes, rest: io.BufferedReader) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        taken = self._head[: len(into)] or self._rest.read1(len(into))
        self._head = self._head[len(into) :]
        into[: len(taken)] = taken
        return len(taken)


def _with_head(head: bytes, rest: io.BufferedReader) -> io.BufferedReader:
    return io.BufferedReader(_Rewound(head, rest), BUFFER_BYTES)
