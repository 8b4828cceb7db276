"""The goals of the language step on labelled texts: better than each model alone, no worse for a hint."""

import pytest

from streams.steps.language import load_detector
from tests.quality.calibrate import calibration_error, held_out, reliability
from tests.quality.labelled import Text, labelled, score
from tests.quality.posts import DATA, LID

pytestmark = pytest.mark.skipif(not (DATA / LID).exists(), reason=f"no {LID} in {DATA}: set SANDIK_TEST_DATA")


@pytest.fixture(scope="module")
def tweets() -> list[Text]:
    return [text for text in labelled() if text.is_tweet]


def test_the_default_beats_each_model_alone_on_tweets(tweets: list[Text]) -> None:
    texts = [tweet.text for tweet in tweets]
    default, *alone = (
        score(tweets, load_detector(name).detect(texts)) for name in ("cascade", "fasttext", "langdetect")
    )
    for other in alone:
        assert default.accuracy > other.accuracy
        assert default.f1["tr"] >= other.f1["tr"]
        assert default.f1["ru"] > other.f1["ru"]
    assert default.accuracy > 0.90
    assert default.f1["tr"] > 0.99
    assert default.f1["ru"] > 0.98


def test_the_confidence_is_the_share_of_right_answers_on_tweets_it_was_not_fitted_to(
    tweets: list[Text],
) -> None:
    texts = held_out(tweets)
    answers = load_detector().detect([text.text for text in texts])
    assert calibration_error(reliability(texts, answers)) < 0.02


def test_right_hints_help_and_random_ones_hardly_harm(tweets: list[Text]) -> None:
    detector = load_detector()
    texts = [tweet.text for tweet in tweets]
    labels = [tweet.language for tweet in tweets]
    none, right, random = (
        score(tweets, detector.detect(texts, hints)).accuracy
        for hints in (None, labels, [labels[tweet.bucket % len(labels)] for tweet in tweets])
    )
    assert right > none + 0.01
    assert random > none - 0.005
