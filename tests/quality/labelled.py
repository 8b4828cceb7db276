"""The texts whose language is known, and how right answers about them are."""

import gzip
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from sandik.counting.language import UNDETERMINED, Hints, Language
from tests.quality.posts import DATA, LID

Detect = Callable[[Sequence[str], Hints | None], list[Language]]


class Text(NamedTuple):
    """A labelled text. `bucket` is a number by its content, to sample and to halve with."""

    source: str
    language: str
    text: str
    bucket: int

    @property
    def is_tweet(self) -> bool:
        return "tweets" in self.source


class Score(msgspec.Struct):
    """Accuracy: right answers of all texts. Coverage: texts that got an answer at all."""

    texts: int
    accuracy: float
    coverage: float
    f1: dict[str, float]


@cache
def labelled() -> tuple[Text, ...]:
    """Return the labelled texts, in the file's order."""
    with gzip.open(DATA / LID, "rt", encoding="utf-8", newline="\n") as lines:
        next(lines)
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return tuple(
        Text(source, language, text, int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big"))
        for source, language, text in rows
    )


def score(texts: Sequence[Text], answers: Sequence[Language]) -> Score:
    """Return how right the answers are."""
    labels, found = Counter(text.language for text in texts), Counter(answer.code for answer in answers)
    right = Counter(a.code for t, a in zip(texts, answers, strict=True) if t.language == a.code)
    return Score(
        len(texts),
        round(right.total() / len(texts), 4),
        round(1 - found[UNDETERMINED.code] / len(texts), 4),
        {code: round(2 * right[code] / (labels[code] + found[code]), 3) for code in sorted(labels)},
    )
