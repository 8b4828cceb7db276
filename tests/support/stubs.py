"""A detector and a tagger simple enough to predict, so that laws of counting do not depend on models."""

from collections.abc import Sequence

from sandik.counting.job import Job
from sandik.counting.language import Hints, Language
from sandik.counting.tags import Tagger
from sandik.counting.windows.final_and_late import Timing
from sandik_schemas.mention import Term

MINUTE_MS = 60_000
TIMING = Timing(window_size_ms=MINUTE_MS, max_disorder_ms=30_000, allowed_lateness_ms=2 * MINUTE_MS)


class FirstWord:
    """Takes the text's first word for its language."""

    version = "first-word-1"

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:  # noqa: ARG002
        return [Language((text.split() or ["und"])[0], 1.0) for text in texts]


class Literal(Tagger):
    """Finds the tags' own names."""

    version = "lex-literal"
    tag_names = ("election", "deepfake")

    def __init__(self) -> None: ...

    def terms(self, texts: Sequence[str], languages: Sequence[str], *_: object) -> list[tuple[Term, ...]]:  # noqa: ARG002
        return [
            tuple(
                Term(name, name, text.index(name), text.index(name) + len(name))
                for name in self.tag_names
                if name in text
            )
            for text in texts
        ]


def a_job(timing: Timing = TIMING) -> Job:
    return Job("run-1", timing, max_ahead_ms=300_000, dedupe=True, detector=FirstWord(), tagger=Literal())
