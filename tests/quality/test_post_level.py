"""Laws of the figures of tags, and: no figure has dropped by more than its noise down."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.figures.interval import wilson
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.quality.draw import drawn
from tests.quality.judged import Judged, is_held_out, judged
from tests.quality.post_level import Figure, figures, weighted
from tests.quality.posts import DATA, SourcedPost
from tests.quality.terms import tags_of

WRITTEN = Path(__file__).parents[2] / "docs" / "terms.json"
HELD_OUT_WHOLE = {"authored 6", "authored 7", "authored 8", "authored 9", "authored 10", "authored 11"}

posts = st.lists(
    st.builds(
        Judged,
        language=st.sampled_from(["tr", "ru"]),
        kind=st.just("tweets"),
        id=st.uuids().map(str),
        weight=st.floats(0.5, 100),
        about=st.fixed_dictionaries({"election": st.booleans()}),
        text=st.just(""),
    ),
    max_size=40,
    unique_by=lambda one: one.id,
)


@given(posts)
def test_tags_that_are_the_judgement_are_always_right_and_miss_nothing(sample: list[Judged]) -> None:
    right = {one.id: [tag for tag, is_about in one.about.items() if is_about] for one in sample}
    assert all(one.precision == one.recall == 1.0 for one in figures(sample, right))


@given(posts, st.data())
def test_a_post_counts_in_one_half_and_bounds_hold_the_share(
    sample: list[Judged], data: st.DataObject
) -> None:
    tags = {one.id: data.draw(st.sampled_from([(), ("election",)])) for one in sample}
    found = figures(sample, tags)
    assert sum(one.tagged for one in found) == sum(map(len, tags.values()))
    assert sum(one.about for one in found) == sum(one.about["election"] for one in sample)
    for one in found:
        assert one.precision_low <= one.precision <= one.precision_high
        assert one.recall_low <= one.recall <= one.recall_high


@given(st.lists(st.booleans(), min_size=1), st.floats(0.5, 9))
def test_equal_weights_say_what_no_weights_say(hits: list[bool], weight: float) -> None:
    share, low, high = weighted([weight for hit in hits if hit], [weight] * len(hits))
    assert share == pytest.approx(sum(hits) / len(hits), abs=1e-4)
    assert (low, high) == pytest.approx(wilson(sum(hits), len(hits)), abs=1e-3)


def test_halves_are_about_halves_and_ids_are_there_once() -> None:
    ids = [one.id for one in judged()]
    assert len(ids) == len(set(ids))
    halved = [one.id for one in judged() if one.kind not in HELD_OUT_WHOLE]
    assert 0.45 < sum(map(is_held_out, halved)) / len(halved) < 0.55
    assert all(one.is_held_out for one in judged() if one.kind in HELD_OUT_WHOLE)


def test_no_figure_drops_by_more_than_its_noise() -> None:
    """Authored posts are always here; the others where the archives are (SANDIK_TEST_DATA)."""
    written = {_key(one): one for one in _written()}
    at_hand = [one for one in judged() if one.text is not None]
    now = figures(at_hand, tags_of(load_job(Settings()), at_hand))
    assert now
    assert [
        (_key(one), one.precision, one.recall)
        for one in now
        if one.precision < written[_key(one)].precision_low or one.recall < written[_key(one)].recall_low
    ] == []


def test_every_judged_post_is_at_hand() -> None:
    if not (DATA / "terms_dev").is_dir():
        pytest.skip(f"no terms_dev in {DATA}: set SANDIK_TEST_DATA")
    assert [one.id for one in judged() if one.text is None] == []


def _written() -> list[Figure]:
    return msgspec.convert(json.loads(WRITTEN.read_bytes())["post_level"], list[Figure])


def _key(one: Figure) -> tuple[str, str, str, bool]:
    return one.language, one.kind, one.tag, one.is_held_out


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans())), st.integers())
def test_a_sample_stands_for_all_that_the_net_catches_and_can_be_drawn_again(
    found: list[tuple[int, bool]], seed: int
) -> None:
    sourced = [
        (SourcedPost("file", str(row), "tr", f"{word} {number}"), is_tagged and word == "seçim")
        for row, (number, is_tagged) in enumerate(found)
        for word in ("seçim", "hava")
    ]
    sample = drawn(sourced, "tr", seed)
    assert sample == drawn(sourced, "tr", seed)
    caught = {(text, tagged) for post, tagged in sourced if "seçim" in (text := post.text)}
    assert (
        len({text for text, _ in caught}) <= round(sum(weight for _, _, weight, _ in sample)) <= len(caught)
    )
    assert not any("hava" in text for *_, text in sample)
