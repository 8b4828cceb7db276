"""Terms that stand together, words that rise."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.texts.keyness import keys
from sandik.texts.together import Together

counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 500), min_size=1)


@given(counts, counts)
def test_the_other_way_round_a_word_falls_as_far_as_it_rose(
    posts: dict[str, int], baseline: dict[str, int]
) -> None:
    there = {one.word: one.z for one in keys(posts, baseline)}
    back = {one.word: one.z for one in keys(baseline, posts)}

    assert there == pytest.approx({word: -z for word, z in back.items()})


@given(counts)
def test_against_itself_nothing_rises(posts: dict[str, int]) -> None:
    assert all(one.z == 0 for one in keys(posts, posts))


def test_what_rises_comes_first_and_a_rare_word_does_not() -> None:
    baseline = Counter({"ve": 5_000, "seçim": 100, "hava": 800})
    found = keys(Counter({"ve": 5_050, "seçim": 900, "hava": 790, "xyz": 1}), baseline)

    assert found[0].word == "seçim"
    assert found[0].z > 10
    assert {one.word: one.z for one in found}["xyz"] < 3


def test_terms_count_once_a_post_and_lift_says_how_far_from_chance() -> None:
    together = Together()
    together.add([["oy", "sandık", "oy"], ["oy", "sandık"], ["montaj"], [], ["oy", "montaj"]])
    [first] = together.pairings()

    assert (first.one, first.other, first.posts, first.of_one, first.of_other) == ("oy", "sandık", 2, 3, 2)
    assert first.lift == pytest.approx(2 * 4 / (3 * 2), abs=0.01)
