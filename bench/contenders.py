"""Who takes part: each a program, what it is given, and how its output is read."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench import outputs
from bench.setup import flink_sql, has_bytewax, kafka_streams, pathway, peers_python, pyflink, spark

Job = Literal["whole", "bare"]


@dataclass(frozen=True)
class Contender:
    """A program and the job it does: `whole` with language and tags, `bare` the engine alone.

    `command` is None when the program cannot run here. `share` of the posts are read: slow ones get fewer.
    """

    name: str
    job: Job
    share: float
    command: Callable[[], Sequence[str] | None]
    parse: outputs.Parse | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    is_sandik: bool = False
    #: Commits nothing to Kafka; writes the number of posts read to stdout instead.
    says_progress: bool = False
    #: Writes a count while its window is open, not only when it closes.
    is_running: bool = True


def project(*arguments: str) -> Callable[[], Sequence[str]]:
    """Return a command of sandik's own Python."""
    return lambda: [sys.executable, *arguments]


def peer(module: str) -> Callable[[], Sequence[str]]:
    """Return a command of the peers' Python."""
    return lambda: [str(peers_python()), "-m", module]


def _bytewax() -> Sequence[str] | None:
    return peer("bench.programs.bytewax_counts")() if has_bytewax() else None


def _kafka_streams(guarantee: str, threads: int) -> Contender:
    short = {"at_least_once": "at least once", "exactly_once_v2": "exactly once"}[guarantee]
    return Contender(
        f"Kafka Streams, {short}, {threads} thread{'s' * (threads > 1)}",
        "bare",
        1.0,
        kafka_streams,
        outputs.by_feed,
        {"BENCH_GUARANTEE": guarantee, "BENCH_THREADS": str(threads), "BENCH_COMMIT_EVERY_MS": "1000"},
    )


WHOLE, NAIVE = 0.12, 0.006
QUIX = peer("bench.programs.quix_counts")

SANDIK_WHOLE = Contender(
    "sandik", "whole", 3 * WHOLE, project("-m", "sandik", "worker"), outputs.sandik, is_sandik=True
)
SANDIK_BARE = Contender(
    "sandik",
    "bare",
    1.0,
    project("-m", "bench.programs.sandik_bare"),
    outputs.sandik,
    {"SANDIK_DEDUPE": "false"},  # no peer drops posts that are delivered twice
    is_sandik=True,
)

CONTENDERS: Sequence[Contender] = (
    SANDIK_WHOLE,
    Contender(
        "Quix Streams, sandik's detector",
        "whole",
        WHOLE / 4,
        QUIX,
        outputs.quix,
        {"BENCH_EMIT": "final", "BENCH_ANNOTATE": "sandik"},
        is_running=False,
    ),
    Contender(
        "Quix Streams, fastText",
        "whole",
        WHOLE,
        QUIX,
        outputs.quix,
        {"BENCH_EMIT": "final", "BENCH_ANNOTATE": "fasttext"},
        is_running=False,
    ),
    Contender("PyFlink, sandik's detector", "whole", WHOLE, pyflink, outputs.annotated, is_running=False),
    Contender(
        "naive Faust agent",
        "whole",
        NAIVE,
        project("-m", "bench.programs.faust_naive", "worker", "-l", "warn"),
        outputs.faust,
    ),
    SANDIK_BARE,
    Contender(
        "sandik, duplicates dropped",
        "bare",
        0.5,
        project("-m", "bench.programs.sandik_bare"),
        outputs.sandik,
        is_sandik=True,
    ),
    Contender("Quix Streams", "bare", 0.5, QUIX, outputs.quix, {"BENCH_EMIT": "final"}, is_running=False),
    Contender("Quix Streams, running counts", "bare", 0.25, QUIX, outputs.quix, {"BENCH_EMIT": "current"}),
    Contender("Bytewax", "bare", 0.25, _bytewax, outputs.by_feed, says_progress=True, is_running=False),
    Contender(
        "naive Faust agent",
        "bare",
        0.02,
        project("-m", "bench.programs.faust_naive", "worker", "-l", "warn"),
        outputs.faust,
    ),
    Contender("Spark Structured Streaming", "bare", 1.0, spark, outputs.by_feed, says_progress=True),
    Contender("Pathway", "bare", 0.25, pathway, outputs.pathway, says_progress=True),
    Contender("Flink SQL", "bare", 1.0, flink_sql, outputs.by_feed, is_running=False),
    _kafka_streams("at_least_once", 1),
    _kafka_streams("at_least_once", 2),
    _kafka_streams("exactly_once_v2", 1),
    _kafka_streams("exactly_once_v2", 2),
    Contender("the limit: read and parse", "bare", 1.0, project("-m", "bench.programs.limit")),
)
