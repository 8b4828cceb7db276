"""`make fit-language`: the weights of counting/language/ensemble.toml, from one half of the labelled texts.

A conditional logit by Newton's method: nothing is drawn at random, so the same texts give the same weights.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sandik.counting.language import ensemble
from sandik.counting.language.cleaning import clean, has_enough_letters
from sandik.counting.language.letter_evidence import Letters
from sandik.counting.language.scores import (
    IN_LATIN,
    LANGDETECT_VOICES,
    LENGTHS,
    UNSCORED,
    VOICES,
    Values,
    Voices,
    length_class,
    load_voices,
)
from sandik.counting.language.sieve import Sieve, load_pair
from tests.quality.kinds import altered
from tests.quality.labelled import Text, labelled

#: How much a text counts: tweets are what is to be judged, words and pairs of them are rare in streams.
WEIGHTS = {"tweets": 2.0, "word": 0.15, "altered-ru": 0.1, "altered": 0.5}
#: Their labels often are the sender's country.
LEFT_OUT = "llclass-tweets"
#: A voice's weight is held to nothing by this much.
RIDGE = 1.0
_CLASSES = len(LENGTHS) + 1
_AT_ONCE = 256


class Example(NamedTuple):
    """One text: what the voices say of each language that comes into question, the right one, its weight."""

    said: Values
    right: int
    length: int
    weight: float


def to_fit() -> list[Text]:
    """Return the half of the texts that is fitted to, and some of them altered as people write them."""
    return [
        text
        for text in (*labelled(), *altered())
        if text.bucket % 2 == 0 and text.source != LEFT_OUT and has_enough_letters(clean([text.text])[0])
    ]


def _weight(source: str) -> float:
    return next((weight for part, weight in WEIGHTS.items() if part in source), 1.0)


def _row(one: Voices, text: Text, marks: int) -> int:
    in_latin = {ours: code for code, ours in IN_LATIN.items()}
    scripts = one.letters.scripts
    is_latin = marks & scripts["latin"] and not marks & scripts["cyrillic"]
    code = in_latin.get(text.language, text.language) if is_latin else text.language
    row: int = one.row_of.get(code, -1)
    return row


def examples(one: Voices, texts: Sequence[Text]) -> list[Example]:
    """Ask the voices."""
    found = []
    letters = one.letters
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        cleaned = clean([text.text for text in some])
        marks = letters.marks(cleaned)
        heard = one.hear(cleaned, marks)
        said = np.concatenate([heard.said, one.langdetect.hear(cleaned)])
        # Languages no voice speaks for differ in nothing: one of them would do, and none is needed.
        spoken = (
            (said[0] > -UNSCORED) & (said[1] == 0)
            | (said[3] > 0)
            | (said[5] > 0.001)
            | (said[6:8] > 0).any(axis=0)
        )
        spoken |= said[len(VOICES)] > np.log(0.05)
        for column, text in enumerate(some):
            row = _row(one, text, int(marks[column]))
            rows = np.flatnonzero(spoken[:, column])
            if row not in rows:
                continue
            length = int(heard.lengths[column])
            right = int(np.flatnonzero(rows == row)[0])
            found.append(Example(said[:, rows, column].T, right, length, _weight(text.source)))
    return found


def fitted(found: Sequence[Example], voices: int) -> Values:
    """Return the weights, voice by class of length, that make the right languages likeliest."""
    weights = np.zeros((voices, _CLASSES))
    for length in range(_CLASSES):
        some = [one for one in found if one.length == length]
        weights[:, length] = _newton([one._replace(said=one.said[:, :voices]) for one in some], voices)
    return weights


def _newton(found: Sequence[Example], voices: int) -> Values:
    weights = np.zeros(voices)
    likelihood = _likelihood(found, weights)
    for _ in range(40):
        slope, curve = -RIDGE * weights, RIDGE * np.eye(voices)
        for one in found:
            chance = _softmax(one.said @ weights)
            mean = chance @ one.said
            slope += one.weight * (one.said[one.right] - mean)
            curve += one.weight * ((one.said * chance[:, None]).T @ one.said - np.outer(mean, mean))
        step, part = np.linalg.solve(curve, slope), 1.0
        while part > 1e-4 and _likelihood(found, weights + part * step) < likelihood:
            part /= 2
        weights = weights + part * step
        before, likelihood = likelihood, _likelihood(found, weights)
        if likelihood - before < 1e-3:
            break
    return weights


def _softmax(scores: Values) -> Values:
    chances = np.exp(scores - scores.max())
    return np.asarray(chances / chances.sum())


def _likelihood(found: Sequence[Example], weights: Values) -> float:
    total = -RIDGE / 2 * float(weights @ weights)
    for one in found:
        scores = one.said @ weights
        total += one.weight * float(
            scores[one.right] - scores.max() - np.log(np.exp(scores - scores.max()).sum())
        )
    return total


def sieved(sieve: Sieve, texts: Sequence[Text]) -> tuple[str, list[Text]]:
    """Return how often the sieve is right, as a table of the file, and the texts it leaves to the pool."""
    cleaned = clean([text.text for text in texts])
    answers = sieve.settled(cleaned, Letters().marks(cleaned))
    right = np.ones((2, _CLASSES))  # as if each had been right once and a half
    of = np.full((2, _CLASSES), 1.5)
    left = []
    for text, words, answer in zip(texts, cleaned, answers, strict=True):
        if answer is None:
            left.append(text)
            continue
        cell = int(answer.confidence), length_class(len(words) - words.count(" "))
        of[cell] += _weight(text.source)
        right[cell] += _weight(text.source) * (answer.code == text.language)
    rows = [
        f"{by} = [{', '.join(f'{one:.4f}' for one in shares)}]"
        for by, shares in zip(("eld", "both"), right / of, strict=True)
    ]
    return "\n".join(["# How often the sieve is right.", "[sure]", *rows, ""]), left


def as_toml(name: str, voices: Sequence[str], weights: Values) -> str:
    """Return one table of the file."""
    lines = [f"[{name}]"]
    for voice, by_length in zip(voices, weights, strict=True):
        lines.append(f"{voice} = [{', '.join(f'{weight:.3f}' for weight in by_length)}]")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Fit, and write ensemble.toml."""
    texts = to_fit()
    eld, cld2 = load_pair()
    if not (eld and cld2):
        sys.stderr.write("eldc and pycld2 are needed to fit: make init\n")
        return 2
    bounds = ", ".join(map(str, LENGTHS))
    parts = [
        f"# The weights of ensemble.py, by class of length (letters up to {bounds} and more).\n"
        "# Written by `make fit-language`: do not edit.\n"
    ]
    whole, portable = load_voices(eld, cld2), load_voices(None, None)
    sure, left = sieved(Sieve(eld, cld2, whole.letters, ((0.0,) * _CLASSES, (1.0,) * _CLASSES)), texts)
    parts.append(sure)
    for kind, one, some in (("all", whole, left), ("portable", portable, texts)):
        found = examples(one, some)
        sys.stderr.write(f"{kind}: {len(found)} texts\n")
        for name, voices in (("first", VOICES), ("second", VOICES + LANGDETECT_VOICES)):
            parts.append(as_toml(f"{kind}.{name}", voices, fitted(found, len(voices))))
    path = Path(str(ensemble.__file__)).with_name("ensemble.toml")
    path.write_text("\n".join(parts), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
