"""Models that a process of tests loads once, and not before a test needs them: collecting loads nothing."""

from functools import cache

from sandik.counting.job import Job
from sandik.counting.language import Detector, load_detector
from sandik.counting.tags.lexicon import Lexicon, load_lexicon
from sandik.run_identity import load_job
from sandik.settings import Settings


@cache
def detector(name: str = "cascade") -> Detector:
    return load_detector(name)


@cache
def job(lexicon: str | None = None) -> Job:
    """Return the job of the defaults, but for the lexicon."""
    return load_job(Settings(lexicon=lexicon))


@cache
def built_in() -> Lexicon:
    """Return the built-in lexicon with all its forms."""
    return load_lexicon()
