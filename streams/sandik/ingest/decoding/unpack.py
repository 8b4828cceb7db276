"""Compressed files, recognised by their first bytes, not by name: gzip, zstd, bzip2, xz.

For a broken or cut-off file, everything before the break is returned, then the error is raised. UTF-16 and
UTF-32 with a byte order mark become UTF-8.
"""

import bz2
import codecs
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BUFFER_BYTES = 1 << 18
#: The errors of reading a broken or truncated file.
BREAKS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile)
#: How many layers of compression are opened. No honest file has more.
MAX_LAYERS = 4

# Reddit dumps use a window of 2 GiB, which is refused by default.
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 31}
_UNPACKERS: tuple[tuple[bytes, Callable[[Any], Any]], ...] = (
    (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream)),
    (b"\x28\xb5\x2f\xfd", lambda stream: zstd.ZstdFile(stream, options=_ZSTD_OPTIONS)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
#: UTF-32 first: its mark begins with the mark of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x04\x22\x4d\x18", "packed by lz4"),
    (b"\xff\x06\x00\x00sNaPpY", "packed by snappy"),
    (b"LZIP", "packed by lzip"),
    (b"\x1f\x9d", "packed by compress"),
)


class Readable(Protocol):
    """Can be read in pieces, each as soon as it is available."""

    def read1(self, size: int = ..., /) -> bytes: ...  # noqa: D102


class Steady(io.RawIOBase):
    """Reads a source piece by piece, so that nothing before an error is lost.

    Reading after an error raises it again: some unpackers would report the end of the source.
    """

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._error: Exception | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        """Fill `into` with the next bytes of the source; return 0 at its end."""
        if self._error is not None:
            raise self._error
        try:
            taken = self._source.read1(len(into))
        except BREAKS as error:
            self._error = error
            raise
        into[: len(taken)] = taken
        return len(taken)


def buffered(source: Readable) -> io.BufferedReader:
    """Return the source with a buffer, for peeking."""
    return io.BufferedReader(Steady(source), BUFFER_BYTES)


def begins(stream: "io.BufferedReader[Any]", size: int) -> bytes:
    """Return the first bytes of a stream without consuming them; empty if it breaks off before."""
    try:
        return stream.peek(size)[:size]
    except BREAKS:
        return b""  # the next read raises the error


def unpacked(stream: "io.BufferedReader[Any]") -> "io.BufferedReader[Any]":
    """Return the stream, decompressed if it is compressed, and in UTF-8 if it is UTF-16 or UTF-32."""
    for _ in range(MAX_LAYERS):
        magic = begins(stream, 6)
        unpacker = next((make for first, make in _UNPACKERS if magic.startswith(first)), None)
        if unpacker is None:
            break
        stream = buffered(unpacker(stream))
    magic = begins(stream, 4)
    encoding = next((name for mark, name in _MARKS if magic.startswith(mark)), None)
    return stream if encoding is None else buffered(_Utf8(stream, encoding))


class _Utf8:
    """UTF-16 or UTF-32 -> UTF-8, with a byte order mark, so that it is not decoded a second time."""

    def __init__(self, source: Readable, encoding: str) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._made = codecs.BOM_UTF8

    def read1(self, size: int = -1, /) -> bytes:
        while not self._made:
            block = self._source.read1(BUFFER_BYTES)
            self._made = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if not block:
                break
        taken, self._made = self._made[:size], self._made[size:]
        return taken


def head_of(stream: Readable, size: int) -> bytes:
    """Return up to `size` first bytes of a stream."""
    pieces: list[bytes] = []
    held = 0
    try:
        while held < size and (piece := stream.read1(size - held)):
            pieces.append(piece)
            held += len(piece)
    except BREAKS:
        pass  # the next read raises the error
    return b"".join(pieces)


def foreign(stream: "io.BufferedReader[Any]") -> str | None:
    """Return the name of a compression that is not supported, if the stream has it."""
    magic = begins(stream, 10)
    return next((what for first, what in _FOREIGN if magic.startswith(first)), None)
