"""The agreement of coders beyond chance: Cohen's kappa of two, Krippendorff's alpha of all. Pure.

Both are unweighted, for yes or no. The 95 % intervals are percentiles of resampled items, because neither has
a formula that holds for few items.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_RESAMPLED = 2_000
#: RandomState, because its numbers never change with the version of numpy.
_SEED = 1


class Figure(msgspec.Struct, frozen=True):
    """A value and its interval; None if not defined, because all codes are the same.

    Without disagreement there is no interval, because resampling shows none either.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int


def alpha(codes: Sequence[Sequence[bool | None]]) -> Figure:
    """Return Krippendorff's alpha for nominal codes: items are rows, coders are columns."""
    yes = np.array([sum(code is True for code in item) for item in codes], np.float64)
    no = np.array([sum(code is False for code in item) for item in codes], np.float64)
    coded = yes + no
    yes, no, coded = (some[coded >= 2] for some in (yes, no, coded))
    # Per item: the weighted number of differing pairs of codes, and the codes.
    differing = 2 * yes * no / (coded - 1)
    return _figure(np.column_stack((differing, yes, no)), _alpha)


def kappa(one: Sequence[bool | None], other: Sequence[bool | None]) -> Figure:
    """Return Cohen's kappa of two coders, on the items that both coded."""
    both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    cells = ((True, True), (True, False), (False, True), (False, False))
    return _figure(np.array([[pair == cell for cell in cells] for pair in both], np.float64), _kappa)


def _alpha(sums: Floats) -> Floats:
    differing, yes, no = np.moveaxis(sums, -1, 0)
    all_of = yes + no
    by_chance = 2 * yes * no / (all_of - 1)
    return np.asarray(1 - differing / by_chance)


def _kappa(sums: Floats) -> Floats:
    yes, only_one, only_other, no = np.moveaxis(sums, -1, 0)
    all_of = yes + only_one + only_other + no
    by_chance = (yes + only_one) * (yes + only_other) + (no + only_one) * (no + only_other)
    by_chance = by_chance / all_of**2
    return np.asarray(((yes + no) / all_of - by_chance) / (1 - by_chance))


def _figure(items: Floats, measure: Callable[[Floats], Floats]) -> Figure:
    count = len(items)
    if count < 2:
        return Figure(None, None, None, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(measure(items.sum(axis=0)))
        draws = np.random.RandomState(_SEED).multinomial(count, np.full(count, 1 / count), _RESAMPLED)
        drawn = measure(draws @ items)
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(value):
        return Figure(None, None, None, count)
    if value == 1 or not len(drawn):
        return Figure(round(value, 4), None, None, count)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Figure(round(value, 4), round(float(low), 4), round(float(high), 4), count)
