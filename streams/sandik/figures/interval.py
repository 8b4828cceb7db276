"""The interval of a share: how sure it is, with so few posts. Pure."""

from math import sqrt

#: Two-sided 95 %.
_Z = 1.959963984540054


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of the share `successes / trials`.

    Unlike the textbook interval it stays honest for few trials and for shares near 0 or 1: 1 of 1 gives
    0.21 to 1, not 1 to 1. Without trials everything is possible: 0 to 1. Parts of a trial are for trials that
    are worth less than one each.
    """
    if trials == 0:
        return 0.0, 1.0
    share, spread = successes / trials, _Z * _Z / trials
    centre = (share + spread / 2) / (1 + spread)
    margin = _Z * sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    # At the ends the interval closes exactly; rounding would leave 1e-17.
    low = 0.0 if successes == 0 else centre - margin
    high = 1.0 if successes == trials else centre + margin
    return max(0.0, low), min(1.0, high)
