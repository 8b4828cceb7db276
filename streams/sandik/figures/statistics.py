"""What is a burst. Pure."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: How many buckets before a bucket it is compared with, and the fewest that are enough.
BASELINE_BUCKETS = 30
MIN_BASELINE_BUCKETS = 10
#: Fewer posts than this are never a burst.
MIN_BURST_POSTS = 5
#: How far above the baseline a burst is, in standard deviations.
BURST_DEVIATIONS = 4.0

# The square root of a Poisson count has a standard deviation of 1/2, whatever its mean.
_POISSON_DEVIATION = 0.5
_MAD_TO_DEVIATION = 1.4826


def bursts(buckets: Ints, counts: Ints, seen: Ints) -> NDArray[np.bool_]:
    """Say of each bucket whether its count stands out of the 30 buckets before it.

    `buckets` are bucket numbers in ascending order with their `counts`; a number that is missing counts 0.
    `seen` are the buckets, ascending, in which the language has any post.

    Counts are compared as square roots, where chance is equally large for small and large ones. A burst is
    at least 5 posts, and 4 deviations above the median of its baseline; the deviation is what the baseline
    itself shows (by its median, so that earlier bursts do not hide later ones), and at least what chance
    alone explains. The baseline begins with the first of the 30 buckets in which the language was seen, and
    is at least 10 long: where data begins, or continues after a gap, nothing is a burst yet.
    """
    found = np.zeros(len(buckets), dtype=np.bool_)
    candidates = np.flatnonzero(counts >= MIN_BURST_POSTS)
    if not len(candidates) or not len(seen):
        return found
    at = buckets[candidates]
    first_seen = seen[np.minimum(np.searchsorted(seen, at - BASELINE_BUCKETS), len(seen) - 1)]
    length = np.where(first_seen < at - BASELINE_BUCKETS, 0, at - first_seen)
    candidates, at, length = (part[length >= MIN_BASELINE_BUCKETS] for part in (candidates, at, length))
    back = np.arange(1, BASELINE_BUCKETS + 1)
    before = at[:, None] - back
    places = np.minimum(np.searchsorted(buckets, before), len(buckets) - 1)
    roots = _root(np.where(buckets[places] == before, counts[places], 0))
    roots[back > length[:, None]] = np.inf
    median = _median(roots, length)
    spread = _MAD_TO_DEVIATION * _median(np.abs(roots - median[:, None]), length)
    height = _root(counts[candidates]) - median
    found[candidates] = height >= BURST_DEVIATIONS * np.maximum(spread, _POISSON_DEVIATION)
    return found


def _root(counts: Ints) -> Floats:
    return np.asarray(np.sqrt(counts + 0.375), dtype=np.float64)


def _median(values: Floats, length: Ints) -> Floats:
    """Return each line's median of its `length` finite values."""
    ordered, line = np.sort(values, axis=1), np.arange(len(values))
    middle = ordered[line, (length - 1) // 2] + ordered[line, length // 2]
    return np.asarray(middle / 2, dtype=np.float64)
