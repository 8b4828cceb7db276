"""Posts -> a sample of each stratum, by a seed, independent of their order. Pure."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from heapq import heappush, heappushpop
from typing import Generic, TypeVar

from sandik.errors import UsageError
from sandik.hand_coding.strata import Stratum

#: The limit of strata: a source name per post would make one stratum per post.
MOST_STRATA = 5_000

T = TypeVar("T")


class Draw(Generic[T]):
    """Keeps the `per_stratum` posts with the lowest numbers of each stratum.

    The number is a hash of the seed and the post's name. So it is effectively random, and sampling parts
    first gives the same sample.
    """

    def __init__(self, seed: int, per_stratum: int) -> None:
        self._seed, self._per_stratum = seed, per_stratum
        #: The number of posts of each stratum.
        self.posts: Counter[Stratum] = Counter()
        self._kept: defaultdict[Stratum, list[tuple[int, str, T]]] = defaultdict(list)

    def number(self, name: str) -> int:
        """Return the random number of a post."""
        lot = hashlib.blake2b(f"{self._seed}|{name}".encode("utf-8", "replace"), digest_size=8)
        return int.from_bytes(lot.digest())

    def add(self, stratum: Stratum, name: str, post: T) -> None:
        """Add a post. `name` must be unique.

        Raises:
            UsageError: there are too many strata.
        """
        self.posts[stratum] += 1
        if len(self.posts) > MOST_STRATA:
            raise UsageError(
                f"more than {MOST_STRATA:,} strata of language, source and tags: choose some languages "
                "with --language"
            )
        # A heap of negated numbers: the highest kept number is on top, and is removed first.
        kept, lot = self._kept[stratum], (-self.number(name), name, post)
        if len(kept) < self._per_stratum:
            heappush(kept, lot)
        elif lot[:2] > kept[0][:2]:
            heappushpop(kept, lot)

    def drawn(self) -> Iterable[tuple[Stratum, str, T]]:
        """Return the sample, with mixed strata.

        Not sorted by the same numbers: the lowest belong to the largest strata, so the position of an item
        would reveal its tags.
        """
        found = [(stratum, name, post) for stratum, kept in self._kept.items() for _, name, post in kept]
        return sorted(found, key=lambda one: (self.number(f"order|{one[1]}"), one[1]))
