"""A real `sandik worker`, except that its job looks at no text: the bare engine."""

from collections.abc import Sequence

from sandik.counting.job import Annotation, Job, Lap, no_lap
from sandik.counting.language import UNDETERMINED, Detector, Hints, Language
from sandik.counting.tags import Tagger
from sandik.counting.windows.final_and_late import Timing
from sandik.settings import Settings
from sandik.worker import start
from sandik_schemas.mention import Term


class NoDetector:
    """Knows no language."""

    version = "none"

    def detect(self, texts: Sequence[str], *_: object) -> list[Language]:
        """Say so of each text."""
        return [UNDETERMINED] * len(texts)


class NoTagger(Tagger):
    """Knows no term."""

    version = "none"
    tag_names = ()

    def __init__(self) -> None: ...

    def terms(self, texts: Sequence[str], languages: Sequence[str], *_: object) -> list[tuple[Term, ...]]:  # noqa: ARG002
        """Find nothing."""
        return [()] * len(texts)


class BareJob(Job):
    """Looks at no text, so it has none to remember either."""

    def annotate(
        self,
        texts: Sequence[str],
        hints: Hints | None = None,
        lap: Lap = no_lap,
        times_ms: Sequence[int | None] | None = None,  # noqa: ARG002  # nothing here counts on some days only
    ) -> list[Annotation]:
        """Return the detector's languages, without tags; how sure it is counts for nothing here."""
        languages = self.detector.detect(texts, hints)
        known = {language.code: language for language in languages}
        answers = {code: self.annotation(language, ()) for code, language in known.items()}
        lap("language")
        return [answers[language.code] for language in languages]


def bare_job(settings: Settings, detector: Detector | None = None) -> Job:
    """Return the job of these settings without detector (or with another) and without lexicon."""
    timing = Timing(settings.window_size_ms, settings.max_disorder_ms, settings.allowed_lateness_ms)
    return BareJob(
        "bare", timing, settings.max_ahead_ms, settings.dedupe, detector or NoDetector(), NoTagger()
    )


if __name__ == "__main__":
    start.load_job = bare_job  # type: ignore[attr-defined]  # taken from where the worker looks for it
    start.run_worker(Settings(), "warning")
