"""Sorted pieces of posts on disk, and their merge, for sorting more posts than fit into memory.

All pieces are in one unnamed temporary file, which disappears when the command ends, even if it is killed.
The merge opens a piece only when its first post is due, so an archive that is sorted in either direction is
read with one piece open.
"""

import errno
import io
import sys
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import numpy as np

from sandik.errors import SandikError
from sandik_schemas.post import Post

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: How many posts, and about how many characters, are read back at once.
BLOCK_POSTS, BLOCK_CHARS = 1_000, 1 << 20
#: How many pieces are merged at once: each has a block in memory.
MAX_OPEN = 64
#: The fastest level that still reduces the size to a third.
LEVEL = 1

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[bytes, bytes, list[Post]]).decode
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Slice(NamedTuple):
    """Posts, with their sort keys and the numbers of their files."""

    keys: list[int]
    files: list[int]
    posts: list[Post]


class Piece(NamedTuple):
    """A sorted piece: first and last key, number of posts, and its blocks (position, bytes)."""

    first: int
    last: int
    posts: int
    blocks: Sequence[tuple[int, int]]


class Spool:
    """The file of the pieces, in the given folder or the system's. Created when needed."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._end = 0

    def write(self, slices: Iterator[Slice]) -> Piece:
        """Write a sorted piece.

        Raises:
            SandikError: the disk is full, or the folder cannot be written.
        """
        first, last, posts, blocks = 0, 0, 0, []
        for one in slices:
            first, last, posts = one.keys[0] if not posts else first, one.keys[-1], posts + len(one.posts)
            keys, files = np.array(one.keys, np.int64).tobytes(), np.array(one.files, np.int32).tobytes()
            blocks.append(self._append(zstd.compress(_encode((keys, files, one.posts)), level=LEVEL)))
        return Piece(first, last, posts, blocks)

    def read(self, piece: Piece) -> Iterator[Slice]:
        """Yield the blocks of a piece."""
        file = self._file or io.BytesIO()
        for place, length in piece.blocks:
            file.seek(place)
            keys, files, posts = _decode(zstd.decompress(file.read(length)))
            yield Slice(_ints(keys, np.int64), _ints(files, np.int32), posts)

    def close(self) -> None:
        """Delete the file."""
        if self._file is not None:
            self._file.close()

    def _append(self, data: bytes) -> tuple[int, int]:
        try:
            if self._file is None:
                # Unbuffered: data lost in a buffer on a full disk would cause no error.
                self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
            self._file.seek(self._end)
            written = 0
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError as error:
            where = self._folder or tempfile.gettempdir()
            full = f", after {self._end >> 20:,} MiB" if error.errno in _FULL else ""
            raise SandikError(
                f"{where}: {error.strerror}{full}: posts are sorted there. Choose a folder with more space "
                "(--temp-dir), or use --order as-is if the files are sorted"
            ) from error
        place = self._end, len(data)
        self._end += len(data)
        return place


def _ints(packed: bytes, kind: type[np.signedinteger[Any]]) -> list[int]:
    found: list[int] = np.frombuffer(packed, kind).tolist()
    return found


def blocks(posts: Slice) -> Iterator[Slice]:
    """Yield slices so short that many fit into memory."""
    begin, chars = 0, 0
    for place, post in enumerate(posts.posts):
        if place > begin and (place - begin >= BLOCK_POSTS or chars >= BLOCK_CHARS):
            yield part(posts, begin, place)
            begin, chars = place, 0
        chars += len(post.text)
    if begin < len(posts.posts):
        yield part(posts, begin, len(posts.posts))


def part(posts: Slice, begin: int, end: int) -> Slice:
    """Return the posts from `begin` up to `end`."""
    return Slice(posts.keys[begin:end], posts.files[begin:end], posts.posts[begin:end])


def overlap(pieces: Sequence[Piece]) -> int:
    """Return the maximum number of pieces with a common key. As many are open at once."""
    # Pieces that only touch overlap too, because equal keys are ordered by piece.
    ends = sorted([(piece.first, 0) for piece in pieces] + [(piece.last, 1) for piece in pieces])
    most = opened = 0
    for _, is_end in ends:
        opened += -1 if is_end else 1
        most = max(most, opened)
    return most


def merged(pieces: Sequence[Piece], read: Callable[[Piece], Iterator[Slice]]) -> Iterator[Slice]:
    """Yield the posts of all pieces by key; for equal keys, those of the earlier piece first.

    Up to the nearest end of the loaded blocks, all posts are in memory. Sorting them together uses their
    existing order, and costs a third of merging them one by one.
    """
    waiting = sorted(((piece.first, number) for number, piece in enumerate(pieces)), reverse=True)
    readers: dict[int, _Reader] = {}
    while readers or waiting:
        end = min((reader.end for reader in readers.values()), default=None)
        while waiting and (end is None or waiting[-1][0] <= end):
            _, number = waiting.pop()
            readers[number] = reader = _Reader(read(pieces[number]))
            end = reader.end if end is None else min(end, reader.end)
        if end is None:
            return
        open_ones = [readers[number] for number in sorted(readers)]
        if len(open_ones) > 1:
            yield from _sorted([reader.take(bisect_left, end) for reader in open_ones])
        for reader in open_ones:  # and those with the key at the end, which may continue in the next block
            while reader.has_more() and reader.key <= end:
                yield reader.take(bisect_right, end)
        readers = {number: reader for number, reader in readers.items() if reader.has_more()}


def _sorted(slices: Sequence[Slice]) -> Iterator[Slice]:
    keys = [key for one in slices for key in one.keys]
    if keys:
        files = [file for one in slices for file in one.files]
        posts = [post for one in slices for post in one.posts]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        yield Slice([keys[at] for at in order], [files[at] for at in order], [posts[at] for at in order])


def narrowed(pieces: Sequence[Piece], spool: Spool, folder: Path | None) -> tuple[Sequence[Piece], Spool]:
    """Merge neighbouring pieces until few enough overlap; return the new pieces and their file."""
    while overlap(pieces) > MAX_OPEN:
        wider = Spool(folder)
        try:
            pieces = [
                wider.write(merged(pieces[begin : begin + MAX_OPEN], spool.read))
                for begin in range(0, len(pieces), MAX_OPEN)
            ]
        except BaseException:
            wider.close()
            raise
        finally:
            spool.close()
        spool = wider
    return pieces, spool


class _Reader:
    """A piece that is being read."""

    def __init__(self, slices: Iterator[Slice]) -> None:
        self._slices = slices
        self._held, self._place = next(slices), 0

    @property
    def key(self) -> int:
        """The key of the next post."""
        return self._held.keys[self._place]

    @property
    def end(self) -> int:
        """The last key that is loaded."""
        return self._held.keys[-1]

    def has_more(self) -> bool:
        """Return whether there is a next post, and read it if need be."""
        if self._place < len(self._held.posts):
            return True
        self._held, self._place = next(self._slices, Slice([], [], [])), 0
        return bool(self._held.posts)

    def take(self, bisect: Callable[[list[int], int, int], int], end: int) -> Slice:
        """Return the loaded posts before that key, or up to it, as `bisect` says."""
        until = bisect(self._held.keys, end, self._place)
        taken = part(self._held, self._place, until)
        self._place = until
        return taken
