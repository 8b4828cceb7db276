"""How right tags and languages are, as measured (docs/terms.md, docs/language.md): for who reads counts."""

from functools import cache
from importlib import resources

import msgspec

#: As dashboard/static/trust.js.
ENOUGH = 20


class OneMeasured(msgspec.Struct, frozen=True):
    """One tag on posts of one language and kind, judged by reading and held out while the lexicon was made.

    Precision: of `tagged` posts, those that are about it. Recall: of `about` posts, those that carry the tag.
    Both with their bounds at 95 %.
    """

    language: str
    kind: str
    tag: str
    tagged: int
    about: int
    precision: float
    precision_low: float
    precision_high: float
    recall: float
    recall_low: float
    recall_high: float

    @property
    def is_telling(self) -> bool:
        """Say whether there were enough posts: of fewer, a share says little."""
        return min(self.tagged, self.about) >= ENOUGH


class Measured(msgspec.Struct, frozen=True):
    """All that was measured, and with which lexicon and detector."""

    lexicon_version: str
    detector_version: str
    figures: tuple[OneMeasured, ...]


class MeasuredDetector(msgspec.Struct, frozen=True):
    """The detector on labelled texts: of how many of them all the language is right.

    `coverage` is the share that it names one for, `f1` the mean of precision and recall of each language.
    """

    detector_version: str
    texts: int
    accuracy: float
    coverage: float
    f1: dict[str, float]


@cache
def last_measured() -> Measured:
    """Return what was measured last."""
    file = resources.files("sandik.lexicon") / "measured.json"
    return msgspec.json.decode(file.read_bytes(), type=Measured)


@cache
def last_measured_detector() -> MeasuredDetector:
    """Return what was measured last of the detector."""
    file = resources.files("sandik.lexicon") / "measured_detector.json"
    return msgspec.json.decode(file.read_bytes(), type=MeasuredDetector)


def measured_detector(detector_version: str) -> MeasuredDetector | None:
    """Return the figures of this very detector; None if it is another than was measured."""
    last = last_measured_detector()
    return last if last.detector_version == detector_version else None


def measured(lexicon_version: str) -> tuple[OneMeasured, ...]:
    """Return the figures of this very lexicon; none if it is another than was measured."""
    last = last_measured()
    return last.figures if last.lexicon_version == lexicon_version else ()
