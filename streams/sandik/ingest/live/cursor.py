"""Where to continue after a restart, and which posts of the overlap were delivered: a small JSON file."""

from collections import OrderedDict
from itertools import islice
from pathlib import Path
from zlib import crc32

import msgspec

from sandik.errors import SandikError, UsageError
from sandik.ingest.escaped import without_secrets
from sandik.tables.atomic_files import write_whole
from sandik_schemas.post import Post

#: Keys written to the file at most: a minute of a busy stream.
MAX_SAVED = 10_000


class Cursor(msgspec.Struct):
    """A place in one live source. `recent` holds keys of posts that may be delivered again from there."""

    source: str
    position: int | None = None
    recent: list[str] = []


def load(path: Path | None, source: str, url: str | None = None) -> Cursor:
    """Return the cursor of `source` in the file; a new one if there is none.

    `url`: what older files call the source, secrets and all.

    Raises:
        UsageError: the file is none of ours, or of another source: going on from there would lose posts.
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
    """Replace the file: after a crash at any moment it holds either this cursor or the one before.

    Raises:
        SandikError: it cannot be written.
    """
    try:
        write_whole(path, msgspec.json.encode(cursor))
    except SandikError as error:
        raise SandikError(f"--cursor: {error}") from error


class Recent:
    """The keys of the posts delivered last, at most `limit`."""

    def __init__(self, cursor: Cursor, limit: int) -> None:
        self._keys: OrderedDict[str, int | None] = OrderedDict.fromkeys(cursor.recent, cursor.position)
        self._limit = limit

    def is_new(self, post: Post, position: int | None) -> bool:
        """Tell whether the post was not seen before, and remember it."""
        key = post.id if post.op == "create" else f"{post.op}:{crc32(post.text.encode())}:{post.id}"
        if key in self._keys:
            return False
        self._keys[key] = position
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return True

    def since(self, position: int | None) -> list[str]:
        """Return the keys of posts at or after this position, oldest first, and of those that have none."""
        newest = islice(reversed(self._keys.items()), MAX_SAVED)
        found = [key for key, own in newest if own is None or position is None or own >= position]
        return found[::-1]
