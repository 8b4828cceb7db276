"""Posts -> terms in the same posts. Pure."""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from math import log2

import msgspec


class Pairing(msgspec.Struct, frozen=True):
    """Two terms: numbers of posts with both and with each; `lift`: how many times more than by chance.

    Chance refers to posts with any term.
    """

    one: str
    other: str
    posts: int
    of_one: int
    of_other: int
    lift: float


class Together:
    """Takes the terms of posts in any order."""

    def __init__(self) -> None:
        self._posts = 0
        self._terms: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()

    def add(self, posts: Iterable[Iterable[str]]) -> None:
        """Count each term and each pair once per post."""
        for terms in posts:
            found = sorted(set(terms))
            if found:
                self._posts += 1
                self._terms.update(found)
                self._pairs.update(combinations(found, 2))

    def pairings(self) -> list[Pairing]:
        """Return the pairs of more than one post, the most informative first."""
        found = []
        for (one, other), posts in self._pairs.items():
            if posts > 1:
                of_one, of_other = self._terms[one], self._terms[other]
                lift = posts * self._posts / (of_one * of_other)
                found.append(Pairing(one, other, posts, of_one, of_other, round(lift, 2)))
        return sorted(found, key=lambda pair: (-pair.posts * log2(max(pair.lift, 1)), pair.one, pair.other))
