"""The interface of detectors, and their answers."""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt


class Language(msgspec.Struct, frozen=True, gc=False):
    """A language and its confidence.

    `code` is ISO 639-1 in lower case, ISO 639-3 if 639-1 has none, `und` if undetermined.
    `confidence` is in 0..1 and rounded to 4 digits, so that a replay writes the same bytes.
    """

    code: str
    confidence: float


UNDETERMINED = Language("und", 0.0)

#: The language of each text according to its source. Any string; other strings than language codes are
#: ignored.
Hints = Sequence[str | None]


class Detector(Protocol):
    """Finds languages. An answer depends only on the text and its hint, not on the batch or the time."""

    @property
    def version(self) -> str:
        """Changes whenever a model, profile or rule could change an answer."""

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:
        """Return one `Language` per text, in the same order. Accepts any `str`, and raises nothing.

        A hint counts only if the text does not decide; `langdetect` and `fasttext` ignore it.
        """


def rounded(probabilities: npt.NDArray[np.float64]) -> list[float]:
    """Return confidences: in 0..1 (sums of probabilities reach 1.00005) and rounded."""
    confidences: list[float] = probabilities.clip(0.0, 1.0).round(4).tolist()
    return confidences
