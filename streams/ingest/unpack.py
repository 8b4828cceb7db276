"""Compressed files, recognised by their first bytes, so any name will do: gzip, zstd, bzip2, xz, zip."""

import bz2
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BUFFER_BYTES = 1 << 18
#: What reading a broken or truncated file may raise.
BREAKS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile)

_ZIP = b"PK\x03\x04"
# The dumps of Reddit look back 2 GiB, which readers refuse unless told.
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 31}
_HIDDEN = ("__MACOSX/", ".")


def unpacked(stream: "io.BufferedReader[Any]") -> "io.BufferedReader[Any]":
    """Return the decompressed bytes of a stream; itself if it is not compressed."""
    magic = stream.peek(6)[:6]
    unpacker: object
    if magic.startswith(b"\x1f\x8b"):
        unpacker = gzip.GzipFile(fileobj=stream)
    elif magic.startswith(b"\x28\xb5\x2f\xfd"):
        unpacker = zstd.ZstdFile(stream, options=_ZSTD_OPTIONS)
    elif magic.startswith(b"BZh"):
        unpacker = bz2.BZ2File(stream)
    elif magic.startswith(b"\xfd7zXZ\x00"):
        unpacker = lzma.LZMAFile(stream)  # noqa: SIM115 - the caller closes it
    else:
        return stream
    return io.BufferedReader(cast("io.RawIOBase", unpacker), BUFFER_BYTES)


def is_zip(stream: "io.BufferedReader[Any]") -> bool:
    """Tell a zip archive by its first bytes."""
    return stream.peek(4)[:4] == _ZIP


def members(file: BinaryIO) -> Iterator[tuple[str, io.BufferedReader]]:
    """Yield name and bytes of each file in a zip archive, in the archive's order."""
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and not entry.filename.startswith(_HIDDEN):
                with archive.open(entry) as member:
                    yield entry.filename, io.BufferedReader(cast("io.RawIOBase", member), BUFFER_BYTES)
