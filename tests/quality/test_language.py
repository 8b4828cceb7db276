"""The goals of the language step on labelled texts: better than each model alone, no worse for a hint."""

import json
import sys
from pathlib import Path

import pytest

from sandik.counting.language import load_detector
from tests.quality.calibrate import calibration_error, held_out, reliability
from tests.quality.kinds import COUNTRY, Share, altered, by_kind, cases, interval
from tests.quality.labelled import Text, labelled, score
from tests.quality.posts import DATA, LID

pytestmark = pytest.mark.skipif(not (DATA / LID).exists(), reason=f"no {LID} in {DATA}: set SANDIK_TEST_DATA")


@pytest.fixture(scope="module")
def tweets() -> list[Text]:
    return [text for text in labelled() if text.is_tweet and text.source != COUNTRY]


def test_the_default_beats_each_model_alone_on_tweets(tweets: list[Text]) -> None:
    texts = [tweet.text for tweet in tweets]
    default, *alone = (
        score(tweets, load_detector(name).detect(texts)) for name in ("cascade", "fasttext", "langdetect")
    )
    for other in alone:
        assert default.accuracy > other.accuracy
        assert default.f1["tr"] >= other.f1["tr"]
        assert default.f1["ru"] > other.f1["ru"]


@pytest.mark.parametrize("part", ["tweets", "sentences", "word"])
def test_the_confidence_is_the_share_of_right_answers_on_texts_it_was_not_fitted_to(part: str) -> None:
    texts = held_out(
        [
            text
            for text in labelled()
            if (
                part in text.source
                if part != "sentences"
                else not text.is_tweet and "word" not in text.source
            )
            and text.source != COUNTRY
        ]
    )
    answers = load_detector().detect([text.text for text in texts])
    assert calibration_error(reliability(texts, answers)) < 0.02


@pytest.fixture(scope="module")
def measured() -> dict[str, Share]:
    return by_kind(load_detector().detect)


def test_no_kind_of_text_is_told_worse_than_the_report_says_by_more_than_its_noise(
    measured: dict[str, Share],
) -> None:
    reported = json.loads((Path(__file__).parents[2] / "docs" / "language.json").read_bytes())
    kinds = reported["kinds"]["cascade"]
    assert kinds.keys() == measured.keys()
    assert {kind: one.share for kind, one in measured.items() if one.share < kinds[kind]["low"]} == {}


def test_the_report_is_of_the_detector_in_force() -> None:
    reported = json.loads((Path(__file__).parents[2] / "docs" / "language.json").read_bytes())
    assert reported["subjects"][0]["version"] == load_detector().version


def test_without_wheels_it_is_no_better_but_better_than_fasttext_alone(
    monkeypatch: pytest.MonkeyPatch, measured: dict[str, Share]
) -> None:
    monkeypatch.setitem(sys.modules, "eldc", None)
    portable = by_kind(load_detector().detect)
    alone = by_kind(load_detector("fasttext").detect)
    for kind in ("tweets", "sentences", "F1 ru, tweets"):
        assert alone[kind].share < portable[kind].share <= measured[kind].share


def test_what_is_measured_is_not_fitted_to() -> None:
    assert all(text.bucket % 2 for text in (*cases(), *held_out([*labelled(), *altered()])))


def test_more_texts_make_an_interval_narrower_around_the_same_share() -> None:
    few, many = interval(9, 10), interval(900, 1_000)
    assert few.share == many.share
    assert few.low < many.low < many.share < many.high < few.high


def test_right_hints_help_and_random_ones_hardly_harm(tweets: list[Text]) -> None:
    detector = load_detector()
    texts = [tweet.text for tweet in tweets]
    labels = [tweet.language for tweet in tweets]
    none, right, random = (
        score(tweets, detector.detect(texts, hints)).accuracy
        for hints in (None, labels, [labels[tweet.bucket % len(labels)] for tweet in tweets])
    )
    assert right > none + (1 - none) / 3  # of what is wrong without
    assert random > none - 0.005
