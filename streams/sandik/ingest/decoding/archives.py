"""Archives of many files: zip and tar, however the tar is packed, and archives inside archives.

A broken or encrypted member is reported, and the others are read. The file list of a zip archive is at its
end. An archive that is cut off or inside another archive is read from front to back without the list.
"""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from sandik.ingest.decoding.unpack import BREAKS, begins, buffered, unpacked
from sandik.ingest.decoding.zip_stream import MAGIC, stream_members

#: How deep archives inside archives are opened.
MAX_DEPTH = 3
_EMPTY_ZIP = b"PK\x05\x06"
_BLOCK_BYTES = 512
#: The longest name or record of a tar archive.
_MAX_NAME_BYTES = 1 << 20
#: Entries that describe the next file.
_OF_THE_NEXT = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)


class Member(NamedTuple):
    """One file of an archive: its bytes, or the reason why they cannot be read."""

    name: str
    bytes: "io.BufferedReader[Any] | None"
    problem: str = ""


def is_zip(stream: "io.BufferedReader[Any]") -> bool:
    """Return whether it is a zip archive, by its first bytes."""
    return begins(stream, 4) in (MAGIC, _EMPTY_ZIP)


def is_tar(stream: "io.BufferedReader[Any]") -> bool:
    """Return whether it is a tar archive, by the checksum of its first header."""
    block = begins(stream, _BLOCK_BYTES)
    if len(block) < _BLOCK_BYTES or not block.strip(b"\0"):
        return False
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def is_archive(stream: "io.BufferedReader[Any]") -> bool:
    """Return whether it is an archive of many files."""
    return is_zip(stream) or is_tar(stream)


def members(stream: "io.BufferedReader[Any]", raw: io.FileIO | None, depth: int = 1) -> Iterator[Member]:
    """Yield the files of an archive and of archives inside it. Each must be read before the next.

    `raw` is the file, if the archive is not inside another one, so that it can be read from its end.

    Raises:
        OSError, EOFError, BadZipFile: the archive itself breaks off.
    """
    found = _of_tar(stream) if is_tar(stream) else _of_zip(stream, raw)
    for member in found:
        name = member.name.removeprefix("./")
        if name.startswith("__MACOSX/") or any(part.startswith(".") for part in name.split("/")):
            continue
        if member.bytes is None:
            yield member._replace(name=name)
            continue
        try:
            inner = unpacked(member.bytes)
            is_nested = is_archive(inner)
        except BREAKS as error:
            yield Member(name, None, str(error))
            continue
        if not is_nested:
            yield Member(name, inner)
        elif depth >= MAX_DEPTH:
            yield Member(name, None, f"archives are opened {MAX_DEPTH} deep: unpack it first")
        else:
            try:
                for one in members(inner, None, depth + 1):
                    yield one._replace(name=f"{name}!{one.name}")
            except BREAKS as error:
                yield Member(name, None, str(error))


def _of_zip(stream: "io.BufferedReader[Any]", raw: io.FileIO | None) -> Iterator[Member]:
    if raw is None or not raw.seekable():
        yield from (Member(*one) for one in stream_members(stream))
        return
    try:
        archive = zipfile.ZipFile(raw)
    except zipfile.BadZipFile:
        # Its end with the file list is missing. `stream` may be partly read: start again.
        raw.seek(0)
        yield from (Member(*one) for one in stream_members(io.BufferedReader(raw)))
        return
    with archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            try:
                member = archive.open(entry)
            except (*BREAKS, RuntimeError, NotImplementedError) as error:
                yield Member(entry.filename, None, _why(entry.flag_bits, error))
                continue
            with member:
                yield Member(entry.filename, buffered(member))  # type: ignore[arg-type]


def _why(flags: int, error: Exception) -> str:
    if flags & 1:
        return "it is encrypted: unpack the archive with its password, and pass the files"
    if isinstance(error, NotImplementedError):
        return f"{error}: unpack the archive with another program, and pass the files"
    return str(error)


class _Tar:
    """Reads a tar archive from front to back."""

    def __init__(self, stream: "io.BufferedReader[Any]") -> None:
        self._stream = stream
        self.left = 0  # bytes of the current member

    def exactly(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size > 0:
            piece = self._stream.read1(size)
            if not piece:
                raise EOFError("the archive ends in the middle of a file")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        """Read more of the member."""
        if self.left == 0:
            return b""
        piece = self._stream.read1(min(size, self.left) if size >= 0 else self.left)
        if not piece:
            raise EOFError("the archive ends in the middle of a file")
        self.left -= len(piece)
        return piece

    def skip(self) -> None:
        """Skip the rest of the member."""
        while self.left:
            self.read1(1 << 16)

    def header(self) -> bytes | None:
        """Return the next header; None at the end. Some programs omit the end marker."""
        pieces: list[bytes] = []
        held = 0
        while held < _BLOCK_BYTES and (piece := self._stream.read1(_BLOCK_BYTES - held)):
            pieces.append(piece)
            held += len(piece)
        if 0 < held < _BLOCK_BYTES:
            raise EOFError("the archive ends in the middle of a header")
        return b"".join(pieces) or None


def _of_tar(stream: "io.BufferedReader[Any]") -> Iterator[Member]:
    tar = _Tar(stream)
    said: dict[str, str] = {}
    while (block := tar.header()) is not None and block.strip(b"\0"):
        try:
            entry = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise EOFError(f"a header of the archive is broken: {error}") from error
        size = int(said.get("size", entry.size))
        padding = -size % _BLOCK_BYTES
        if entry.type in _OF_THE_NEXT:
            if size > _MAX_NAME_BYTES:
                raise EOFError("a header of the archive is larger than any name")
            data = tar.exactly(size + padding)[:size]
            if entry.type == tarfile.GNUTYPE_LONGNAME:
                said["path"] = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
            elif entry.type == tarfile.XHDTYPE:
                said |= _records(data)
            continue
        tar.left = size if entry.isreg() or entry.size else 0
        if entry.isreg():
            yield Member(said.get("path", entry.name), buffered(tar))
        tar.skip()
        tar.exactly(padding if size else 0)
        said = {}


def _records(data: bytes) -> dict[str, str]:
    r"""Return name and size from the records `LENGTH KEY=VALUE\n` before a file."""
    found: dict[str, str] = {}
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or not 0 < int(length) <= len(data):
            break
        key, _, value = (
            data[len(length) + 1 : int(length) - 1].decode("utf-8", "surrogateescape").partition("=")
        )
        if key == "path" or (key == "size" and value.isdecimal() and len(value) < 20):
            found[key] = value
        data = data[int(length) :]
    return found
