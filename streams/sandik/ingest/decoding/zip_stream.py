"""A zip archive, read from front to back without the file list at its end: for cut-off and nested archives.

A header precedes each file. The length of a file may come only after it: deflated data marks its own end,
stored data does not.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from sandik.ingest.decoding.unpack import buffered

MAGIC = b"PK\x03\x04"
_ENDS = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08")
_HEADER = struct.Struct("<5H3L2H")
_STORED, _DEFLATED = 0, 8
_IS_ENCRYPTED, _HAS_LENGTH_BEHIND, _IS_UTF8 = 1, 8, 0x800
_UNKNOWN = 0xFFFFFFFF
_ZIP64 = 1
_BLOCK_BYTES = 1 << 16
_CUT = "the archive ends in the middle of a file"


def stream_members(
    stream: "io.BufferedReader[Any]",
) -> Iterator[tuple[str, "io.BufferedReader[Any] | None", str]]:
    """Yield name, bytes and problem of each file. Each must be read before the next.

    Raises:
        EOFError: the archive is cut off.
        BadZipFile: it is damaged, or a file has no known end.
    """
    source = _Source(stream)
    while True:
        magic = source.exactly(4)
        if magic in _ENDS:
            return
        if magic != MAGIC:
            raise zipfile.BadZipFile("no header where the next file should begin")
        header = _HEADER.unpack(source.exactly(_HEADER.size))
        _, flags, method, _, _, crc, packed, size, name_length, extra_length = header
        name = source.exactly(name_length).decode("utf-8" if flags & _IS_UTF8 else "cp437", "replace")
        packed, is_zip64 = _packed_bytes(source.exactly(extra_length), size, packed)
        is_open = bool(flags & _HAS_LENGTH_BEHIND)
        problem = ""
        if flags & _IS_ENCRYPTED:
            problem = "it is encrypted: unpack the archive with its password, and pass the files"
        elif method not in (_STORED, _DEFLATED) or (method == _STORED and is_open):
            problem = "its compression needs the whole archive: unpack it with another program"
        if problem:
            yield name, None, problem
            if is_open:
                raise zipfile.BadZipFile("it does not say where the next file begins")
            source.skip(packed)
            continue
        member = _Member(source, None if is_open else packed, is_deflated=method == _DEFLATED)
        if not name.endswith("/"):
            yield name, buffered(member), ""
        member.skip()
        if is_open:
            crc = source.descriptor(is_zip64=is_zip64)
        if member.crc != crc:
            raise zipfile.BadZipFile(f"bad CRC-32 for file {name!r}")


def _packed_bytes(extra: bytes, size: int, packed: int) -> tuple[int, bool]:
    """Return the packed size of the file, and whether sizes have 8 bytes."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<2H", extra[:4])
        if kind == _ZIP64:
            at = 4 + (8 if size == _UNKNOWN else 0)
            if packed == _UNKNOWN and len(extra) >= at + 8:
                packed = int.from_bytes(extra[at : at + 8], "little")
            return packed, True
        extra = extra[4 + length :]
    return packed, False


class _Source:
    """A stream that takes back bytes that were read too far."""

    def __init__(self, stream: "io.BufferedReader[Any]") -> None:
        self._stream = stream
        self._back = b""

    def read1(self, size: int) -> bytes:
        """Return at least a byte, at most `size`."""
        if self._back:
            taken, self._back = self._back[:size], self._back[size:]
            return taken
        taken = self._stream.read1(size)
        if not taken:
            raise EOFError(_CUT)
        return taken

    def give_back(self, data: bytes) -> None:
        self._back = data + self._back

    def exactly(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size > 0:
            pieces.append(self.read1(size))
            size -= len(pieces[-1])
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        while size > 0:
            size -= len(self.read1(min(size, _BLOCK_BYTES)))

    def descriptor(self, *, is_zip64: bool) -> int:
        """Read the descriptor after a file of unknown length, and return the checksum."""
        crc = self.exactly(4)
        if crc == b"PK\x07\x08":
            crc = self.exactly(4)
        self.exactly(16 if is_zip64 else 8)
        return int.from_bytes(crc, "little")


class _Member:
    """The bytes of one file."""

    def __init__(self, source: _Source, packed_bytes: int | None, *, is_deflated: bool) -> None:
        self._source = source
        self._left = packed_bytes
        self._inflater = zlib.decompressobj(-15) if is_deflated else None
        self.crc = 0

    def read1(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size`; empty at the end."""
        limit = size if size >= 0 else _BLOCK_BYTES
        taken = self._stored(limit) if self._inflater is None else self._inflated(self._inflater, limit)
        self.crc = zlib.crc32(taken, self.crc)
        return taken

    def skip(self) -> None:
        """Skip the rest."""
        while self.read1(_BLOCK_BYTES):
            pass

    def _stored(self, limit: int) -> bytes:
        if not self._left:
            return b""
        taken = self._source.read1(min(limit, self._left))
        self._left -= len(taken)
        return taken

    def _inflated(self, inflater: Any, limit: int) -> bytes:
        while not inflater.eof:
            packed: bytes = inflater.unconsumed_tail or self._source.read1(_BLOCK_BYTES)
            taken: bytes = inflater.decompress(packed, limit)
            if inflater.eof:
                self._source.give_back(inflater.unused_data)
            if taken:
                return taken
        return b""
