"""Confidence that means what it says: of the posts reported at 0.7, about seven in ten are right."""

import numpy as np
import numpy.typing as npt

#: What the default detector's probability is worth: at each of these, the share of answers that was right.
#: Fitted by `python -m tests.quality.language --fit` to every second of the labelled tweets; docs/language.md
#: shows how it does on the others.
PROBABILITY = (0.0, 0.205, 0.351, 0.454, 0.553, 0.651, 0.755, 0.857, 0.927, 0.975, 0.996)
CONFIDENCE = (0.0, 0.083, 0.184, 0.309, 0.53, 0.672, 0.735, 0.87, 0.934, 0.969, 0.986)

Values = npt.NDArray[np.float64]


def calibrated(probability: Values) -> Values:
    """Return the confidence for each probability: the greater the one, the greater the other."""
    return np.interp(probability, PROBABILITY, CONFIDENCE)
