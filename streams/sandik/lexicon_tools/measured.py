"""The measured accuracy of tags and languages (docs/terms.md, docs/language.md), for readers of counts."""

from functools import cache
from importlib import resources

import msgspec

#: As dashboard/static/trust.js.
ENOUGH = 20


class OneMeasured(msgspec.Struct, frozen=True):
    """One tag on posts of one language and kind. People judged the posts, and no rule was written on them.

    Precision: the share of `tagged` posts that are about it. Recall: the share of `about` posts that have the
    tag. Both have bounds at 95 %.
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
        """Return whether there were enough posts for the share to mean something."""
        return min(self.tagged, self.about) >= ENOUGH


class Measured(msgspec.Struct, frozen=True):
    """Everything that was measured, and the lexicon and detector that were."""

    lexicon_version: str
    detector_version: str
    figures: tuple[OneMeasured, ...]


class MeasuredDetector(msgspec.Struct, frozen=True):
    """The detector on labelled texts: the share of all texts whose language is right.

    `coverage` is the share of texts that get a language. `f1` is, for each language, the harmonic mean of its
    precision and recall.
    """

    detector_version: str
    texts: int
    accuracy: float
    coverage: float
    f1: dict[str, float]


@cache
def last_measured() -> Measured:
    """Return the last measurement of tags."""
    file = resources.files("sandik.lexicon") / "measured.json"
    return msgspec.json.decode(file.read_bytes(), type=Measured)


@cache
def last_measured_detector() -> MeasuredDetector:
    """Return the last measurement of the detector."""
    file = resources.files("sandik.lexicon") / "measured_detector.json"
    return msgspec.json.decode(file.read_bytes(), type=MeasuredDetector)


def measured_detector(detector_version: str) -> MeasuredDetector | None:
    """Return the figures of this detector version; None if another version was measured."""
    last = last_measured_detector()
    return last if last.detector_version == detector_version else None


def measured(lexicon_version: str) -> tuple[OneMeasured, ...]:
    """Return the figures of this lexicon version; none if another version was measured."""
    last = last_measured()
    return last.figures if last.lexicon_version == lexicon_version else ()
