"""Laws of authors: the number is a function of the set of authors, whatever batches, crashes and orders."""

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.authors.sets import AuthorSets
from sandik.counting.authors.sketches import ThetaAuthors
from sandik.counting.merge import Merge
from sandik.counting.state import PartitionState
from sandik.replay import outputs
from sandik.replay.results import Digest
from sandik.tables.writers import SUFFIXES
from sandik_schemas.count import Count
from sandik_schemas.partial import AuthorsPartial, Partial, WindowPartial
from tests.laws import cut_logs
from tests.laws.cut_logs import BASE_MS, Record, in_any_order, records_of_posts, sent_by_a_torn
from tests.laws.test_counting_laws import LABELS, emitted
from tests.replay.test_replay_laws import RULES, a_plan, replayed
from tests.support.examples import examples
from tests.support.stubs import MINUTE_MS, TIMING, a_job

JOB = replace(a_job(), authors=ThetaAuthors())
WITH_AUTHORS = msgspec.structs.replace(RULES, authors="sketch")
PARTITIONS = 2


class Post(NamedTuple):
    half_minutes: int
    language: str
    text: str
    author: str | None
    source: str
    #: How many records back stands the post with the same id.
    back: int


posts = st.builds(
    Post,
    st.integers(0, 20),
    st.sampled_from(["tr", "ru"]),
    st.sampled_from(["", "election", "deepfake", "election deepfake"]),
    st.sampled_from(["a", "b", "c", "d", "", None]),
    st.sampled_from(["x", "y"]),
    st.sampled_from([0, 0, 0, 1, 2]),
)
logs = st.lists(posts, max_size=50)
partitioned = st.lists(logs, min_size=PARTITIONS, max_size=PARTITIONS)


def records_of(log: Sequence[Post]) -> list[Record]:
    return records_of_posts(
        {
            "id": f"{post.source}:{offset - post.back}",
            "source": post.source,
            "created_at_ms": post.half_minutes * MINUTE_MS // 2,
            "text": f"{post.language} {post.text}",
            "author_id": post.author,
        }
        for offset, post in enumerate(log)
    )


def a_merge() -> Merge:
    return Merge(LABELS, TIMING, PARTITIONS, authors=AuthorSets())


def authors_of(logs_: Sequence[Sequence[Post]]) -> dict[bytes, list[tuple[str, str]]]:
    """The authors of the posts of each cell, in their order: a plain loop over what is counted."""
    found: dict[bytes, list[tuple[str, str]]] = defaultdict(list)
    for log in logs_:
        newest = -1
        counted = set()
        for offset, post in enumerate(log):
            minute = post.half_minutes // 2
            if newest >= 0 and (minute + 1) * MINUTE_MS + 2 * MINUTE_MS <= newest * 30_000 - 30_000:
                continue
            newest = max(newest, post.half_minutes)
            post_id = minute, f"{post.source}:{offset - post.back}"
            if post_id in counted or not post.author:
                counted.add(post_id)
                continue
            counted.add(post_id)
            words = post.text.split()
            for tag in ["all", *words, *(["both"] if len(words) == 2 else [])]:
                key = f"{BASE_MS + minute * MINUTE_MS}|{MINUTE_MS}|{post.language}|{tag}"
                found[key.encode()].append((post.source, post.author))
    return found


def truth(logs_: Sequence[Sequence[Post]]) -> dict[bytes, tuple[int, int]]:
    """Posts with an author, and authors, by the key of the cell."""
    return {key: (len(authors), len(set(authors))) for key, authors in authors_of(logs_).items()}


def told(counts: dict[bytes, Count]) -> dict[bytes, tuple[int | None, int | None]]:
    for count in counts.values():
        assert count.distinct_authors_low == count.distinct_authors == count.distinct_authors_high
    return {key: (one.with_author, one.distinct_authors) for key, one in counts.items() if one.with_author}


def queues_of(logs_: Sequence[Sequence[Post]], data: st.DataObject) -> list[list[Partial]]:
    return cut_logs.queues_of(JOB, [*map(records_of, logs_)], data)


@examples(200)
@given(partitioned, st.data())
def test_authors_are_those_of_a_single_pass_whatever_the_batches_and_the_order(
    logs_: list[list[Post]], data: st.DataObject
) -> None:
    queues = queues_of(logs_, data)
    merge, last = a_merge(), dict[bytes, Count]()
    for partial in in_any_order(queues, data):
        merge.apply(partial)
        if data.draw(st.booleans()):
            last |= emitted(merge)
    last |= emitted(merge)

    assert truth(logs_) == told(last)


@examples(200)
@given(logs, st.data())
def test_a_crash_between_any_two_writes_changes_no_authors(log: list[Post], data: st.DataObject) -> None:
    """And each revision tells the authors of the posts that it counts: of no other post of a torn batch."""
    in_order = authors_of([log])
    merge, last = Merge(LABELS, TIMING, 1, authors=AuthorSets()), dict[bytes, Count]()
    for partial in sent_by_a_torn(JOB, records_of(log), data):
        merge.apply(partial)
        for count in merge.emit(0):
            last[count.key] = count
            counted = in_order.get(count.key, [])[: count.with_author]
            assert (count.with_author, count.distinct_authors) == (len(counted), len(set(counted)))
        merge.settle()

    assert truth([log]) == told(last)


@given(partitioned, st.data())
def test_a_stale_or_repeated_record_of_authors_changes_nothing(
    logs_: list[list[Post]], data: st.DataObject
) -> None:
    partials = [partial for queue in queues_of(logs_, data) for partial in queue]
    authors = [one for one in partials if isinstance(one, AuthorsPartial)]
    merge, last = a_merge(), dict[bytes, Count]()
    for place in range(len(partials)):
        merge.apply(copy.deepcopy(partials[place]))
        for one in data.draw(st.lists(st.sampled_from(authors), max_size=2)) if authors else []:
            if partials.index(one) <= place:
                merge.apply(copy.deepcopy(one))
        last |= emitted(merge)

    assert truth(logs_) == told(last)


@given(partitioned, st.data())
def test_what_is_settled_leaves_no_key_behind(logs_: list[list[Post]], data: st.DataObject) -> None:
    """Of authors too, also of those that a thawed worker wrote once more."""
    ending = Post(40, "tr", "", "a", "x", 0)
    queues = queues_of([[*log, ending] for log in logs_], data)
    merge = a_merge()
    keys = {
        partial.key
        for queue in queues
        for partial in queue
        if isinstance(partial, AuthorsPartial | WindowPartial)
    }
    gone = set()
    for queue in queues:
        for partial in queue:
            merge.apply(partial)
    authors = [one for q in queues for one in q if isinstance(one, AuthorsPartial)]
    for again in (authors, []):
        merge.advance()
        merge.emit(0)
        settled = merge.settle()
        gone |= set(settled.gone) if settled else set()
        left = keys - gone
        assert all(b"|%d" % (BASE_MS + 20 * MINUTE_MS) in key for key in left)
        gone -= {one.key for one in again}
        for one in again:
            merge.apply(one)


def test_authors_of_a_torn_batch_wait_for_the_window_that_counts_their_posts() -> None:
    records = records_of([Post(0, "tr", "", name, "x", 0) for name in ("a", "b")])
    torn = PartitionState.empty(JOB.run_id, 0)
    changes = JOB.count(torn, records).changes
    torn.take([*changes.ids, *changes.authors])
    merge = Merge(LABELS, TIMING, 1, authors=AuthorSets())
    told_ = []
    for sent in (
        list(torn.partials()),
        cut_logs.run(JOB, torn, records[:1], []),
        cut_logs.run(JOB, torn, records[1:], []),
    ):
        for partial in sent:
            merge.apply(partial)
        told_ += [(count.with_author, count.distinct_authors) for count in emitted(merge).values()]

    assert [(1, 1), (2, 2)] == told_


@examples(60)
@given(st.lists(logs, min_size=1, max_size=3), st.lists(st.integers(0, 6), max_size=3))
def test_a_replay_tells_the_authors_however_often_it_is_interrupted(
    logs_: list[list[Post]], fails_after: list[int]
) -> None:
    partitions = [records_of(log) for log in logs_]
    found = replayed(a_plan(partitions, rules=WITH_AUTHORS), partitions, fails_after, JOB)

    assert truth(logs_) == told({one.key: one for one in found})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_has_columns_of_authors_only_when_they_are_counted(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pyarrow")
    partitions = [records_of([Post(0, "tr", "", "a", "x", 0)])]
    for rules in (WITH_AUTHORS, msgspec.structs.replace(RULES, authors="off")):
        path = tmp_path / f"{rules.authors}{suffix}"
        counts = replayed(a_plan(partitions, rules=rules), partitions, job=JOB)
        outputs.write_file(path, outputs.Part("counts", outputs.columns("counts", rules), counts), Digest())

        assert (b"distinct_authors_low" in path.read_bytes()) == (rules.authors == "sketch")
