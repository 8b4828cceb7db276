"""What identifies a run: every rule that decides a count. Other rules are another run."""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from sandik.counting.fold import cell_tags
from sandik.counting.job import Job
from sandik.counting.language import load_detector
from sandik.counting.source_names import SOURCES_VERSION
from sandik.counting.tags import Tagger, load_tagger
from sandik.counting.tags.layers import BUILT_IN, LexiconChoice, read_layers
from sandik.counting.tags.lexicon import Lexicon, tag_files
from sandik.counting.tags.pairs import read_pairs
from sandik.counting.terms import TERMS_VERSION
from sandik.counting.windows.final_and_late import Timing
from sandik.errors import UsageError
from sandik.settings import AuthorsChoice, Settings
from sandik_schemas.control import Rules

if TYPE_CHECKING:
    from sandik.counting.authors.sketches import ThetaAuthors


def load_authors(choice: AuthorsChoice) -> "ThetaAuthors | None":
    """Return how authors are counted, if they are. UsageError if the package for it is missing."""
    if choice == "off":
        return None
    try:
        from sandik.counting.authors.sketches import ThetaAuthors
    except ImportError as error:
        raise UsageError(
            f"SANDIK_AUTHORS={choice} needs the package datasketches ({error}): run "
            "pip install 'sandik[authors]', or set SANDIK_AUTHORS=off"
        ) from error
    return ThetaAuthors()


#: The models of a detector never change, so a process loads them once.
_detector = cache(load_detector)


def load_job(settings: Settings) -> Job:
    """Load the detector and the lexicon and return the job of these settings. Takes a second or two.

    Raises:
        UsageError: the detector does not exist, or authors are counted and the package for it is missing.
        LexiconError: the lexicon cannot be read.
    """
    tagger = load_tagger(settings.lexicon)  # first: the detector then takes the memory that reading it left
    try:
        detector = _detector(settings.detector)
    except ValueError as error:
        raise UsageError(f"SANDIK_DETECTOR: {error}") from error
    timing = Timing(settings.window_size_ms, settings.max_disorder_ms, settings.allowed_lateness_ms)
    # "count" is left out, so that runs made before this setting existed keep their ids.
    reposts = () if settings.reposts == "count" else (settings.reposts,)
    versions = detector.version, tagger.version
    authors = load_authors(settings.authors)
    terms = settings.terms != "off"
    sources = settings.source_names
    beside = (
        *((authors.version,) if authors else ()),
        *((TERMS_VERSION,) if terms else ()),
        *((SOURCES_VERSION, sources.rule) if sources else ()),
    )
    rules = (*timing, settings.max_ahead_ms, settings.dedupe, *versions, *reposts, *beside)
    run_id = hashlib.sha256(repr(rules).encode()).hexdigest()[:8]
    return Job(
        run_id,
        timing,
        max_ahead_ms=settings.max_ahead_ms,
        dedupe=settings.dedupe,
        detector=detector,
        tagger=tagger,
        reposts=settings.reposts,
        authors=authors,
        terms=terms,
        sources=sources,
    )


def rules_of(settings: Settings, job: Job) -> Rules:
    """Return the rules that start a new run when they change, by the names of their settings."""
    return {
        "window_size_ms": job.timing.window_size_ms,
        "max_disorder_ms": job.timing.max_disorder_ms,
        "allowed_lateness_ms": job.timing.allowed_lateness_ms,
        "max_ahead_ms": job.max_ahead_ms,
        "dedupe": job.dedupe,
        "lexicon": job.tagger.version,
        "detector": job.detector.version,
        "reposts": job.reposts,
        "authors": settings.authors,
        "terms": settings.terms,
        **({"sources": settings.sources} if settings.sources else {}),
    }


def lost_cells(own: Tagger | Lexicon) -> tuple[str, ...]:
    """Return the tags of counts that the built-in lexicon gives and this one does not."""
    layers = read_layers(BUILT_IN)
    tags = tuple(tag_files(layers[0].folder))
    built_in = cell_tags(tags, read_pairs(layers, tags).pairs)
    return tuple(sorted(set(built_in).difference(cell_tags(own.tag_names, own.pairs))))


def lexicon_notice(lexicon: LexiconChoice, lost: Sequence[str]) -> str | None:
    """Return a notice if counts are `lost` with this lexicon, or None."""
    if not lost:
        return None
    return (
        f"the lexicon {lexicon} gives no counts of {' and '.join(reversed(lost))}, unlike the built-in one: "
        f"they are missing, not 0. To keep the built-in terms, write {BUILT_IN},{lexicon}"
    )


def application_id(settings: Settings, job: Job) -> str:
    """Return the consumer group: counts of different rules never share state."""
    return f"{settings.topic_prefix}{settings.app_id}-{job.run_id}"
