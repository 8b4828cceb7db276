"""Where to continue after a restart, and which posts of the overlap were delivered: a JSON file."""

from collections import OrderedDict
from itertools import islice
from pathlib import Path
from zlib import crc32

import msgspec

from sandik.errors import SandikError, UsageError
from sandik.files.atomic import write_whole
from sandik.ingest.escaped import without_secrets
from sandik_schemas.post import Post

#: The most keys written to the file: a minute of a busy stream.
MAX_SAVED = 10_000


class Cursor(msgspec.Struct):
    """A position in a live source. `recent` has the keys of posts that may be delivered again from there."""

    source: str
    position: int | None = None
    recent: list[str] = []


def load(path: Path | None, source: str, url: str | None = None) -> Cursor:
    """Return the cursor of `source` in the file; a new one if there is none.

    `url`: the source's name in older files, including secrets.

    Raises:
        UsageError: the file is not a cursor, or is of another source, so that posts would be lost.
    """
    if path is None or not path.exists():
        return Cursor(source)
    try:
        cursor = msgspec.json.decode(path.read_bytes(), type=Cursor)
    except (msgspec.DecodeError, OSError) as error:
        raise UsageError(f"--cursor {path} is not a cursor: {error}. Remove it to start from now") from error
    if cursor.source not in (source, url):
        raise UsageError(
            f"--cursor {path} belongs to {without_secrets(cursor.source)}: use one file per source"
        )
    return Cursor(source, cursor.position, cursor.recent)


def save(path: Path, cursor: Cursor) -> None:
    """Replace the file. After a crash at any moment it has this cursor or the previous one.

    Raises:
        SandikError: it cannot be written.
    """
    try:
        write_whole(path, msgspec.json.encode(cursor))
    except SandikError as error:
        raise SandikError(f"--cursor: {error}") from error


class Recent:
    """The keys of the last `limit` delivered posts."""

    def __init__(self, cursor: Cursor, limit: int) -> None:
        self._keys: OrderedDict[str, int | None] = OrderedDict.fromkeys(cursor.recent, cursor.position)
        self._limit = limit

    def is_new(self, post: Post, position: int | None) -> bool:
        """Return whether the post is new, and remember it."""
        key = post.id if post.op == "create" else f"{post.op}:{crc32(post.text.encode())}:{post.id}"
        if key in self._keys:
            return False
        self._keys[key] = position
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return True

    def since(self, position: int | None) -> list[str]:
        """Return the keys of posts at or after this position or without one, oldest first."""
        newest = islice(reversed(self._keys.items()), MAX_SAVED)
        found = [key for key, own in newest if own is None or position is None or own >= position]
        return found[::-1]
