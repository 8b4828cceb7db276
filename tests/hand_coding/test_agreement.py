"""Agreement of coders, compared with what others reckon."""

import warnings

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.hand_coding.agreement import alpha, kappa

Code = bool | None
codes = st.lists(
    st.lists(st.sampled_from([True, False, None]), min_size=3, max_size=3), min_size=2, max_size=30
)


@given(codes)
def test_alpha_is_that_of_the_library_of_others(rows: list[list[Code]]) -> None:
    ours = alpha(rows)
    paired = [row for row in rows if sum(code is not None for code in row) >= 2]
    if ours.value is None:
        said = {code for row in paired for code in row if code is not None}
        assert len(said) < 2 or len(paired) < 2
        return
    values = np.array([[np.nan if code is None else float(code) for code in row] for row in rows]).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = krippendorff.alpha(reliability_data=values, level_of_measurement="nominal")

    assert ours.value == pytest.approx(theirs, abs=1e-4)
    assert ours.items == len(paired)


def test_kappa_is_that_of_the_textbook() -> None:
    """Cohen's measure of 50 applications: 20 both yes, 15 both no, 5 and 10 apart. It is 0.4."""
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    found = kappa([one for one, _ in pairs], [other for _, other in pairs])

    assert (found.value, found.items) == (0.4, 50)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.4 < found.high
    assert 0.1 < found.low < 0.25  # its formula for many items gives 0.15 to 0.65
    assert 0.55 < found.high < 0.7


@given(st.lists(st.booleans(), min_size=2))
def test_whoever_agrees_on_everything_has_one_or_nothing(said: list[bool]) -> None:
    found = kappa(said, said)

    assert found.value == (1.0 if len(set(said)) == 2 else None)
    assert found.low is None


def test_what_a_coder_did_not_code_says_nothing() -> None:
    one, other = [True, False, True, None, False], [True, False, False, True, None]

    assert kappa(one, other) == kappa(one[:3], other[:3])
