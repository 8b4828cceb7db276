"""Laws of the interval and of bursts."""

from math import isclose

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sandik.figures.interval import wilson
from sandik.figures.statistics import BASELINE_BUCKETS, bursts
from tests.support.examples import examples

trials = st.integers(1, 10_000_000)


def found(counts: list[int]) -> list[int]:
    """Return the places of the bursts, the language being seen everywhere."""
    buckets = np.arange(len(counts))
    return np.flatnonzero(bursts(buckets, np.array(counts), buckets)).tolist()


@examples(60)
@given(st.data(), trials)
def test_the_interval_holds_the_share_and_stays_between_0_and_1(data: st.DataObject, n: int) -> None:
    successes = data.draw(st.integers(0, n))

    low, high = wilson(successes, n)

    assert 0 <= low <= successes / n <= high <= 1


@examples(60)
@given(st.data(), st.integers(1, 10_000))
def test_more_posts_of_the_same_share_make_it_narrower(data: st.DataObject, n: int) -> None:
    successes = data.draw(st.integers(0, n))

    (low, high), (low_10, high_10) = wilson(successes, n), wilson(10 * successes, 10 * n)

    assert high_10 - low_10 < high - low


@examples(60)
@given(st.data(), trials)
def test_the_interval_of_the_other_posts_is_its_mirror(data: st.DataObject, n: int) -> None:
    successes = data.draw(st.integers(0, n))

    (low, high), (low_not, high_not) = wilson(successes, n), wilson(n - successes, n)

    assert isclose(low, 1 - high_not, abs_tol=1e-9)
    assert isclose(high, 1 - low_not, abs_tol=1e-9)


def test_known_intervals() -> None:
    """By the formula of Wilson (1927), as statsmodels' proportion_confint prints them."""
    assert [round(end, 4) for end in wilson(1, 1)] == [0.2065, 1.0]
    assert [round(end, 4) for end in wilson(10, 50)] == [0.1124, 0.3304]
    assert wilson(0, 0) == (0.0, 1.0)


@examples(60)
@given(st.lists(st.integers(0, 4), max_size=100))
def test_fewer_than_five_posts_are_never_a_burst(counts: list[int]) -> None:
    assert found(counts) == []


@examples(60)
@given(st.integers(0, 1_000_000), st.integers(1, 100))
def test_what_stays_the_same_is_never_a_burst(count: int, length: int) -> None:
    assert found([count] * length) == []


@examples(60)
@given(st.integers(0, 100_000))
def test_what_stands_far_out_is_a_burst_and_alone(level: int) -> None:
    height = 3 * level + 20

    assert found([level] * BASELINE_BUCKETS + [height] + [level] * 10) == [BASELINE_BUCKETS]


def test_an_earlier_burst_does_not_hide_a_later_one() -> None:
    quiet, loud = [4] * BASELINE_BUCKETS, [60]

    assert found(quiet + loud + quiet[:5] + loud) == [30, 36]


def test_a_restless_baseline_needs_more() -> None:
    assert 30 not in found([10, 40] * 15 + [70])
    assert 30 in found([25] * 30 + [70])


def test_chance_of_small_counts_is_no_burst() -> None:
    assert found([1] * 30 + [6]) == []
    assert found([0] * 30 + [6]) == []


@examples(60)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=120))
def test_a_bucket_that_is_missing_counts_as_0(counts: list[int]) -> None:
    buckets = np.arange(len(counts))
    there = np.flatnonzero(np.array(counts) > 0)

    sparse = bursts(there, np.array(counts)[there], buckets)

    assert there[sparse].tolist() == found(counts)


def test_where_data_begins_or_goes_on_after_a_gap_nothing_is_a_burst_yet() -> None:
    buckets, counts = np.array([100]), np.array([500])

    def is_burst(*seen: int) -> bool:
        return bool(bursts(buckets, counts, np.array([*seen, 100]))[0])

    assert [is_burst(), is_burst(69), is_burst(91), is_burst(0, 1, 2, 95)] == [False] * 4
    assert [is_burst(70), is_burst(90), is_burst(0, 80, 99)] == [True] * 3
