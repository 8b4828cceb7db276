"""Laws of the fit of models: it can be repeated, nothing near it is better, and kin lend their weight."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sandik.counting.tags.lexicon import load_lexicon
from tests.quality.fit_models import Pairs, _least_loss, fit
from tests.quality.fitted_posts import Example
from tests.quality.kin import Kin

LEXICON = """
[[words]]
name = "medium"
language = "en"
lemmas = ["footage", "recordings"]
forms = ["vid*", "sound bite"]

[[term]]
language = "en"
lemma = "made"
match = '{medium} NEAR/9 puppeteer'
"""


@pytest.fixture
def kin(tmp_path: Path) -> Kin:
    (tmp_path / "fakes.en.toml").write_text(LEXICON, "utf-8")
    return Kin(load_lexicon(str(tmp_path)))


def about(*texts: str) -> list[Example]:
    return [Example(text, True, "written") for text in texts]


def not_about(*texts: str) -> list[Example]:
    return [Example(text, False, "written") for text in texts]


POSTS = [
    *about("a footage of her", "the footage of him", "their video", "a video of them", "the video"),
    *not_about("a bread of her", "the bread of him", "their soup", "a soup of them", "the soup"),
]


def test_the_same_posts_give_the_same_weights(kin: Kin) -> None:
    assert fit(POSTS, kin) == fit(POSTS, kin)


@pytest.mark.parametrize("unseen", ["record", "vids", "sound bite"])
def test_what_no_post_has_weighs_by_the_words_of_its_query(kin: Kin, unseen: str) -> None:
    posts = [*POSTS, *about("vids of"), *not_about("vids of")] if unseen == "vids" else POSTS
    assert fit(posts, kin).weights[unseen] > 0.1


def test_a_word_that_only_begins_like_others_weighs_a_little(kin: Kin) -> None:
    posts = [*POSTS, *not_about("soupy of"), *about("breath of")]
    weights = fit(posts, kin).weights
    assert weights["soup"] < weights["soupy"] < 0


def test_nothing_near_the_fit_has_less_loss() -> None:
    random = np.random.default_rng(7)
    posts = Pairs(np.repeat(np.arange(40), 3), random.integers(0, 12, 120), 40, 12)
    made_of = Pairs(np.repeat(np.arange(12), 2), random.integers(0, 9, 24), 12, 9)
    is_about, share, ridge = (
        random.integers(0, 2, 40).astype(float),
        random.random(40),
        random.random(9) + 0.5,
    )

    def loss(bias: float, weights: Sequence[float]) -> float:
        sums = posts.forth(made_of.forth(np.array(weights))) + bias
        return float(share @ (np.logaddexp(0, sums) - is_about * sums) + ridge @ np.square(weights) / 2)

    bias, weights = _least_loss(posts, made_of, is_about, share, ridge)
    least = loss(bias, list(weights))
    for _ in range(100):
        near = weights + random.normal(0, 0.1, 9)
        assert loss(bias + random.normal(0, 0.1), list(near)) > least
