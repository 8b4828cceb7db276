"""Two counts of words -> words that one side has more of than by chance. Pure.

Log-odds ratio with an informative prior (Monroe, Colaresi and Quinn, 2008): the prior is the frequency on
both sides together, and rare words need more evidence. So neither rare nor very common words come out on top.
"""

from collections.abc import Mapping
from math import log, sqrt

import msgspec

#: The maximum weight of the prior, in words.
_PRIOR = 1_000.0


class Key(msgspec.Struct, frozen=True):
    """A word: posts of each side with it, the log-odds ratio, and its z-score."""

    word: str
    posts: int
    baseline: int
    log_odds: float
    z: float


def keys(posts: Mapping[str, int], baseline: Mapping[str, int]) -> list[Key]:
    """Return the words of both sides, by z-score: first those that `posts` has more of."""
    size, other_size = sum(posts.values()), sum(baseline.values())
    if not size or not other_size or len(posts.keys() | baseline.keys()) < 2:
        return []
    weight = min(1.0, _PRIOR / (size + other_size))
    prior_size = weight * (size + other_size)
    found = []
    for word in posts.keys() | baseline.keys():
        here, there = posts.get(word, 0), baseline.get(word, 0)
        prior = weight * (here + there)
        odds = (here + prior) / (size + prior_size - here - prior)
        other_odds = (there + prior) / (other_size + prior_size - there - prior)
        ratio = log(odds) - log(other_odds)
        deviation = sqrt(1 / (here + prior) + 1 / (there + prior))
        found.append(Key(word, here, there, round(ratio, 4), round(ratio / deviation, 2)))
    return sorted(found, key=lambda key: (-key.z, key.word))
