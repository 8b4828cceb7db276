"""Posts -> a sample of each stratum, by a seed. Pure: the order in which posts come changes nothing."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from heapq import heappush, heappushpop
from typing import Generic, TypeVar

from sandik.errors import UsageError
from sandik.hand_coding.strata import Stratum

#: More strata than this nobody codes; a source that names each post would make one a post.
MOST_STRATA = 5_000

T = TypeVar("T")


class Draw(Generic[T]):
    """Takes posts in and keeps, of each stratum, the `per_stratum` with the lowest numbers.

    The number is a hash of the seed and the post's name, so it is as good as drawn by lot, and the sample of
    the whole is the same as that of any samples of its parts.
    """

    def __init__(self, seed: int, per_stratum: int) -> None:
        self._seed, self._per_stratum = seed, per_stratum
        #: How many posts each stratum has.
        self.posts: Counter[Stratum] = Counter()
        self._kept: defaultdict[Stratum, list[tuple[int, str, T]]] = defaultdict(list)

    def number(self, name: str) -> int:
        """Return the lot of a post."""
        lot = hashlib.blake2b(f"{self._seed}|{name}".encode("utf-8", "replace"), digest_size=8)
        return int.from_bytes(lot.digest())

    def add(self, stratum: Stratum, name: str, post: T) -> None:
        """Take a post in. `name` is its own among all.

        Raises:
            UsageError: there are more strata than can be coded.
        """
        self.posts[stratum] += 1
        if len(self.posts) > MOST_STRATA:
            raise UsageError(
                f"more than {MOST_STRATA:,} strata of language, source and tags: choose some languages "
                "with --language"
            )
        # A heap of the negated numbers: the highest of those kept is on top, and goes first.
        kept, lot = self._kept[stratum], (-self.number(name), name, post)
        if len(kept) < self._per_stratum:
            heappush(kept, lot)
        elif lot[:2] > kept[0][:2]:
            heappushpop(kept, lot)

    def drawn(self) -> Iterable[tuple[Stratum, str, T]]:
        """Return the sample, the strata mixed.

        Not in the order of the numbers that drew it: the lowest are of the largest strata, so a coder could
        tell from an item's place what the tags say of it.
        """
        found = [(stratum, name, post) for stratum, kept in self._kept.items() for _, name, post in kept]
        return sorted(found, key=lambda one: (self.number(f"order|{one[1]}"), one[1]))
