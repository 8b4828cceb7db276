"""What identifies a run: everything but the posts that decides a count. Other rules, other run."""

import hashlib

from streams.errors import UsageError
from streams.flow import Job
from streams.settings import Settings
from streams.steps.language import load_detector
from streams.steps.tags import load_tagger
from streams.steps.window import Timing


def load_job(settings: Settings) -> Job:
    """Load the detector and the lexicon and return the job of these settings. Takes a second or two.

    Raises:
        UsageError: there is no such detector.
        LexiconError: the lexicon cannot be read.
    """
    try:
        detector = load_detector(settings.detector)
    except ValueError as error:
        raise UsageError(f"SANDIK_DETECTOR: {error}") from error
    tagger = load_tagger(settings.lexicon)
    timing = Timing(settings.window_size_ms, settings.max_disorder_ms, settings.allowed_lateness_ms)
    # Without "count", so that runs from before reposts had a rule keep their ids.
    reposts = () if settings.reposts == "count" else (settings.reposts,)
    versions = detector.version, tagger.version
    rules = (*timing, settings.max_ahead_ms, settings.dedupe, *versions, *reposts)
    run_id = hashlib.sha256(repr(rules).encode()).hexdigest()[:8]
    return Job(run_id, timing, settings.max_ahead_ms, settings.dedupe, detector, tagger, settings.reposts)


def application_id(settings: Settings, job: Job) -> str:
    """Return the consumer group: counts of different rules never share state."""
    return f"{settings.topic_prefix}{settings.app_id}-{job.run_id}"
