"""What a detector is and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from streams.steps.language.cleaning import clean, has_enough_letters


class Language(NamedTuple):
    """A language and how sure the detector is of it.

    `code` is ISO 639-1 in lower case, ISO 639-3 where 639-1 has none, `und` where nothing can be said.
    `confidence` is in 0..1 and rounded to 4 digits, so that a replay writes the same bytes.
    """

    code: str
    confidence: float


UNDETERMINED = Language("und", 0.0)


class Detector(Protocol):
    """Finds languages. The same text has the same answer, alone or in any batch, today or in a replay."""

    @property
    def version(self) -> str:
        """Another string whenever a model, a profile or a rule could make an answer differ."""

    def detect(self, texts: Sequence[str]) -> list[Language]:
        """One `Language` per text, in the same order. Any `str` is welcome: nothing raises."""


@dataclass(frozen=True, slots=True)
class CleanTextDetector:
    """A detector made of `judge`, which is only asked about clean texts that have enough letters."""

    version: str
    judge: Callable[[str], Language]

    def detect(self, texts: Sequence[str]) -> list[Language]:
        """See `Detector.detect`."""
        cleaned = map(clean, texts)
        return [self.judge(text) if has_enough_letters(text) else UNDETERMINED for text in cleaned]


def language(code: str, probability: float) -> Language:
    """Make a `Language` whose confidence is rounded and in 0..1 (fastText's sums reach 1.00005)."""
    return Language(code, round(min(max(probability, 0.0), 1.0), 4))
