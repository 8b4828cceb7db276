"""How right the tags of the built-in lexicon are, as measured (docs/terms.md): for who reads its counts."""

from functools import cache
from importlib import resources

import msgspec


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


class Measured(msgspec.Struct, frozen=True):
    """All that was measured, and with which lexicon and detector."""

    lexicon_version: str
    detector_version: str
    figures: tuple[OneMeasured, ...]


@cache
def last_measured() -> Measured:
    """Return what was measured last."""
    file = resources.files("sandik.lexicon") / "measured.json"
    return msgspec.json.decode(file.read_bytes(), type=Measured)


def measured(lexicon_version: str) -> tuple[OneMeasured, ...]:
    """Return the figures of this very lexicon; none if it is another than was measured."""
    last = last_measured()
    return last.figures if last.lexicon_version == lexicon_version else ()
