"""Laws of the corrected share, and a simulation of how often its interval holds the truth."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.figures import corrected
from sandik.figures.corrected import Accuracy, CodedStratum, Sample
from sandik.figures.interval import wilson
from sandik_schemas.pair import DEFAULT_PAIR

PAIRS = (DEFAULT_PAIR,)
SIMULATED = 150
#: Of 150 intervals that hold the truth in 95 of 100 cases, fewer do once in a thousand times.
FEWEST_HELD = 0.89


def stratum(kind: str, posts: int, coded: int, source: str = "x", **about: int) -> CodedStratum:
    told = {name.replace("_", "+"): count for name, count in about.items()}
    return CodedStratum("tr", source, kind, posts, coded, {**told, "": coded - sum(told.values())})


def sample(*strata: CodedStratum) -> Sample:
    return Sample(strata, PAIRS)


@given(st.integers(30, 500), st.integers(30, 500))
def test_where_everything_was_coded_and_tags_are_right_the_corrected_share_is_the_raw_one(
    tagged: int, others: int
) -> None:
    right = sample(stratum("election", tagged, tagged, election=tagged), stratum("rest", others, others))
    found = right.share("election", tagged, tagged + others)

    assert found is not None
    assert found.value == pytest.approx(tagged / (tagged + others), abs=1e-6)
    low, high = wilson(tagged, tagged + others)
    assert found.low == pytest.approx(low, abs=0.03)
    assert found.high == pytest.approx(high, abs=0.03)


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 40), st.integers(0, 40))
def test_of_the_posts_it_was_drawn_from_it_is_the_weighted_share_of_the_sample(
    right: int, wrong: int, negative: int, missed: int
) -> None:
    """Rogan and Gladen's estimator and the stratified one are the same there."""
    tagged, rest = 10 * (right + wrong), 1_000 * (negative + missed)
    drawn = sample(
        stratum("election", tagged, right + wrong, election=right),
        stratum("rest", rest, negative + missed, election=missed),
    )
    found = drawn.share("election", tagged, tagged + rest)
    weighted = (tagged * right / (right + wrong) + rest * missed / (negative + missed)) / (tagged + rest)

    if found is not None:  # else the tag was no better than chance
        assert found.value == pytest.approx(weighted, abs=1e-6)
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_the_more_is_coded_the_narrower_is_the_interval() -> None:
    widths = []
    for times in (1, 4, 16):
        drawn = sample(
            stratum("election", 10_000, 20 * times, election=18 * times),
            stratum("rest", 90_000, 40 * times, election=times),
        )
        found = drawn.share("election", 10_000, 100_000)
        assert found is not None
        widths.append(found.high - found.low)

    assert widths == sorted(widths, reverse=True)


def test_a_class_of_which_nothing_was_coded_leaves_nothing_to_say() -> None:
    drawn = sample(stratum("election", 100, 10, election=9), stratum("rest", 900, 0))

    assert drawn.share("election", 100, 1_000) is None
    assert drawn.share_of(DEFAULT_PAIR, {"all": 1_000, "election": 100, "both": 5}) is None


def test_the_file_says_the_same_when_it_is_read_again() -> None:
    strata = [stratum("election", 100, 10, election=9), stratum("rest", 900, 20, election=1)]
    one = Accuracy(1, "lex-1", "det-1", ("election",), PAIRS, 2, strata)
    again = msgspec.json.decode(msgspec.json.encode(one), type=Accuracy)

    assert again.of("tr").share("election", 100, 1_000) == one.of("tr").share("election", 100, 1_000)
    assert one.of("ru").share("election", 100, 1_000) is None


#: Posts of each kind in the whole population, and the share of each that is about election, and about both.
Kinds = dict[str, tuple[int, float, float]]
WELL_TAGGED: Kinds = {
    "election": (8_000, 0.95, 0.0),
    "deepfake": (600, 0.1, 0.05),
    "deepfake+election": (900, 0.97, 0.9),
    "near-miss": (6_000, 0.15, 0.02),
    "rest": (84_500, 0.003, 0.0),
}
BADLY_TAGGED: Kinds = {
    "election": (5_000, 0.6, 0.05),
    "deepfake": (800, 0.2, 0.1),
    "deepfake+election": (700, 0.8, 0.5),
    "near-miss": (9_000, 0.3, 0.05),
    "rest": (30_000, 0.02, 0.002),
}


#: Much that nothing in the posts points to: most samples show none of it.
UNSEEN: Kinds = {**WELL_TAGGED, "near-miss": (6_000, 0.01, 0.0), "rest": (84_500, 0.03, 0.001)}


@pytest.mark.parametrize("kinds", [WELL_TAGGED, BADLY_TAGGED, UNSEEN], ids=["well", "badly", "unseen"])
def test_the_interval_holds_the_truth_nineteen_times_in_twenty(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Posts of two sources are made, tagged and coded by chance; what is true is known."""
    monkeypatch.setattr(corrected, "_DRAWS", 400)
    per_stratum = 25
    random = np.random.RandomState(7)
    truth = shares(kinds)
    held = {"election": 0, "both": 0, "share": 0}
    for _ in range(SIMULATED):
        drawn, posts = simulated(kinds, per_stratum, random)
        found: dict[str, Any] = {
            "election": drawn.share("election", posts["election"], posts["all"]),
            "both": drawn.share("both", posts["both"], posts["all"]),
            "share": drawn.share_of(DEFAULT_PAIR, posts),
        }
        for name, one in found.items():
            held[name] += one is None or one.low <= truth[name] <= one.high

    assert {name: count / SIMULATED for name, count in held.items() if count < FEWEST_HELD * SIMULATED} == {}


def test_the_interval_of_the_raw_share_does_not_hold_it() -> None:
    random = np.random.RandomState(7)
    truth, held = shares(BADLY_TAGGED), 0
    for _ in range(SIMULATED):
        _, posts = simulated(BADLY_TAGGED, 1, random)
        low, high = wilson(posts["both"], posts["election"])
        held += low <= truth["share"] <= high

    assert held < SIMULATED / 2


def shares(kinds: Kinds) -> dict[str, float]:
    total = sum(posts for posts, _, _ in kinds.values())
    election = sum(posts * share for posts, share, _ in kinds.values()) / total
    both = sum(posts * share for posts, _, share in kinds.values()) / total
    return {"election": election, "both": both, "share": both / election}


def simulated(kinds: Kinds, per_stratum: int, random: np.random.RandomState) -> tuple[Sample, dict[str, int]]:
    strata = []
    numbers = random.multinomial(
        sum(posts for posts, _, _ in kinds.values()),
        np.array([posts for posts, _, _ in kinds.values()]) / sum(posts for posts, _, _ in kinds.values()),
    )
    posts = {"all": int(numbers.sum()), "election": 0, "both": 0}
    for number, (kind, (_, election, both)) in zip(numbers.tolist(), kinds.items(), strict=True):
        posts["election"] += number if "election" in kind else 0
        posts["both"] += number if kind == "deepfake+election" else 0
        for source, size in (("x", number // 4), ("telegram", number - number // 4)):
            coded = min(size, per_stratum)
            yes_both, yes_election, _ = random.multinomial(coded, (both, election - both, 1 - election))
            about = {"deepfake_election": int(yes_both), "election": int(yes_election)}
            strata.append(stratum(kind, size, coded, source, **about))
    return Sample(strata, PAIRS), posts
