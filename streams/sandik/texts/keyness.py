"""Two counts of words -> those that one side has more of than chance explains. Pure.

Log-odds ratio with an informative prior (Monroe, Colaresi and Quinn, 2008): a word is expected as often as
both sides together have it, and the fewer posts it is in, the more it takes to say something else. So neither
rare words nor the most common ones come out on top.
"""

from collections.abc import Mapping
from math import log, sqrt

import msgspec

#: What the prior weighs, in words, at most.
_PRIOR = 1_000.0


class Key(msgspec.Struct, frozen=True):
    """A word: posts of each side that have it, the log of the ratio of its odds, and that in deviations."""

    word: str
    posts: int
    baseline: int
    log_odds: float
    z: float


def keys(posts: Mapping[str, int], baseline: Mapping[str, int]) -> list[Key]:
    """Return the words of either side: those first that `posts` has more of."""
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
