"""Laws of sources: the sources of a cell add up to it, as exact as the cell, and nothing else changes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.merge import Merge
from sandik.counting.source_names import MAX_SOURCES, OTHER, SourceNames
from sandik.counting.state import PartitionState
from sandik.errors import UsageError
from sandik.replay.request import with_rules
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.post import Post
from tests.laws.cut_logs import BASE_MS, Record, in_any_order, queues_of, records_of_posts, sent_by_a_torn
from tests.laws.test_counting_laws import LABELS, PARTITIONS
from tests.replay.test_replay_laws import a_plan, replayed
from tests.support.examples import examples
from tests.support.stubs import MINUTE_MS, TIMING, a_job

NAMED = SourceNames.parse("x, telegram,telegram/news")
JOB = replace(a_job(), sources=NAMED)

Written = tuple[int, str, str, str | None]
#: Half a minute over eleven minutes, so that some are late; two of the sources are not named.
posts = st.tuples(
    st.integers(0, 20),
    st.sampled_from(["tr election", "ru deepfake election", "tr"]),
    st.sampled_from(["x", "telegram", "bluesky", "reddit"]),
    st.sampled_from([None, "news", "sport"]),
)
logs = st.lists(posts, max_size=40)
partitioned = st.lists(logs, min_size=PARTITIONS, max_size=PARTITIONS)

#: Window, source, language and tag.
Cell = tuple[int, str, str, str]


def records_of(log: Sequence[Written]) -> list[Record]:
    return records_of_posts(
        {"source": source, "created_at_ms": half * MINUTE_MS // 2, "text": text}
        | ({"source_detail": detail} if detail else {})
        for half, text, source, detail in log
    )


def counted_under(source: str, detail: str | None) -> str:
    if (source, detail) == ("telegram", "news"):
        return "telegram/news"
    return source if source in ("x", "telegram") else "other"


def truth(logs_: Sequence[Sequence[Written]]) -> dict[Cell, tuple[int, int]]:
    """Posts and late posts by cell, by a plain loop."""
    counts: Counter[Cell] = Counter()
    late: Counter[Cell] = Counter()
    for log in logs_:
        newest = -1
        for half, text, source, detail in log:
            minute = half // 2
            is_late = newest >= 0 and (minute + 3) * MINUTE_MS <= newest * 30_000 - 30_000
            into, at = (late, newest // 2) if is_late else (counts, minute)
            newest = max(newest, half)
            language, *tags = text.split()
            both = ["both"] if len(tags) == 2 else []
            for tag in ("all", *tags, *both):
                into[BASE_MS + at * MINUTE_MS, counted_under(source, detail), language, tag] += 1
    return {cell: (counts[cell], late[cell]) for cell in counts.keys() | late.keys()}


def told(counts: dict[bytes, Count]) -> dict[Cell, tuple[int, int]]:
    return {
        (one.window_start_ms, one.source or "", one.language, one.tag): (one.count, one.late_count)
        for one in counts.values()
    }


class Read:
    """What a reader of both topics knows: the newest record of each key."""

    def __init__(self, partitions: int) -> None:
        self.merge = Merge(LABELS, TIMING, partitions)
        self.counts: dict[bytes, Count] = {}
        self.sources: dict[bytes, Count] = {}

    def write(self) -> None:
        self.merge.advance()
        self.counts |= {one.key: one for one in self.merge.emit(0)}
        for one in self.merge.take_sources():
            known = self.sources.get(one.key)
            assert known is None or (one.revision > known.revision and one.count >= known.count)
            self.sources[one.key] = one
        self.merge.settle()

    def assert_added_up(self) -> None:
        """Sources and cells say the same: posts, late posts, and whether they are final."""
        summed: dict[tuple[int, str, str], list[Count]] = {}
        for one in self.sources.values():
            summed.setdefault((one.window_start_ms, one.language, one.tag), []).append(one)
        for count in self.counts.values():
            parts = summed.pop((count.window_start_ms, count.language, count.tag))
            assert sum(one.count for one in parts) == count.count
            assert sum(one.late_count for one in parts) == count.late_count
            assert {one.is_final for one in parts} == {count.is_final}
        assert not summed


@examples(200)
@given(partitioned, st.data())
def test_sources_are_those_of_a_single_pass_and_add_up_whatever_the_batches_and_the_order(
    logs_: list[list[Written]], data: st.DataObject
) -> None:
    read = Read(PARTITIONS)
    for partial in in_any_order(queues_of(JOB, [*map(records_of, logs_)], data), data):
        read.merge.apply(partial)
        if data.draw(st.booleans()):
            read.write()
            read.assert_added_up()
    read.write()

    read.assert_added_up()
    assert truth(logs_) == told(read.sources)


@given(logs, st.data())
def test_a_crash_between_any_two_writes_changes_no_source(log: list[Written], data: st.DataObject) -> None:
    read = Read(1)
    for partial in sent_by_a_torn(JOB, records_of(log), data):
        read.merge.apply(partial)
        read.write()

    assert truth([log]) == told(read.sources)


@examples(40)
@given(st.lists(logs, min_size=1, max_size=3))
def test_a_replay_gives_the_same_sources_in_order(logs_: list[list[Written]]) -> None:
    partitions = [records_of(log) for log in logs_]
    found = replayed(a_plan(partitions), partitions, [1], JOB, "sources")

    assert truth(logs_) == told({one.key: one for one in found})
    cells = [(one.window_start_ms, one.source or "", one.language, one.tag) for one in found]
    assert cells == sorted(cells)


@given(logs, st.lists(st.integers(0, 40), max_size=4).map(sorted))
def test_counting_sources_changes_no_byte_of_the_counts(log: list[Written], cuts: list[int]) -> None:
    records = records_of(log)
    merges = []
    for job in (JOB, replace(JOB, sources=None)):
        merge, state = Merge(LABELS, TIMING, 1), PartitionState.empty(JOB.run_id, 0)
        for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
            changes = job.count(state, records[start:end]).changes
            state.take(changes.entries)
            for partial in changes.partials:
                merge.apply(partial)
        merges.append([msgspec.json.encode(one) for one in merge.emit(0)])

    assert merges[0] == merges[1]


def test_without_sources_partials_have_the_bytes_that_they_had() -> None:
    record = records_of([(0, "tr election", "x", "news")])
    [window] = a_job().count(PartitionState.empty("run-1", 0), record).changes.windows

    assert b"source" not in msgspec.json.encode(window)


def test_counting_sources_is_another_run_whatever_the_order_of_their_names() -> None:
    runs = [
        load_job(Settings(sources=names)).run_id for names in ("", "other", "x", "x,telegram", "telegram, x,")
    ]

    assert len(set(runs)) == 3
    assert (runs[0], runs[3]) == (runs[1], runs[4])


@pytest.mark.parametrize("names", ["a|b", "a\nb", ",".join(map(str, range(MAX_SOURCES + 1)))])
def test_names_that_would_not_fit_into_a_key_are_refused(names: str) -> None:
    with pytest.raises(UsageError, match="--sources"):
        with_rules(Settings(), None, None, None, None, None, names)


def test_a_channel_that_is_named_is_apart_from_its_source_and_no_other_source_is_it() -> None:
    names = SourceNames.parse("telegram/news,x")
    assert names is not None

    def counted(source: str, detail: str | None = None) -> str:
        return names.of(Post("t:1", source, 0, "", source_detail=detail))

    assert ["telegram/news", OTHER, "x", OTHER, "x"] == [
        counted("telegram", "news"),
        counted("telegram", "sport"),
        counted("x", "news"),
        counted("reddit", "news"),
        counted("x"),
    ]
