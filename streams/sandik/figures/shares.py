"""Shares as people read them. Pure."""

from math import floor, log10

_SPACE = "\N{NO-BREAK SPACE}"
#: Smaller percentages are not told apart.
_LEAST = 0.0001


def with_interval(value: float, low: float, high: float) -> str:
    """Return a share with its interval: `7.3 % (6.9 % to 7.8 %)`."""
    return f"{percent(value)} ({percent(low)} to {percent(high)})"


def percent(share: float) -> str:
    """Return `31 %`, `7.3 %`, `0.02 %`: never `0 %` for a few, nor `100 %` for not quite all.

    Below 10 % with one decimal, below 1 % with two significant digits; the same near 100 %. The space does
    not break.
    """
    value = round(share * 100, 8)
    if not 0 < share < 1:
        return f"{value:.0f}{_SPACE}%"
    if value < _LEAST:
        return f"under {_LEAST}{_SPACE}%"
    if value > 100 - _LEAST:
        return f"over {100 - _LEAST}{_SPACE}%"
    small = min(value, 100 - value)
    if value < 0.995 or small <= 0.5:
        digits = f"{value:.{1 - floor(log10(small))}f}".rstrip("0")
    else:
        digits = f"{value:.{1 if value < 9.95 else 0}f}"
    return f"{digits}{_SPACE}%"
