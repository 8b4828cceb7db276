"""`make fit-models`: what words weigh in `<tag>.<language>.model.toml`, from posts that were judged.

Rules find what somebody thought of. A model finds what other posts have in common with those that were
judged: it is asked where no term of its tag counts (`sandik.counting.tags.weighing`). Its weights are those
of a logistic regression with a ridge, fitted by gradients to judged posts and archives (`fitted_posts.py`):
nothing is drawn at random, so the same posts give the same weights. A word weighs what it says itself, and
what it shares with its kin (`kin.py`): so words that no judged post has weigh, too.

`python -m tests.quality.fit_models --check` fits to four fifths of the written posts, five times, and says of
the other fifth what rules find alone and with the model.
"""

import hashlib
import sys
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sandik.counting.tags.alphabet import fold
from sandik.counting.tags.lexicon import load_lexicon
from sandik.counting.tags.match import Tagger
from sandik.counting.tags.models import SUFFIX
from sandik.counting.tags.ready import made_ready
from sandik.counting.tags.weighing import features_of
from tests.quality.fitted_posts import Example, archive_posts, judged_posts
from tests.quality.kin import Kin, Share

LEXICON = Path(__file__).parents[2] / "streams" / "sandik" / "lexicon"
#: As which term a model tags a post.
LEMMAS = {
    "election.en": "words of an election",
    "election.ru": "слова о выборах",
    "election.tr": "seçim sözleri",
    "deepfake.en": "words of a fake",
    "deepfake.ru": "слова о подделке",
    "deepfake.tr": "sahte görüntü sözleri",
}
#: How likely a post has to be about it, as log odds. Lower ones found more of the written posts of writers
#: that were left out of the fit, but added only wrong tags on real posts and archives.
LEAST = {
    "election.en": 1.3,
    "election.ru": 1.7,
    "election.tr": 1.6,
    "deepfake.en": 0.5,
    "deepfake.ru": 0.6,
    "deepfake.tr": 0.4,
}
#: Longer posts speak of much at once.
CHARACTERS = 300
#: What a post of the archives weighs that has the tag or has it not, by the rules; a judged one weighs 1.
#: They hardly speak of deepfakes, so there each says what is none.
TAGGED, UNTAGGED = 0.15, {"deepfake": 0.6, "election": 0.3}
#: A word must be in so many judged posts.
FEWEST_POSTS = 2
#: Other words weigh by what they share with their kin; of the archives, those that are in so many posts.
FEWEST_COMMON = 20
#: What words of one query share may weigh less than what words weigh alone, or begin with.
RIDGE, RIDGE_OF_QUERIES = 1.0, {"deepfake": 10.0, "election": 4.0}
#: In English kin found no more deepfakes than a lower threshold does, at as many wrong ones in the archives.
WITHOUT_KIN = ("deepfake.en",)
#: With kin, four in ten words weigh 2 or less, which decides nothing: they are left out.
LEAST_WEIGHT, LEAST_WITH_KIN = 1, 3
#: No word weighs a larger share of what is needed: where rules refuse it, it alone is not enough.
MOST = 0.6
STEPS, MEMORY, ENOUGH = 600, 10, 0.05
#: Weights are whole numbers, so many of log odds.
SCALE = 20
FOLDS = 5

Values = npt.NDArray[np.float64]


class Pairs(NamedTuple):
    """Which columns each row has. A matrix of ones."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    height: int
    width: int

    def forth(self, values: Values) -> Values:
        """Return, of each row, the sum of the values of its columns."""
        return np.asarray(np.bincount(self.rows, values[self.columns], self.height), np.float64)

    def back(self, values: Values) -> Values:
        """Return, of each column, the sum of the values of its rows."""
        return np.asarray(np.bincount(self.columns, values[self.rows], self.width), np.float64)


class Fitted(NamedTuple):
    """Log odds: of no word, and what each word adds."""

    bias: float
    weights: dict[str, float]

    def odds(self, text: str) -> float:
        """Return the log odds of a text."""
        return self.bias + sum(self.weights.get(one, 0.0) for one in features_of(fold(text)))


def fit(examples: Sequence[Example], kin: Kin | None, ridge_of_queries: float = RIDGE) -> Fitted:
    """Return the weights with the least loss: what each word weighs with all that it shares with its kin."""
    features = [sorted(features_of(fold(one.text))) for one in examples]
    seen, common = Counter[str](), Counter[str]()
    for found, example in zip(features, examples, strict=True):
        (common if example.source == "archives" else seen).update(found)
    often = (word for word, posts in common.items() if posts >= FEWEST_COMMON)
    words = sorted({*seen, *often, *(kin.words if kin else ())})
    shares = [[*kin.shares(word)] if kin else [] for word in words]
    judged_with = Counter[Share]()
    for word, some in zip(words, shares, strict=True):
        judged_with.update(dict.fromkeys(some, seen[word]))
    parts: dict[Share | str, int] = {}
    told: list[tuple[int, int]] = []
    for number, (word, some) in enumerate(zip(words, shares, strict=True)):
        own: list[Share | str] = [word] if seen[word] >= FEWEST_POSTS else []
        for part in (*own, *(one for one in some if judged_with[one] >= FEWEST_POSTS)):
            told.append((number, parts.setdefault(part, len(parts))))
    numbers = {word: number for number, word in enumerate(words)}
    known = [[numbers[word] for word in some if word in numbers] for some in features]
    posts = Pairs(
        np.repeat(np.arange(len(known)), [len(some) for some in known]),
        np.fromiter((number for some in known for number in some), np.intp),
        len(known),
        len(words),
    )
    words_of_parts, parts_of_words = np.array(told, np.intp).reshape(-1, 2).T
    made_of = Pairs(words_of_parts, parts_of_words, len(words), len(parts))
    about = np.array([one.is_about for one in examples], np.float64)
    share = np.array([one.weight for one in examples])
    ridge = np.array([ridge_of_queries if part[0] == "" else RIDGE for part in parts])
    bias, weights = _least_loss(posts, made_of, about, share, ridge)
    return Fitted(bias, dict(zip(words, made_of.forth(weights).tolist(), strict=True)))


def _weight(tag: str, one: Example) -> float:
    if one.source != "archives":
        return 1.0
    return TAGGED if one.is_about else UNTAGGED[tag]


def _least_loss(
    posts: Pairs, made_of: Pairs, about: Values, share: Values, ridge: Values
) -> tuple[float, Values]:
    """Go down the gradient, by the curvature that the last steps met (L-BFGS). Last: what no word weighs."""
    ridge = np.append(ridge, 0.0)

    def loss(weights: Values) -> tuple[float, Values]:
        sums = posts.forth(made_of.forth(weights[:-1])) + weights[-1]
        wrong = share * (1 / (1 + np.exp(-sums)) - about)
        slope = np.append(made_of.back(posts.back(wrong)), wrong.sum()) + ridge * weights
        worth = share @ (np.logaddexp(0, sums) - about * sums) + (ridge * weights) @ weights / 2
        return float(worth), slope

    weights = np.zeros(len(ridge))
    worth, slope = loss(weights)
    steps: deque[tuple[Values, Values]] = deque(maxlen=MEMORY)
    for _ in range(STEPS):
        if np.linalg.norm(slope) < ENOUGH:
            break
        way = -_by_curvature(slope, steps)
        size = 1.0 if steps else float(1 / np.linalg.norm(slope))
        while True:  # half as far, until it is worth it
            there, slope_there = loss(weights + size * way)
            if there <= worth + 1e-4 * size * (slope @ way) or size < 1e-9:
                break
            size /= 2
        if slope_there @ way > slope @ way:
            steps.append((size * way, slope_there - slope))
        weights, worth, slope = weights + size * way, there, slope_there
    return float(weights[-1]), weights[:-1]


def _by_curvature(slope: Values, steps: Sequence[tuple[Values, Values]]) -> Values:
    """Return a slope divided by the curvature that the last steps met."""
    shares: list[float] = []
    for step, bend in reversed(steps):
        shares.append(float(step @ slope / (step @ bend)))
        slope = slope - shares[-1] * bend
    if steps:
        step, bend = steps[-1]
        slope = slope * float(step @ bend / (bend @ bend))
    for step, bend in steps:
        slope = slope + step * (shares.pop() - float(bend @ slope / (step @ bend)))
    return slope


def examples(tag: str, language: str, tagger: Tagger) -> list[Example]:
    """Return the posts that are fitted to."""
    found = [*judged_posts(tag, language), *archive_posts(tag, language, tagger)]
    return [one._replace(weight=_weight(tag, one)) for one in found if len(one.text) <= CHARACTERS]


def write(tag: str, language: str, tagger: Tagger, kin: Kin | None) -> None:
    """Fit a model and write its file."""
    name = f"{tag}.{language}"
    fitted = fit(examples(tag, language, tagger), kin, RIDGE_OF_QUERIES[tag])
    needed = LEAST[name] - fitted.bias
    weights = {word: round(min(weight, MOST * needed) * SCALE) for word, weight in fitted.weights.items()}
    least = LEAST_WITH_KIN if kin else LEAST_WEIGHT
    lines = [f"{word} {weight}\n" for word, weight in sorted(weights.items()) if abs(weight) >= least]
    (LEXICON / f"{name}{SUFFIX}").write_text(
        "# `make fit-models` writes this file: what words of a short post weigh. See docs/lexicon.md.\n"
        f'language = "{language}"\n'
        f'lemma = "{LEMMAS[name]}"\n'
        f"least = {round(needed * SCALE)}\n"
        f"most_characters = {CHARACTERS}\n"
        f"weights = '''\n{''.join(lines)}'''\n",
        "utf-8",
    )
    sys.stderr.write(f"{name}: {len(lines):,} words\n")


def check(tag: str, language: str, tagger: Tagger, kin: Kin | None) -> str:
    """Return precision and recall of the rules alone, and with a model not fitted to the posts."""
    every = examples(tag, language, tagger)
    folds: list[list[Example]] = [[] for _ in range(FOLDS)]
    for one in every:
        if one.source == "written" or one.source.startswith("authored"):
            folds[hashlib.sha256(one.text.encode()).digest()[2] % FOLDS].append(one)
    alone, together, about = Counter[bool](), Counter[bool](), 0
    for fold_number, held in enumerate(folds):
        others = {one.text for number, some in enumerate(folds) if number != fold_number for one in some}
        kept = {one.text for some in folds for one in some} - others
        fitted = fit([one for one in every if one.text not in kept], kin, RIDGE_OF_QUERIES[tag])
        terms = tagger.terms([one.text for one in held], [language] * len(held))
        for one, some in zip(held, terms, strict=True):
            is_tagged = any(term.tag == tag for term in some)
            about += one.is_about
            alone[one.is_about] += is_tagged
            together[one.is_about] += is_tagged or fitted.odds(one.text) >= LEAST[f"{tag}.{language}"]

    def said(found: Counter[bool]) -> str:
        return f"precision {found[True] / max(1, found.total()):.3f}, recall {found[True] / about:.3f}"

    return f"{tag} {language}: rules {said(alone)}; with the model {said(together)}"


def main(arguments: Iterable[str]) -> None:
    """Fit every model, or check them."""
    lexicon = load_lexicon()._replace(models=())
    tagger, every = Tagger(made_ready(lexicon)), Kin(lexicon)
    for name in LEMMAS:
        tag, language = name.split(".")
        kin = None if name in WITHOUT_KIN else every
        if "--check" in arguments:
            sys.stdout.write(f"{check(tag, language, tagger, kin)}\n")
        else:
            write(tag, language, tagger, kin)


if __name__ == "__main__":
    main(sys.argv[1:])
