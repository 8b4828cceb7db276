"""Which post ids a window has counted, so that a second delivery of a post is not counted again.

Exact, with memory bounded by the open windows: a window's ids go with it. They take 180 bytes a post while
posts come for the window, 24 to 55 when they come for others, and 32 in the changelog.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import starmap
from struct import Struct

import numpy as np
import numpy.typing as npt

from sandik_schemas.partial import SeenIds

_ID_BYTES = 16
_ENTRY = Struct(f">{_ID_BYTES}sQ")

_Numbers = npt.NDArray[np.uint64]


def id_hash(post_id: str) -> bytes:
    """Return 128 bits of the id: among 10^15 posts, two ids would share them with a chance below 10^-8."""
    return hashlib.blake2b(post_id.encode(), digest_size=_ID_BYTES).digest()


class Seen:
    """The ids of a window, as hashes, with the offset of the post that was counted under each.

    Those that were added since the last `pack` are in a dict. The others are numbers in order: the halves of
    the hash, and the offset.
    """

    __slots__ = ("_highs", "_lows", "_new", "_offsets")

    def __init__(self) -> None:
        self._new: dict[bytes, int] = {}
        self._highs, self._lows, self._offsets = np.empty((3, 0), np.uint64)

    def known(self, hashes: Mapping[bytes, int]) -> dict[bytes, int]:
        """Return those of these hashes that are there, with their offsets."""
        new = self._new
        found = {} if new.keys().isdisjoint(hashes) else {one: new[one] for one in new.keys() & hashes.keys()}
        if len(self._highs) and hashes:
            for hashed, offset in self._packed_ones([*hashes]):
                found[hashed] = min(offset, found.get(hashed, offset))
        return found

    def _packed_ones(self, hashes: list[bytes]) -> Iterator[tuple[bytes, int]]:
        highs, lows = _halves(hashes)
        places = self._highs.searchsorted(highs)
        for index in np.flatnonzero(self._highs.take(places, mode="clip") == highs).tolist():
            place = int(places[index])
            while place < len(self._highs) and self._highs[place] == highs[index]:
                if self._lows[place] == lows[index]:
                    yield hashes[index], int(self._offsets[place])
                place += 1

    def add(self, ids: Iterable[tuple[bytes, int]]) -> None:
        """Add ids. Of two offsets of an id the lower one stays, in any order."""
        new = [*ids]
        by_id = dict(new)
        if len(by_id) == len(new) and self._new.keys().isdisjoint(by_id):
            self._new.update(by_id)  # the usual case; the code below gives the same result, one by one
            return
        for hashed, offset in new:
            if self._new.setdefault(hashed, offset) > offset:
                self._new[hashed] = offset

    def pack(self) -> None:
        """Take little memory, if that is worth it: not for a few ids beside many."""
        new = self._new
        if not new or len(new) * 4 < len(self._highs):
            return
        offsets = np.fromiter(new.values(), np.uint64, len(new))
        highs, lows = _halves([*new])
        highs = np.concatenate((self._highs, highs))
        lows = np.concatenate((self._lows, lows))
        offsets = np.concatenate((self._offsets, offsets))
        order = np.lexsort((offsets, lows, highs))
        highs, lows = highs[order], lows[order]
        is_first = np.ones(len(order), np.bool_)  # of an id: the one with the lowest offset
        is_first[1:] = (highs[1:] != highs[:-1]) | (lows[1:] != lows[:-1])
        self._highs, self._lows, self._offsets = highs[is_first], lows[is_first], offsets[order][is_first]
        self._new = {}

    def offsets(self) -> dict[bytes, int]:
        """Return all of them, each with its offset."""
        pairs = zip(self._highs.tolist(), self._lows.tolist(), self._offsets.tolist(), strict=True)
        found = {(high << 64 | low).to_bytes(_ID_BYTES, "big"): offset for high, low, offset in pairs}
        for hashed, offset in self._new.items():
            found[hashed] = min(offset, found.get(hashed, offset))
        return found


def _halves(hashes: list[bytes]) -> tuple[_Numbers, _Numbers]:
    numbers = np.frombuffer(b"".join(hashes), ">u8").reshape(-1, 2).astype(np.uint64)
    return numbers[:, 0], numbers[:, 1]


def packed(seen: Mapping[bytes, int]) -> bytes:
    """Return ids in the form of `SeenIds.seen`."""
    return b"".join(starmap(_ENTRY.pack, seen.items()))


def unpacked(entry: SeenIds) -> Iterator[tuple[bytes, int]]:
    """Yield the (hash, offset) pairs of an entry."""
    pairs: Iterator[tuple[bytes, int]] = _ENTRY.iter_unpack(entry.seen)
    return pairs
