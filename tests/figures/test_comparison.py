"""Laws of the comparison, and a simulation of how often its test is wrong."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sandik.figures.comparison import MIN_STEPS, difference, part
from sandik.figures.interval import wilson

SIMULATED = 400
steps = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40)


def of(found: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [some for some, _ in found], [some + more for some, more in found]


@given(steps, steps)
def test_the_other_way_round_it_is_the_same_with_another_sign(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    there = difference(part(*of(one)), part(*of(other)))
    back = difference(part(*of(other)), part(*of(one)))

    if there is not None and back is not None:
        assert (there.value, there.low, there.high) == (-back.value, -back.high, -back.low)
        assert there.p == back.p
        assert there.low <= there.value <= there.high


@given(steps)
def test_a_share_is_no_surer_than_chance_lets_it_be(found: list[tuple[int, int]]) -> None:
    counts, all_of = of(found)
    one = part(counts, all_of)
    low, high = wilson(sum(counts), sum(all_of))

    assert one.low <= low + 1e-6
    assert one.high >= high - 1e-6
    assert (one.dispersion is None) or len(found) >= MIN_STEPS


def test_steps_of_which_each_is_like_the_last_are_worth_less() -> None:
    alternating = part([10, 0] * 20, [20] * 40)
    in_runs = part([10] * 20 + [0] * 20, [20] * 40)

    assert alternating.value == in_runs.value
    assert (in_runs.dispersion or 1) > (alternating.dispersion or 1)


def test_where_nothing_differs_it_says_so_nineteen_times_in_twenty_though_shares_drift() -> None:
    """Thirty days a side, each like the day before. A test of chance alone is fooled."""
    random = np.random.RandomState(3)
    wrong = fooled = 0
    for _ in range(SIMULATED):
        one, other = drifting(random), drifting(random)
        found = difference(part(*one), part(*other))
        plain = difference(part([sum(one[0])], [sum(one[1])]), part([sum(other[0])], [sum(other[1])]))
        assert found is not None
        assert plain is not None
        wrong += found.p < 0.05
        fooled += plain.p < 0.05

    assert wrong / SIMULATED < 0.085  # 0.05, with a deviation of 0.011
    assert fooled / SIMULATED > 0.4


def test_a_share_that_has_doubled_is_found() -> None:
    random = np.random.RandomState(3)
    found = [difference(part(*drifting(random)), part(*drifting(random, 0.4))) for _ in range(50)]

    assert sum(one is not None and one.p < 0.05 for one in found) > 45


def drifting(random: np.random.RandomState, share: float = 0.2) -> tuple[list[int], list[int]]:
    all_of = random.poisson(200, 30)
    level, levels = 0.0, []
    for shock in random.normal(0, 0.25, 30):
        level = 0.5 * level + shock
        levels.append(level)
    odds = share / (1 - share) * np.exp(levels)
    return random.binomial(all_of, odds / (1 + odds)).tolist(), all_of.tolist()
