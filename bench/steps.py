"""What each step of the job costs without Kafka, in µs of CPU, and what more languages and windows add."""

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

import msgspec
import orjson

from bench.data import BASE_MS, WINDOW_MS, NewPost, a_post, all_texts, posts
from bench.programs.sandik_bare import bare_job
from bench.progress import say
from bench.results import Results
from sandik.counting.encode import record_of
from sandik.counting.job import Job
from sandik.counting.labels import Labels
from sandik.counting.language import Hints, Language
from sandik.counting.merge import new_merge
from sandik.counting.native import NATIVE
from sandik.counting.partition_counter import PartitionCounter
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.partial import Partial, PartitionClock, Tally, WindowPartial, decode_partial

POSTS = 120_000
#: As a worker that catches up gets them: the posts of one partition in one fetch.
BATCH = 1_000
INGESTED_MS = 1_900_000_000_000
LANGUAGES = (1, 20, 200)
WINDOWS = (10, 100, 1_000)  # one is measured with the languages
PARTITIONS = (12, 144)
#: What a partial of a minute holds: posts by tag, in so many languages.
TAGS = ("all", "election", "deepfake", "both")
TURNS = 60

_encode = msgspec.json.encode


class _Record(NamedTuple):
    offset: int
    value: bytes
    timestamp: int = INGESTED_MS


class Stopwatch:
    """Adds up CPU time by the name of the step that it went to."""

    def __init__(self) -> None:
        self.spent_s: defaultdict[str, float] = defaultdict(float)
        self.start()

    def start(self) -> None:
        """Begin."""
        self._last_s = time.process_time()

    def lap(self, step: str) -> None:
        """Add the time since the last lap to a step."""
        now_s = time.process_time()
        self.spent_s[step] += now_s - self._last_s
        self._last_s = now_s


class _InTurn:
    """Answers with one language after the other."""

    version = "in-turn"

    def __init__(self, languages: int) -> None:
        self._codes = [f"l{number}" for number in range(languages)]

    def detect(self, texts: Sequence[str], _hints: Hints | None = None) -> list[Language]:
        return [Language(self._codes[index % len(self._codes)], 1.0) for index in range(len(texts))]


def steps(results: Results, rounds: int) -> None:
    """Measure each step on the real texts, then counting alone by open windows and languages.

    Each round has a process with the compiled part, if there is one, and one without it.
    """
    settings = Settings()
    texts = all_texts()
    kinds = {"compiled": "yes", "python": "no"} if NATIVE else {"python": "no"}
    by_step: dict[str, defaultdict[str, list[float]]] = {kind: defaultdict(list) for kind in kinds}
    for number in range(rounds):
        say(f"Steps, round {number + 1} of {rounds}")
        for kind, native in kinds.items():
            command = [sys.executable, "-m", "bench.steps"]
            environment = os.environ | {"SANDIK_TEST_NATIVE": native}
            told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
            for step, cost in orjson.loads(told.stdout).items():
                by_step[kind][step].append(round(cost, 2))
    section = {
        "posts": POSTS,
        "us_a_post": by_step,
        "counting_alone": [
            _alone(settings, texts[:POSTS], languages, windows, rounds)
            for languages, windows in [(n, 1) for n in LANGUAGES] + [(20, n) for n in WINDOWS]
        ],
        "merge": [_merging(settings, partitions, rounds) for partitions in PARTITIONS],
    }
    results.begin("steps", section)


def measured() -> dict[str, float]:
    """Return µs a post by step, once the tables of characters and words are warm."""
    records = [_Record(number, post.value) for number, post in enumerate(posts(all_texts(), POSTS))][:POSTS]
    job = load_job(Settings())
    half = len(records) // 2
    _count(job, records[:half], Stopwatch())
    watch = Stopwatch()
    _count(job, records[half:], watch)
    return {step: spent_s / (len(records) - half) * 1e6 for step, spent_s in watch.spent_s.items()}


def _count(job: Job, records: Sequence[_Record], watch: Stopwatch) -> None:
    counter = PartitionCounter.begin(job, 0)
    watch.start()
    for start in range(0, len(records), BATCH):
        counter.take(counter.count(records[start : start + BATCH], watch.lap))
        counter.settle()
        watch.lap("state")


def _alone(
    settings: Settings, texts: Sequence[str], languages: int, windows: int, rounds: int
) -> dict[str, float]:
    kept = settings.model_copy(update={"allowed_lateness_ms": windows * WINDOW_MS})
    job = bare_job(kept, _InTurn(languages))
    records = [_Record(number, post.value) for number, post in enumerate(_spread(texts, windows))]
    costs = []
    for _ in range(rounds):
        watch = Stopwatch()
        _count(job, records, watch)
        costs.append(sum(watch.spent_s.values()) / len(records) * 1e6)
    return {"languages": languages, "open_windows": windows, "us_a_post": round(median(costs), 2)}


def _spread(texts: Sequence[str], windows: int) -> Iterator[NewPost]:
    """Yield posts of so many windows in turn, the newest first, so that all are open at once."""
    for number, text in enumerate(texts):
        yield a_post(number, 0, INGESTED_MS - number % windows * WINDOW_MS, text)


def _merging(settings: Settings, partitions: int, rounds: int) -> dict[str, float]:
    """Return µs for each partial that merge takes in, and for each count that it makes."""
    job = bare_job(settings)
    applied_us, emitted_us = [], []
    for _ in range(rounds):
        merge = new_merge(Labels("run", "lexicon", "detector"), job.timing, partitions)
        watch, taken, counts = Stopwatch(), 0, 0
        for turn in range(TURNS):
            values = [_encode(partial) for at in range(partitions) for partial in partials(at, turn)]
            watch.start()
            for value in values:
                merge.apply(decode_partial(value))
            watch.lap("apply")
            merge.advance()
            made = merge.emit(INGESTED_MS)
            for count in made:
                record_of(count)
            watch.lap("emit")
            taken += len(values)
            counts += len(made)
        applied_us.append(watch.spent_s["apply"] / taken * 1e6)
        emitted_us.append(watch.spent_s["emit"] / counts * 1e6)
    return {
        "partitions": partitions,
        "us_a_partial": round(median(applied_us), 1),
        "us_a_count": round(median(emitted_us), 1),
    }


def partials(partition: int, turn: int, apart_ms: int = 1_000) -> Iterator[Partial]:
    """Yield what a batch of a partition sends: its window, and its clock."""
    cells = {f"l{number}": dict.fromkeys(TAGS, turn + 1) for number in range(20)}
    at_ms = BASE_MS + turn * apart_ms
    start_ms = BASE_MS if apart_ms == 1_000 else at_ms - at_ms % WINDOW_MS
    yield WindowPartial("run", partition, start_ms, turn, cells, {})
    yield PartitionClock("run", partition, turn, at_ms, False, Tally(), 0)


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(measured()))
