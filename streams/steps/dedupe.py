"""Which post ids a window has counted, so that a second delivery of a post is not counted again.

Exact, with memory bounded by the open windows: a window's ids go with it. About 180 bytes a post in memory,
32 in the changelog.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from schemas.partial import SeenIds

_ID_BYTES = 16
_OFFSET_BYTES = 8
_ENTRY_BYTES = _ID_BYTES + _OFFSET_BYTES

#: Hash of the id -> offset of the post that was counted under it.
Seen = dict[bytes, int]


def id_hash(post_id: str) -> bytes:
    """Return 128 bits of the id: among 10^15 posts, two ids would share them with a chance below 10^-8."""
    return hashlib.blake2b(post_id.encode(), digest_size=_ID_BYTES).digest()


def is_duplicate(hashed: bytes, offset: int, *seen: Mapping[bytes, int]) -> bool:
    """Say whether an earlier post was counted under this id. A post read again is no duplicate of itself."""
    return any(first.get(hashed, offset) < offset for first in seen)


def packed(seen: Seen) -> bytes:
    """Return the ids in the form of `SeenIds.seen`."""
    return b"".join(hashed + offset.to_bytes(_OFFSET_BYTES) for hashed, offset in seen.items())


def add(seen: Seen, ids: Iterable[tuple[bytes, int]]) -> None:
    """Take ids in; of two offsets the lower one stays, whatever order they come in."""
    for hashed, offset in ids:
        known = seen.get(hashed)
        if known is None or offset < known:
            seen[hashed] = offset


def unpacked(entry: SeenIds) -> Iterator[tuple[bytes, int]]:
    """Yield the (hash, offset) pairs of an entry."""
    for start in range(0, len(entry.seen), _ENTRY_BYTES):
        one = entry.seen[start : start + _ENTRY_BYTES]
        yield one[:_ID_BYTES], int.from_bytes(one[_ID_BYTES:])
