"""A theta sketch as it is used here: exact up to 4,096 authors, honest above, the same for the same set."""

import hashlib
import random
import sys
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from datasketches import update_theta_sketch

from sandik import run_identity
from sandik.counting.authors.sketches import LG_K, SEED, Distinct, ThetaAuthors, added_up, distinct
from sandik.counting.job import Job
from sandik.counting.state import PartitionState
from sandik.errors import UsageError
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.partial import AuthorsPartial, PartitionClock, WindowPartial
from tests.laws.cut_logs import BASE_MS, Record
from tests.support.stubs import a_job

JOB = replace(a_job(), authors=ThetaAuthors())
K = 1 << LG_K


def sketches(authors: list[str], job: Job = JOB) -> list[AuthorsPartial]:
    posts = [
        {"id": f"x:{number}", "source": "x", "created_at_ms": BASE_MS, "text": "tr", "author_id": author}
        for number, author in enumerate(authors)
    ]
    records = [Record(offset, BASE_MS, msgspec.json.encode(post)) for offset, post in enumerate(posts)]
    return list(job.count(PartitionState.empty("run-1", 0), records).changes.authors)


def told(parts: list[list[str]]) -> Distinct:
    found = added_up([one.authors for part in parts for one in sketches(part)])
    return distinct(found["tr"])["all"]


def cut(authors: list[str], chance: random.Random) -> list[list[str]]:
    places = sorted(chance.choices(range(len(authors)), k=chance.randrange(1, 9)))
    return [authors[start:end] for start, end in pairwise([0, *places, len(authors)])]


@pytest.mark.parametrize("count", [K + 1, 2 * K, 20_000])
def test_the_estimate_is_a_function_of_the_set_of_authors(count: int) -> None:
    authors = [f"author {number}" for number in range(count)]
    expected = told([authors])
    for seed in range(6):
        chance = random.Random(seed)
        again = authors + chance.choices(authors, k=count // 3)
        chance.shuffle(again)
        parts = cut(again, chance)
        # Some of it added up before, as one partition's is before that of the next.
        found = added_up([one.authors for part in parts[:3] for one in sketches(part)])
        found = added_up([found, *(one.authors for part in parts[2:] for one in sketches(part))])

        assert expected == distinct(found["tr"])["all"]


@pytest.mark.parametrize("count", [1, 2, 100, K - 1, K])
def test_up_to_so_many_authors_it_is_exact(count: int) -> None:
    authors = [f"author {number}" for number in range(count)]

    assert Distinct(count, count, count) == told([authors[::2], authors[1::2], authors[:50]])


def test_above_the_truth_is_within_the_bounds_as_often_as_stated() -> None:
    """95 % stated; of 200 sets of other names, at least 180: fewer by chance would be one in a thousand."""
    count = 3 * K
    found = []
    for name in range(200):
        sketch = update_theta_sketch(LG_K, seed=SEED)
        for number in range(count):
            sketch.update(f"{name}:{number}")
        found.append(distinct({"all": sketch.compact().serialize()})["all"])
    within = sum(one.distinct_authors_low <= count <= one.distinct_authors_high for one in found)
    errors = [one.distinct_authors / count - 1 for one in found]

    assert within >= 180
    assert all(one.distinct_authors_high - one.distinct_authors_low < 0.07 * count for one in found)
    assert abs(sum(errors) / len(errors)) < 0.005


def test_the_same_id_on_two_sources_is_two_authors_and_none_is_none() -> None:
    posts = [("x", "1"), ("y", "1"), ("x", "1"), ("x", None), ("x", "")]
    records = [
        Record(
            offset,
            BASE_MS,
            msgspec.json.encode(
                {
                    "id": str(offset),
                    "source": source,
                    "created_at_ms": BASE_MS,
                    "text": "tr",
                    "author_id": author,
                }
            ),
        )
        for offset, (source, author) in enumerate(posts)
    ]
    changes = JOB.count(PartitionState.empty("run-1", 0), records).changes

    assert 2 == distinct(changes.authors[0].authors["tr"])["all"].distinct_authors
    assert {"all": 5} == changes.windows[0].counts["tr"]
    assert {"all": 3} == changes.windows[0].with_author["tr"]


def test_off_the_state_the_partials_and_the_counts_have_the_bytes_they_had() -> None:
    posts = [{"id": "x:1", "source": "x", "created_at_ms": BASE_MS, "text": "tr election", "author_id": "a"}]
    records = [Record(0, BASE_MS, msgspec.json.encode(post)) for post in posts]
    changes = a_job().count(PartitionState.empty("run-1", 0), records).changes
    window, clock = changes.partials
    count = Count(1, "", "", 0, 60_000, "tr", "all", 1, 1, 1.0, 0, 2, False, "l", "d", 0)

    assert [type(one) for one in changes.partials] == [WindowPartial, PartitionClock]
    assert clock == changes.clock
    assert window.key == b"run-1|0|%d" % BASE_MS
    assert msgspec.json.encode(window) == (
        b'{"kind":"window","run_id":"run-1","partition":0,"window_start_ms":%d,"offset":0,'
        b'"counts":{"tr":{"all":1,"election":1}},"late_counts":{}}' % BASE_MS
    )
    assert b"author" not in msgspec.json.encode(count)
    assert "with_author" not in msgspec.to_builtins(count)


def test_counting_authors_is_another_run_and_off_is_the_run_it_was() -> None:
    job = load_job(Settings())
    timing, versions = job.timing, (job.detector.version, job.tagger.version)
    before = hashlib.sha256(repr((*timing, 300_000, True, *versions)).encode()).hexdigest()[:8]

    assert before == job.run_id
    assert before != load_job(Settings(authors="sketch")).run_id


def test_without_the_package_a_worker_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sandik.counting.authors.sketches", None)

    with pytest.raises(UsageError, match=r"pip install 'sandik\[authors\]'"):
        run_identity.load_authors("sketch")
