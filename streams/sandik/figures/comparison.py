"""Two shares: their difference, with an interval and a test for counts over time. Pure.

Posts come in bursts that continue over steps, so a share varies more than by chance. The variance is
therefore estimated from the steps: the variance of the ratio over steps, with the correlation of neighbouring
steps (weights of Newey and West, bandwidth as advised by Lazarus and others), widened because it is an
estimate. The effective number of posts is reduced by the ratio of that variance to that of chance, and never
increased.
"""

from collections.abc import Sequence
from math import ceil, erfc, sqrt

import msgspec
import numpy as np

from sandik.figures.interval import newcombe, wilson

#: With fewer steps, the variance of a share cannot be estimated.
MIN_STEPS = 10


class Part(msgspec.Struct, frozen=True):
    """A share: `count` of `of` posts in so many `steps`, with its 95 % interval.

    `dispersion`: the widened ratio of the share's variance to that of chance; None with fewer than MIN_STEPS
    steps, and then the interval is of chance alone.
    """

    count: int
    of: int
    steps: int
    value: float | None
    low: float
    high: float
    dispersion: float | None


class Difference(msgspec.Struct, frozen=True):
    """The second share minus the first, with its 95 % interval, and the two-sided p-value of equal shares."""

    value: float
    low: float
    high: float
    p: float


def part(counts: Sequence[int], of: Sequence[int]) -> Part:
    """Return the share of the sums. The steps must be in order, without gaps."""
    count, total = sum(counts), sum(of)
    spread = dispersion(counts, of)
    worth = total / (spread or 1.0)
    low, high = wilson(count / (spread or 1.0), worth)
    value = round(count / total, 6) if total else None
    told = None if spread is None else round(spread, 2)
    return Part(count, total, len(of), value, round(low, 6), round(high, 6), told)


def dispersion(counts: Sequence[int], of: Sequence[int]) -> float | None:
    """Return the ratio of the share's variance to that of chance; None if it cannot be estimated."""
    some, all_of = np.array(counts, np.float64), np.array(of, np.float64)
    steps, total = len(all_of), all_of.sum()
    share = some.sum() / total if total else 0.0
    if steps < MIN_STEPS or not 0 < share < 1:
        return None
    residuals = some - share * all_of
    reach = ceil(1.3 * sqrt(steps))
    variance = float(residuals @ residuals)
    for lag in range(1, reach):
        variance += 2 * (1 - lag / reach) * float(residuals[lag:] @ residuals[:-lag])
    by_chance = float(total * share * (1 - share))
    return max(1.0, variance / by_chance) * _unsureness(reach / steps)


def _unsureness(reach: float) -> float:
    """Return the factor to widen a variance that is estimated from few steps.

    The square of the critical value at 5 % over that of the normal distribution (Kiefer and Vogelsang, 2005).
    `reach`: the bandwidth as a part of all steps.
    """
    critical = 1.96 + 2.9694 * reach + 0.4160 * reach**2 - 0.5324 * reach**3
    return (critical / 1.96) ** 2


def difference(one: Part, other: Part) -> Difference | None:
    """Return the other share minus this one; None if one of them has no posts."""
    if one.value is None or other.value is None:
        return None
    value, low, high = newcombe(one, other)
    return Difference(round(value, 6), round(low, 6), round(high, 6), _p(one, other))


def _p(one: Part, other: Part) -> float:
    """Return the probability of such a large difference if the shares are equal."""
    pooled = (one.count + other.count) / (one.of + other.of)
    variance = sum(pooled * (1 - pooled) * (each.dispersion or 1.0) / each.of for each in (one, other))
    if not variance:
        return 1.0
    return round(erfc(abs(other.count / other.of - one.count / one.of) / sqrt(2 * variance)), 6)
