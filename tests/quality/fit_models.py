"""`make fit-models`: what words weigh in `<tag>.<language>.model.toml`, from posts that were judged.

Rules find what somebody thought of. A model finds what other posts have in common with those that were
judged: it is asked where no term of its tag counts (`sandik.counting.tags.weighing`). Its weights are those
of a logistic regression with a ridge, fitted to the posts that signs are fitted to (`fit_signs.py`), by
gradients: nothing is drawn at random, so the same posts give the same weights.

`python -m tests.quality.fit_models --check` fits to four fifths of the written posts, five times, and says of
the other fifth what rules find alone and with the model.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sandik.counting.tags.alphabet import fold
from sandik.counting.tags.lexicon import load_lexicon
from sandik.counting.tags.match import Tagger
from sandik.counting.tags.models import SUFFIX
from sandik.counting.tags.ready import made_ready
from sandik.counting.tags.weighing import features_of
from tests.quality.fit_signs import LEXICON, Example, archive_posts, judged_posts

#: As which term a model tags a post.
LEMMAS = {
    "election.en": "words of an election",
    "election.ru": "слова о выборах",
    "election.tr": "seçim sözleri",
    "deepfake.en": "words of a fake",
    "deepfake.ru": "слова о подделке",
    "deepfake.tr": "sahte görüntü sözleri",
}
#: How likely a post has to be about it, as log odds: where written posts that it was not fitted to kept 93 %
#: precision for elections, and next to no post of the archives became a deepfake.
LEAST = {
    "election.en": 1.4,
    "election.ru": 1.5,
    "election.tr": 1.5,
    "deepfake.en": 0.6,
    "deepfake.ru": 0.6,
    "deepfake.tr": 0.5,
}
#: Longer posts speak of much at once.
CHARACTERS = 300
#: What a post of the archives weighs that has the tag or has it not, by the rules; a judged one weighs 1.
#: They hardly speak of deepfakes, so there each says what is none.
TAGGED, UNTAGGED = 0.15, {"deepfake": 0.6, "election": 0.3}
#: A word must be in so many judged posts.
FEWEST_POSTS = 2
RIDGE, STEPS = 1.0, 1_500
#: Weights are whole numbers, so many of log odds.
SCALE = 20
FOLDS = 5

Values = npt.NDArray[np.float64]


class Fitted(NamedTuple):
    """Log odds: of no word, and what each word adds."""

    bias: float
    weights: dict[str, float]

    def odds(self, text: str) -> float:
        """Return the log odds of a text."""
        return self.bias + sum(self.weights.get(one, 0.0) for one in features_of(fold(text)))


def fit(examples: Sequence[Example]) -> Fitted:
    """Return the weights with the least loss."""
    features = [sorted(features_of(fold(one.text))) for one in examples]
    is_judged = [one.source != "archives" for one in examples]
    seen = Counter(word for some, judged in zip(features, is_judged, strict=True) if judged for word in some)
    numbers = {word: number for number, word in enumerate(sorted(seen)) if seen[word] >= FEWEST_POSTS}
    numbers = {word: number for number, word in enumerate(sorted(numbers))}
    known = [[numbers[word] for word in some if word in numbers] for some in features]
    columns = np.fromiter((number for some in known for number in some), np.intp)
    rows = np.repeat(np.arange(len(known)), [len(some) for some in known])
    about = np.array([one.is_about for one in examples], np.float64)
    share = np.array([one.weight for one in examples])
    bias, weights = _least_loss(rows, columns, about, share, len(numbers))
    return Fitted(bias, {word: weights[number] for word, number in numbers.items()})


def _weight(tag: str, one: Example) -> float:
    if one.source != "archives":
        return 1.0
    return TAGGED if one.is_about else UNTAGGED[tag]


def _least_loss(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], about: Values, share: Values, words: int
) -> tuple[float, Values]:
    """Go down the gradient, with momentum (Nesterov). The last weight is that of no word."""

    def sums(weights: Values) -> Values:
        total: Values = np.bincount(rows, weights[columns], len(about)) + weights[-1]
        return total

    def back(values: Values) -> Values:
        return np.append(np.bincount(columns, values[rows], words), values.sum())

    ridge = np.append(np.full(words, RIDGE), 0.0)
    curve = np.ones(words + 1)
    for _ in range(30):  # the largest curvature that there can be
        curve = back(share * sums(curve)) / 4 + ridge * curve
        steepest = float(np.linalg.norm(curve))
        curve /= steepest
    weights = before = np.zeros(words + 1)
    for step in range(STEPS):
        ahead = weights + (step / (step + 3)) * (weights - before)
        chance = 1 / (1 + np.exp(-sums(ahead)))
        before, weights = weights, ahead - (back(share * (chance - about)) + ridge * ahead) / steepest
    return float(weights[-1]), weights[:-1]


def examples(tag: str, language: str, tagger: Tagger) -> list[Example]:
    """Return the posts that are fitted to."""
    found = [*judged_posts(tag, language), *archive_posts(tag, language, tagger)]
    return [one._replace(weight=_weight(tag, one)) for one in found if len(one.text) <= CHARACTERS]


def write(tag: str, language: str, tagger: Tagger) -> None:
    """Fit a model and write its file."""
    name = f"{tag}.{language}"
    fitted = fit(examples(tag, language, tagger))
    weights = {word: round(weight * SCALE) for word, weight in fitted.weights.items()}
    lines = [f"{word} {weight}\n" for word, weight in sorted(weights.items()) if weight]
    (LEXICON / f"{name}{SUFFIX}").write_text(
        "# `make fit-models` writes this file: what words of a short post weigh. See docs/lexicon.md.\n"
        f'language = "{language}"\n'
        f'lemma = "{LEMMAS[name]}"\n'
        f"least = {round((LEAST[name] - fitted.bias) * SCALE)}\n"
        f"most_characters = {CHARACTERS}\n"
        f"weights = '''\n{''.join(lines)}'''\n",
        "utf-8",
    )
    sys.stderr.write(f"{name}: {len(lines):,} words\n")


def check(tag: str, language: str, tagger: Tagger) -> str:
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
        fitted = fit([one for one in every if one.text not in kept])
        terms = tagger.terms([one.text for one in held], [language] * len(held))
        for one, some in zip(held, terms, strict=True):
            is_tagged = any(term.tag == tag for term in some)
            about += one.is_about
            alone[one.is_about] += is_tagged
            together[one.is_about] += is_tagged or fitted.odds(one.text) >= LEAST[f"{tag}.{language}"]

    def said(found: Counter[bool]) -> str:
        return f"precision {found[True] / max(1, found.total()):.3f}, recall {found[True] / about:.3f}"

    return f"{tag} {language}: rules {said(alone)}; with the model {said(together)}"


def _rules_alone() -> Tagger:
    return Tagger(made_ready(load_lexicon()._replace(models=())))


def main(arguments: Iterable[str]) -> None:
    """Fit every model, or check them."""
    tagger = _rules_alone()
    for name in LEMMAS:
        tag, language = name.split(".")
        if "--check" in arguments:
            sys.stdout.write(f"{check(tag, language, tagger)}\n")
        else:
            write(tag, language, tagger)


if __name__ == "__main__":
    main(sys.argv[1:])
