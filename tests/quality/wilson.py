"""How sure a share is that was counted on a sample."""

from collections.abc import Sequence
from math import sqrt

_Z = 1.96


def wilson(right: float, total: float) -> tuple[float, float]:
    """Return the bounds of Wilson's interval at 95 %: what a share may be, for so few that were counted."""
    if not total:
        return 0.0, 1.0
    share = right / total
    middle = share + _Z * _Z / (2 * total)
    half = _Z * sqrt(share * (1 - share) / total + _Z * _Z / (4 * total * total))
    scale = 1 + _Z * _Z / total
    return round((middle - half) / scale, 4), round((middle + half) / scale, 4)


def weighted(weights_right: Sequence[float], weights_all: Sequence[float]) -> tuple[float, float, float]:
    """Return a weighted share and its bounds: unequal weights count as Kish's fewer equal ones."""
    total = sum(weights_all)
    if not total:
        return 1.0, 0.0, 1.0
    share = sum(weights_right) / total
    effective = total * total / sum(weight * weight for weight in weights_all)
    return round(share, 4), *wilson(share * effective, effective)
