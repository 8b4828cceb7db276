"""Laws of the fit of signs: what speaks for a tag never weighs against it, and a fit can be repeated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quality.fit_signs import fitted
from tests.support.examples import examples

#: Three signs, the last of which may only speak against.
BOUNDS = np.array([1.0, 1.0, -1.0])
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=3)
posts = st.lists(st.tuples(rows, st.booleans()), min_size=2, max_size=20)


@examples(50)
@given(posts)
def test_weights_are_on_their_side_and_the_same_each_time(
    found: list[tuple[list[tuple[int, int, int]], bool]],
) -> None:
    places = [np.array(some, float) for some, _ in found]
    about, weight = np.array([is_about for _, is_about in found], float), np.ones(len(found))
    weights, bias = fitted(places, about, weight, BOUNDS)
    again, same = fitted(places, about, weight, BOUNDS)
    assert (weights * BOUNDS >= 0).all()
    assert (weights == again).all()
    assert bias == same


def test_a_sign_that_tells_weighs_and_one_that_does_not_weighs_little() -> None:
    places = [np.array([[1.0, at % 2, 0.0]]) for at in range(40)] + [
        np.array([[0.0, at % 2, 1.0]]) for at in range(40)
    ]
    weights, _ = fitted(places, np.repeat([1.0, 0.0], 40), np.ones(80), BOUNDS)
    assert weights[0] > 1
    assert weights[2] < -1
    assert weights[1] == pytest.approx(0, abs=0.2)
