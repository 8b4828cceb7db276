"""sandik in Python: annotate texts, read counts, count files again. `import sandik` is all that is needed.

The functions work in scripts and in notebooks. They use the settings of the environment (SANDIK_*), as the
command does; pass `settings=sandik.Settings(...)` for others.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from sandik.counting.job import Job
from sandik.errors import SandikError, UsageError
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.languages import languages_in
from sandik_schemas.mention import Term

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Annotation", "Count", "SandikError", "Settings", "Term", "annotate", "counts_frame"]
__all__ += ["read_counts", "replay_counts"]

_T = TypeVar("_T")


class Annotation(NamedTuple):
    """What sandik says about one text.

    `language`: a code such as `tr`, `ru+tr` for a text of two languages, `und` for one that cannot be told.
    `languages`: the same as one or two codes. `confidence`: 0 to 1. `tags`: in alphabetical order.
    `terms`: what the tags come from; `text[term.start:term.end]` is a term, counted in characters.
    """

    language: str
    languages: tuple[str, ...]
    confidence: float
    tags: tuple[str, ...]
    terms: tuple[Term, ...]


def annotate(
    texts: Sequence[str],
    *,
    lang_hints: Sequence[str | None] | None = None,
    times_ms: Sequence[int | None] | None = None,
    settings: Settings | None = None,
) -> list[Annotation]:
    """Return language, tags and terms of each text, in order.

    The first call loads the models, which takes some seconds; later ones with the same settings do not.

    Args:
        texts: any number of texts. Of a longer one the first 100,000 characters are read.
        lang_hints: the language of each text as its source has it, such as `tr`, or None.
        times_ms: when each text was posted, in milliseconds since 1970 UTC, or None. Entries of the lexicon
            that count on some days only need it; without it they count.
        settings: `lexicon` and `detector` decide the answer.

    Raises:
        UsageError: `lang_hints` or `times_ms` has another length than `texts`, or there is no such detector.
        LexiconError: the lexicon cannot be read.
    """
    for name, values in (("lang_hints", lang_hints), ("times_ms", times_ms)):
        if values is not None and len(values) != len(texts):
            raise UsageError(f"{name} has {len(values)} values for {len(texts)} texts: give one for each")
    job = _job(settings or Settings())
    return [
        Annotation(
            found.language.code,
            languages_in(found.language.code),
            found.language.confidence,
            found.tags,
            found.terms,
        )
        for found in job.annotate(texts, lang_hints, times_ms=times_ms)
    ]


def read_counts(source: str | Path = "live", *, settings: Settings | None = None) -> list[Count]:
    """Return the newest count of each window, language and tag, in this order.

    `emitted_at_ms` is 0 where no worker has emitted the count: in the files of a replay.

    Args:
        source: a file that `sandik replay` or `sandik export counts` wrote (.jsonl, .csv, .parquet), `live`
            for the topic `counts`, or `topic:NAME`.
        settings: `broker`, `topic_prefix` and the login say where a topic is.

    Raises:
        UsageError: there is no such file, or it holds no counts.
        TopicError: there is no such topic.
        BrokerError: Kafka does not answer.
    """
    from sandik.replay.read_results import load_counts

    return _in_a_thread(partial(load_counts, str(source), settings or Settings()))


def replay_counts(
    files: Iterable[str | Path] = (),
    *,
    from_: str | None = None,
    to: str | None = None,
    settings: Settings | None = None,
) -> list[Count]:
    """Count posts again and return the counts, in the order of `read_counts`. Writes nothing that stays.

    Counts in this process, on one core. For large archives `sandik replay --out FILE` uses all cores, can be
    interrupted, and writes a manifest.

    Args:
        files: files of posts in any format that `sandik ingest` reads. None: the topic `posts`.
        from_: count windows that begin at this time or later. Written as for the command.
        to: count windows that end by this time.
        settings: `lexicon`, `detector`, `window_size_ms` and others decide the counts.

    Raises:
        UsageError: a file cannot be read, or an argument says nothing that can be used.
        BrokerError: without files: Kafka does not answer.
    """
    from sandik.replay.command import count_again
    from sandik.replay.read_results import load_counts
    from sandik.replay.request import Request

    names = tuple(str(file) for file in files)

    def counted() -> list[Count]:
        with TemporaryDirectory(prefix="sandik-") as folder:
            out = Path(folder) / "counts.jsonl"
            request = Request(str(out), None, names, from_=from_, to=to, processes=1)
            count_again(request, settings or Settings())
            return load_counts(str(out), settings or Settings())

    return _in_a_thread(counted)


def counts_frame(counts: Iterable[Count]) -> "pd.DataFrame":
    """Return counts as a table of pandas: a row for each, a column for each field, window times in UTC.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise UsageError("counts_frame needs pandas: pip install pandas") from error
    columns = [field.name for field in msgspec.structs.fields(Count)]
    frame = pd.DataFrame([msgspec.structs.astuple(one) for one in counts], columns=columns)
    for edge in ("window_start", "window_end"):
        frame[edge] = pd.to_datetime(frame[f"{edge}_ms"], unit="ms", utc=True)
    return frame


def _job(settings: Settings) -> Job:
    return _loaded(settings.model_dump_json())


@cache
def _loaded(settings: str) -> Job:
    return load_job(Settings.model_validate_json(settings))


def _in_a_thread(work: Callable[[], _T]) -> _T:
    # A notebook has a running loop, and asyncio allows one in a thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
