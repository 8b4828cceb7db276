"""Whether the confidence of an answer is the probability that it is right."""

from collections.abc import Sequence

import msgspec
import numpy as np

from sandik.counting.language import Language
from tests.quality.labelled import Text

BINS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class Bin(msgspec.Struct):
    """Answers whose confidence is at least `low` and below the next bin's."""

    low: float
    texts: int
    confidence: float
    accuracy: float


def held_out(texts: Sequence[Text]) -> list[Text]:
    """Return the half of the texts that nothing was fitted to."""
    return [text for text in texts if text.bucket % 2 == 1]


def reliability(texts: Sequence[Text], answers: Sequence[Language]) -> list[Bin]:
    """Return for each bin of confidence the share of answers that is right. `und` is no answer."""
    pairs = [
        (a.confidence, a.code == t.language) for t, a in zip(texts, answers, strict=True) if a.confidence
    ]
    bins = []
    for low, high in zip(BINS, [*BINS[1:], 2.0], strict=True):
        chosen = [(confidence, right) for confidence, right in pairs if low <= confidence < high]
        if chosen:
            confidence, accuracy = (round(float(np.mean(side)), 3) for side in zip(*chosen, strict=True))
            bins.append(Bin(low, len(chosen), confidence, accuracy))
    return bins


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return how far confidence is from accuracy, on average over the texts."""
    error = sum(one.texts * abs(one.confidence - one.accuracy) for one in bins)
    return round(error / sum(one.texts for one in bins), 4)
