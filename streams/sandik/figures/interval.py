"""The intervals of a share and of a difference of shares. Pure."""

from math import hypot, sqrt
from typing import Protocol

#: Two-sided 95 %.
_Z = 1.959963984540054


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of the share `successes / trials`.

    Unlike the textbook interval, it is valid for few trials and for shares near 0 or 1: 1 of 1 gives 0.21 to
    1, not 1 to 1. Without trials it is 0 to 1. Fractional trials are for trials with less weight than one.
    """
    if trials == 0:
        return 0.0, 1.0
    share, spread = successes / trials, _Z * _Z / trials
    centre = (share + spread / 2) / (1 + spread)
    margin = _Z * sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    # Exact at the ends, without rounding errors of 1e-17.
    low = 0.0 if successes == 0 else centre - margin
    high = 1.0 if successes == trials else centre + margin
    return max(0.0, low), min(1.0, high)


class Bounded(Protocol):
    """A share and its interval."""

    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102


def newcombe(before: Bounded, now: Bounded) -> tuple[float, float, float]:
    """Return how much larger the second share is, with the 95 % interval: value, low, high.

    The interval is Newcombe's, from the intervals of both shares. It is valid near 0 and 1. A share without
    posts counts as 0.
    """
    was, is_now = before.value or 0.0, now.value or 0.0
    value = is_now - was
    low = value - hypot(is_now - now.low, before.high - was)
    high = value + hypot(now.high - is_now, was - before.low)
    return value, max(low, -1.0), min(high, 1.0)
