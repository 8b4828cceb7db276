"""Sorts posts by event time, whatever the order of the files: an external sort.

Which posts are late depends on their order inside a partition. In an archive with the newest posts first, all
but the first posts would be late. Posts are sorted in memory if they fit. Otherwise sorted pieces are written
to disk, and merged when all files are read. The sort is stable.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from sandik.ingest.items import Item, Rejected, Skipped
from sandik.ingest.post_times.sorted_pieces import Piece, Slice, Spool, blocks, merged, narrowed
from sandik_schemas.post import Post

#: How many posts, and characters of their texts, are sorted in memory.
BUFFER_POSTS, BUFFER_CHARS = 100_000, 32 << 20

_time = attrgetter("created_at_ms")


class Aside(NamedTuple):
    """An item that is not a post, and the number of its file."""

    file: int
    item: Rejected | Skipped


@dataclass
class Sorting:
    """Progress: how many posts are read, and how many of them yielded in order. `is_read`: all are read."""

    read: int = 0
    ordered: int = 0
    is_read: bool = False
    #: Whether there were too many posts for memory.
    is_on_disk: bool = False
    #: Whether they were sorted already.
    was_sorted: bool = True


def as_they_are(files: Iterable[tuple[int, Iterable[Item]]]) -> Iterator[Slice | Aside]:
    """Yield the items of (number, items) of files, each at once."""
    for number, items in files:
        for item in items:
            if isinstance(item, Post):
                yield Slice([item.created_at_ms], [number], [item])
            else:
                yield Aside(number, item)


class Sorter:
    """Sorts the posts of some files."""

    def __init__(
        self, folder: Path | None = None, buffer_posts: int = BUFFER_POSTS, buffer_chars: int = BUFFER_CHARS
    ) -> None:
        self.sorting = Sorting()
        self._folder = folder
        self._buffer_posts, self._buffer_chars = buffer_posts, buffer_chars
        self._spool = Spool(folder)
        self._pieces: list[Piece] = []
        self._posts: list[Post] = []
        self._files: list[int] = []
        self._chars = 0
        self._newest_ms = 0

    def in_order(self, files: Iterable[tuple[int, Iterable[Item]]]) -> Iterator[Slice | Aside]:
        """Yield other items while reading, then all posts in order.

        An error of a file is raised after the posts before it.

        Raises:
            SandikError: the disk is full.
        """
        sorting, failed = self.sorting, None
        try:
            try:
                for number, items in files:
                    for item in items:
                        if isinstance(item, Post):
                            self._add(number, item)
                        else:
                            yield Aside(number, item)
            except _SpoolFailed as error:
                raise error.__cause__ or error from None
            except Exception as error:  # noqa: BLE001 - raised again when what was read is yielded
                failed = error
            sorting.is_read = True
            for one in self._all():
                sorting.ordered += len(one.posts)
                yield one
        finally:
            self._spool.close()
        if failed is not None:
            raise failed

    def _add(self, number: int, post: Post) -> None:
        self._posts.append(post)
        self._files.append(number)
        self._chars += len(post.text)
        self.sorting.read += 1
        if len(self._posts) >= self._buffer_posts or self._chars >= self._buffer_chars:
            try:
                self._pieces.append(self._spool.write(blocks(self._sorted())))
            except Exception as error:
                raise _SpoolFailed from error
            self.sorting.is_on_disk = True

    def _sorted(self) -> Slice:
        """Return the posts in memory, sorted, and clear the memory."""
        posts, files = self._posts, self._files
        self._posts, self._files, self._chars = [], [], 0
        keys = _keys(posts)
        follows = [self._newest_ms, *keys[:-1]]
        if any(map(int.__lt__, keys, follows)):
            self.sorting.was_sorted = False
            order = sorted(range(len(keys)), key=keys.__getitem__)
            keys, files = [keys[at] for at in order], [files[at] for at in order]
            posts = [posts[at] for at in order]
        if keys:
            self._newest_ms = max(self._newest_ms, keys[-1])
        return Slice(keys, files, posts)

    def _all(self) -> Iterator[Slice]:
        if not self._pieces:
            yield from blocks(self._sorted())
            return
        if self._posts:
            self._pieces.append(self._spool.write(blocks(self._sorted())))
        pieces, self._spool = narrowed(self._pieces, self._spool, self._folder)
        yield from merged(pieces, self._spool.read)


class _SpoolFailed(Exception):  # noqa: N818 - never leaves this file
    """The cause is an error of writing, not of reading a file."""


def _keys(posts: Sequence[Post]) -> list[int]:
    """Return the sort keys of posts: their times. An edit or deletion stays after the post that it changes.

    The times of one source may differ: a post can have its author's time, and its deletion the server's.
    """
    keys = list(map(_time, posts))
    if any(post.op != "create" for post in posts):
        known: dict[str, int] = {}
        for at, post in enumerate(posts):
            if post.op != "create":
                keys[at] = max(keys[at], known.get(post.id, keys[at]))
            known[post.id] = keys[at]
    return keys
