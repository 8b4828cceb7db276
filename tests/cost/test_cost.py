"""What a post costs in instructions of Python: a step that takes more than it did fails here, at any load.

Instructions, because a time on a shared machine says more about the neighbours. What C does inside one call
(numpy, the automaton, msgspec) is not in them: `make bench` is for that. Python 3.12 and 3.13 need fewer
instructions for the same code than 3.11, so the bounds are for that; room above is a tenth.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from bench.programs.sandik_bare import bare_job
from sandik.counting.decode import decode, decode_all
from sandik.counting.job import Job
from sandik.counting.native import NATIVE
from sandik.counting.state import PartitionState
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.post import Post
from tests.cost.instructions import executed

SAMPLE = (Path(__file__).parents[2] / "deploy" / "demo" / "posts.jsonl").read_bytes().splitlines()
POSTS = 940  # each text of the sample four times, with a number that makes it another text
INGESTED_MS = 1_900_000_000_000
ROOM = 1.1
#: Instructions a post, as measured with Python 3.11 when a change last touched them on purpose.
MEASURED = {"decode": 13, "language": 317, "tags": 6016, "again": 17, "bare": 276, "whole": 6709}
if NATIVE:  # what is compiled executes none
    MEASURED |= {"language": 3, "tags": 41, "whole": 420}


class Record(NamedTuple):
    offset: int
    value: bytes
    timestamp: int = INGESTED_MS


@pytest.fixture(scope="module")
def records() -> list[Record]:
    samples = [orjson.loads(line) for line in SAMPLE]
    posts = [
        sample | {"id": f"{turn}-{index}", "text": f"{sample['text']} {turn}"}
        for turn in range(POSTS // len(samples))
        for index, sample in enumerate(samples)
    ]
    return [Record(offset, orjson.dumps(post)) for offset, post in enumerate(posts)]


@pytest.fixture(scope="module")
def job(records: list[Record]) -> Job:
    job = load_job(Settings())
    job.count(PartitionState.empty("run", 0), records)  # fills the tables of characters and words
    return job


@pytest.fixture(scope="module")
def posts(records: list[Record]) -> list[Post]:
    decoded = [decode(record.value, INGESTED_MS, 0) for record in records]
    return [post for post in decoded if isinstance(post, Post)]


def assert_cost(step: str, run: Callable[[], object]) -> None:
    a_post = executed(run) / POSTS
    assert a_post <= MEASURED[step] * ROOM, f"{step} takes {a_post:.1f} instructions a post"


def test_decoding(records: list[Record]) -> None:
    values, timestamps_ms = [record.value for record in records], [record.timestamp for record in records]
    assert_cost("decode", lambda: decode_all(values, timestamps_ms, 0))


def test_detecting_the_language(job: Job, posts: list[Post]) -> None:
    texts = [post.text for post in posts]
    assert_cost("language", lambda: job.detector.detect(texts))


def test_finding_terms(job: Job, posts: list[Post]) -> None:
    texts = [post.text for post in posts]
    languages = [language.code for language in job.detector.detect(texts)]
    assert_cost("tags", lambda: job.tagger.terms(texts, languages))


def test_a_text_that_comes_again(job: Job, posts: list[Post]) -> None:
    texts = [post.text for post in posts]
    job.annotate(texts)
    assert_cost("again", lambda: job.annotate(texts))


def test_the_bare_engine(records: list[Record]) -> None:
    bare = bare_job(Settings())
    assert_cost("bare", lambda: bare.count(PartitionState.empty("run", 0), records))


def test_the_whole_job(job: Job, records: list[Record]) -> None:
    new = replace(job)  # remembers no text
    assert_cost("whole", lambda: new.count(PartitionState.empty("run", 0), records))
