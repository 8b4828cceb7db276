"""What a detector is and what it answers."""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt


class Language(msgspec.Struct, frozen=True, gc=False):
    """A language and how sure the detector is of it.

    `code` is ISO 639-1 in lower case, ISO 639-3 where 639-1 has none, `und` where nothing can be said.
    `confidence` is in 0..1 and rounded to 4 digits, so that a replay writes the same bytes.
    """

    code: str
    confidence: float


UNDETERMINED = Language("und", 0.0)

#: What the source of a post says its language is, one per text. Anything goes: what is no code is no hint.
Hints = Sequence[str | None]


class Detector(Protocol):
    """Finds languages. The same text and hint have the same answer, alone or in any batch, now or later."""

    @property
    def version(self) -> str:
        """Another string whenever a model, a profile or a rule could make an answer differ."""

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:
        """One `Language` per text, in the same order. Any `str` is welcome: nothing raises.

        A hint counts only where the text cannot decide; `langdetect` and `fasttext` ignore it.
        """


def rounded(probabilities: npt.NDArray[np.float64]) -> list[float]:
    """Return confidences: in 0..1 (sums of probabilities reach 1.00005) and rounded."""
    confidences: list[float] = probabilities.clip(0.0, 1.0).round(4).tolist()
    return confidences
