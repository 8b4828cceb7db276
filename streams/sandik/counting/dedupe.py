"""Which post ids a window has counted, so that a second delivery of a post is not counted again.

Exact, with memory bounded by the open windows: a window's ids go with it. About 180 bytes a post in memory,
32 in the changelog.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import starmap
from struct import Struct

from sandik_schemas.partial import SeenIds

_ID_BYTES = 16
_ENTRY = Struct(f">{_ID_BYTES}sQ")

#: Hash of the id -> offset of the post that was counted under it.
Seen = dict[bytes, int]


def id_hash(post_id: str) -> bytes:
    """Return 128 bits of the id: among 10^15 posts, two ids would share them with a chance below 10^-8."""
    return hashlib.blake2b(post_id.encode(), digest_size=_ID_BYTES).digest()


def packed(seen: Seen) -> bytes:
    """Return the ids in the form of `SeenIds.seen`."""
    return b"".join(starmap(_ENTRY.pack, seen.items()))


def add(seen: Seen, ids: Iterable[tuple[bytes, int]]) -> None:
    """Add ids. Of two offsets of an id the lower one stays, in any order."""
    new = [*ids]
    by_id = dict(new)
    if len(by_id) == len(new) and seen.keys().isdisjoint(by_id):
        seen.update(by_id)  # the usual case; the code below gives the same result, one by one
        return
    for hashed, offset in new:
        if seen.setdefault(hashed, offset) > offset:
            seen[hashed] = offset


def unpacked(entry: SeenIds) -> Iterator[tuple[bytes, int]]:
    """Yield the (hash, offset) pairs of an entry."""
    pairs: Iterator[tuple[bytes, int]] = _ENTRY.iter_unpack(entry.seen)
    return pairs
