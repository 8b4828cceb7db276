"""Laws of wider windows: they are sums of tumbling ones, whatever happens meanwhile."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.merge import Merge
from sandik.counting.state import PartitionState
from sandik.counting.windows.derived import DerivedWindows
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.counting.windows.panes import DerivedRecord, Kind
from sandik_schemas.count import Count
from sandik_schemas.partial import Partial, PartialRecord, PartitionClock, Watermark
from tests.laws.cut_logs import BASE_MS, Record
from tests.laws.test_counting_laws import JOB, LABELS, Log, finals, idle, records_of, run
from tests.support.examples import examples
from tests.support.stubs import MINUTE_MS, TIMING

PARTITIONS = 2
SIZE_MS, ADVANCE_MS, GAP_MS = 6 * MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS
SPANS = DerivedSizes(SIZE_MS, ADVANCE_MS, GAP_MS)
#: What the topics end with: the value of each key.
Table = dict[Kind, dict[bytes, Count]]

#: Half minutes on from the newest post before, and back from there: some are late, some too late.
moves = st.tuples(st.sampled_from([0, 1, 1, 2, 2, 3, 5, 9]), st.sampled_from([0, 0, 0, 0, 1, 2, 3, 5, 9]))
kinds = st.tuples(st.sampled_from(["tr", "tr", "ru"]), st.sampled_from(["", "election", "election deepfake"]))


@st.composite
def a_log(draw: st.DrawFn) -> list[Record]:
    newest, log = 0, []
    for (on, back), (language, text) in draw(st.lists(st.tuples(moves, kinds), max_size=25)):
        newest = min(newest + on, 48)
        log.append((max(0, newest - back) * MINUTE_MS // 2, language, text, 0))
    found: Log = [*log]
    return records_of(found)


partitioned = st.lists(a_log(), min_size=PARTITIONS, max_size=PARTITIONS)


def a_merge(spans: DerivedSizes = SPANS) -> Merge:
    return Merge(LABELS, TIMING, PARTITIONS, DerivedWindows.of(spans, LABELS, MINUTE_MS))


def partials_of(logs: Sequence[Sequence[Record]], every: int = 4) -> list[list[Partial]]:
    """What each partition sends: its windows and clocks, and at last that it is idle."""
    found = []
    for partition, records in enumerate(logs):
        sent = run(PartitionState.empty(JOB.run_id, partition), records, list(range(0, len(records), every)))
        found.append([*sent, idle(sent, partition)])
    return found


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[list[list[Record]], list[Partial]]:
    """The logs, and their partials in any order between the partitions."""
    logs = draw(partitioned)
    queues = partials_of(logs)
    order = draw(st.permutations([number for number, queue in enumerate(queues) for _ in queue]))
    return logs, [queues[number].pop(0) for number in order]


class Topics:
    """Kafka, for one merge after the other: `partials` as it is folded, and what is written."""

    def __init__(self, spans: DerivedSizes = SPANS) -> None:
        self.spans = spans
        self.partials: list[Partial] = []
        self.tables: Table = {"hopping": {}, "sessions": {}}
        self.written: list[DerivedRecord] = []
        self.merge = a_merge(spans)

    def read(self, partial: Partial) -> None:
        self.partials.append(partial)
        self.merge.apply(partial)

    def emit(self, at_most: int | None = None) -> None:
        """One round of the owner, in pieces as the agent does it."""
        is_more = True
        while is_more:
            self.mark(self.merge.advance())
            counts = self.merge.emit(0, at_most)
            wide = self.merge.emit_derived(0, at_most)
            self.write(wide)
            self.settle()
            is_more = at_most is not None and max(len(counts), len(wide)) >= at_most

    def write(self, wide: Sequence[DerivedRecord]) -> None:
        for kind, key, value in wide:
            self.written.append(DerivedRecord(kind, key, value))
            known = self.tables[kind].get(key)
            if value is None:
                self.tables[kind].pop(key, None)
            elif known is None or value.revision >= known.revision:
                self.tables[kind][key] = value

    def mark(self, mark: Watermark | None) -> None:
        if mark:  # through JSON, as in the topic
            self.partials.append(msgspec.json.decode(msgspec.json.encode(mark), type=PartialRecord))

    def settle(self, tombstones: int | None = None) -> None:
        settled = self.merge.settle()
        if settled:
            mark, gone = settled
            self.mark(mark)
            keys = set(gone[:tombstones])
            self.partials = [one for one in self.partials if one.key not in keys]

    def take_over(self, spans: DerivedSizes | None = None) -> None:
        """Another owner folds what is there."""
        self.spans = spans or self.spans
        self.merge = a_merge(self.spans)
        self.merge.derived.take_over()
        for one in self.partials:
            self.merge.apply(one)


def at_once(partials: Sequence[Partial], spans: DerivedSizes = SPANS) -> Table:
    """Without any emit in between."""
    topics = Topics(spans)
    for one in partials:
        topics.read(one)
    topics.emit()
    return topics.tables


def cells(counts: Table, kind: Kind) -> dict[tuple[int, int, str, str], tuple[int, int, int]]:
    return {
        (one.window_start_ms, one.window_end_ms, one.language, one.tag): (
            one.count,
            one.total,
            one.late_count,
        )
        for one in counts[kind].values()
    }


class Pane(NamedTuple):
    posts: int = 0
    late: int = 0


def panes_of(partials: Sequence[Partial]) -> dict[tuple[str, str], dict[int, Pane]]:
    """The tumbling counts of each language and tag."""
    found: dict[tuple[str, str], dict[int, Pane]] = defaultdict(dict)
    for one in finals(partials, partitions=PARTITIONS).values():
        found[one.language, one.tag][one.window_start_ms] = Pane(one.count, one.late_count)
    return found


def summed(panes: dict[int, Pane], start_ms: int, end_ms: int) -> Pane:
    inside = [pane for at_ms, pane in panes.items() if start_ms <= at_ms < end_ms]
    return Pane(sum(pane.posts for pane in inside), sum(pane.late for pane in inside))


@given(interleaved())
def test_a_hopping_window_counts_the_posts_between_its_start_and_its_end(
    given_: tuple[list[list[Record]], list[Partial]],
) -> None:
    """Post by post, without panes."""
    logs, partials = given_
    truth: Counter[tuple[int, int, str, str]] = Counter()
    for partition, records in enumerate(logs):
        late = {one.offset for one in JOB.count(PartitionState.empty("", partition), records).changes.late}
        for record in records:
            if record.offset in late:
                continue
            post = msgspec.json.decode(record.value or b"")
            language, *words = post["text"].split()
            for tag in ["all", *words, *(["both"] if len(words) == 2 else [])]:
                for start_ms in range(
                    BASE_MS - BASE_MS % ADVANCE_MS - SIZE_MS, BASE_MS + 30 * MINUTE_MS, ADVANCE_MS
                ):
                    if start_ms <= post["created_at_ms"] < start_ms + SIZE_MS:
                        truth[start_ms, start_ms + SIZE_MS, language, tag] += 1

    found = cells(at_once(partials), "hopping")

    assert dict(truth) == {cell: count for cell, (count, _, _) in found.items() if count}
    assert all(total == found[*cell[:3], "all"][0] for cell, (_, total, _) in found.items() if total)


@given(interleaved())
def test_hopping_by_their_own_size_of_a_window_are_the_tumbling_counts(
    given_: tuple[list[list[Record]], list[Partial]],
) -> None:
    partials = given_[1]

    assert at_once(partials, DerivedSizes(MINUTE_MS, MINUTE_MS))["hopping"] == finals(
        partials, partitions=PARTITIONS
    )


@given(interleaved())
def test_sessions_are_the_maximal_runs_of_windows_with_posts(
    given_: tuple[list[list[Record]], list[Partial]],
) -> None:
    """By the definition, from the tumbling counts."""
    partials = given_[1]
    panes = panes_of(partials)
    truth = {}
    for (language, tag), by_start in panes.items():
        active = sorted(start_ms for start_ms, pane in by_start.items() if pane.posts)
        breaks = [b for a, b in pairwise(active) if b - (a + MINUTE_MS) >= GAP_MS]
        for start_ms, next_ms in pairwise([*active[:1], *breaks, 1 << 60]):
            end_ms = max(at_ms for at_ms in active if at_ms < next_ms) + MINUTE_MS
            own, total = (summed(panes[language, one], start_ms, end_ms) for one in (tag, "all"))
            truth[start_ms, end_ms, language, tag] = own.posts, total.posts, own.late
    found = at_once(partials)

    assert truth == cells(found, "sessions")
    assert {key.split(b"|")[1] for key in found["sessions"]} <= {str(GAP_MS).encode()}


@given(interleaved())
def test_a_session_is_final_when_its_gap_is_settled_and_a_hopping_window_when_the_watermark_has_passed(
    given_: tuple[list[list[Record]], list[Partial]],
) -> None:
    found = at_once(given_[1])
    clocks_ms = {one.partition: one.clock_ms for one in given_[1] if isinstance(one, PartitionClock)}
    known_ms = [clock_ms for clock_ms in clocks_ms.values() if clock_ms is not None]
    watermark_ms = max(known_ms) - 30_000 if known_ms else 0
    settled_ms = min(known_ms) - 30_000 - 2 * MINUTE_MS if len(known_ms) == PARTITIONS else 0

    for one in found["hopping"].values():
        assert one.is_final == (one.window_end_ms <= watermark_ms)
    for one in found["sessions"].values():
        assert one.is_final == (one.window_end_ms + GAP_MS <= settled_ms)


@examples(300)
@given(
    interleaved(),
    st.sets(st.integers(0, 60), max_size=12),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([SPANS, DerivedSizes(SIZE_MS, ADVANCE_MS), DerivedSizes(session_gap_ms=GAP_MS)]),
)
def test_whatever_was_written_in_between_the_topics_end_the_same(
    given_: tuple[list[list[Record]], list[Partial]],
    ticks: set[int],
    at_most: int | None,
    spans: DerivedSizes,
) -> None:
    topics = Topics(spans)
    for number, partial in enumerate(given_[1]):
        topics.read(partial)
        if number in ticks:
            topics.emit(at_most)
    topics.emit(at_most)

    assert at_once(given_[1], spans) == topics.tables


@examples(300)
@given(interleaved(), st.data())
def test_a_successor_that_takes_over_at_any_point_ends_the_same(
    given_: tuple[list[list[Record]], list[Partial]], data: st.DataObject
) -> None:
    """Merge dies between any two of its writes; posts come in between, too."""
    incoming = list(given_[1])
    topics = Topics()
    while incoming:
        topics.read(incoming.pop(0))
        if not data.draw(st.booleans()):
            continue
        dies_at = data.draw(st.sampled_from([None, None, "mark", "wide", "settled", "tombstones"]))
        topics.mark(topics.merge.advance())
        if dies_at != "mark":
            topics.merge.emit(0)
            wide = topics.merge.emit_derived(0)
            topics.write(wide[: data.draw(st.integers(0, len(wide)))] if dies_at == "wide" else wide)
            for _ in range(data.draw(st.integers(0, 5))):
                if incoming:
                    topics.read(incoming.pop(0))  # while those are on their way to Kafka
        if dies_at not in ("mark", "wide", "settled"):
            topics.settle(data.draw(st.integers(0, 3)) if dies_at else None)
        if dies_at:
            topics.take_over()
    topics.emit()

    assert at_once(given_[1]) == topics.tables


@examples(200)
@given(interleaved(), st.sets(st.integers(0, 60), max_size=15))
def test_what_is_final_never_becomes_current_and_a_final_session_never_changes(
    given_: tuple[list[list[Record]], list[Partial]], ticks: set[int]
) -> None:
    topics = Topics()
    for number, partial in enumerate(given_[1]):
        topics.read(partial)
        if number in ticks:
            topics.emit()
    topics.emit()
    final: dict[tuple[Kind, bytes], Count] = {}
    revisions: dict[tuple[Kind, bytes], int] = {}
    for kind, key, value in topics.written:
        if (kind, key) in final:
            assert kind == "hopping"
            assert value is not None
            assert value.is_final
        if value is not None:
            assert value.revision > revisions.get((kind, key), -1)
            revisions[kind, key] = value.revision
            if value.is_final:
                final[kind, key] = value


def sends(*after_minutes: float) -> list[Partial]:
    """One partition's partials, a batch a post."""
    log: Log = [(round(minute * MINUTE_MS), "tr", "", 0) for minute in after_minutes]
    return [*partials_of([records_of(log), []], every=1)[0]]


def sessions_of(topics: Topics) -> list[tuple[int, int, int]]:
    """Start and end in minutes, and count."""
    found = topics.tables["sessions"].values()
    return sorted(
        ((one.window_start_ms - BASE_MS) // MINUTE_MS, (one.window_end_ms - BASE_MS) // MINUTE_MS, one.count)
        for one in found
    )


@pytest.mark.parametrize("takes_over", [False, True])
def test_a_late_post_that_joins_two_sessions_takes_the_later_one_back(takes_over: bool) -> None:
    topics = Topics()
    for partial in sends(0, 4):
        topics.read(partial)
    topics.emit()
    before = sessions_of(topics)
    for partial in sends(0, 4, 2):
        topics.read(partial)
    if takes_over:
        topics.take_over()
    topics.emit()

    assert [(0, 1, 1), (4, 5, 1)] == before
    assert [(0, 5, 3)] == sessions_of(topics)
    retracted = [key for kind, key, value in topics.written if value is None]
    assert f"{BASE_MS + 4 * MINUTE_MS}|{GAP_MS}|tr|all".encode() in retracted


@pytest.mark.parametrize(("minutes", "expected"), [((0, 3), [(0, 4, 2)]), ((0, 4), [(0, 1, 1), (4, 5, 1)])])
def test_as_much_silence_as_the_gap_ends_a_session(
    minutes: tuple[int, ...], expected: list[tuple[int, int, int]]
) -> None:
    topics = Topics()
    for partial in sends(*minutes):
        topics.read(partial)
    topics.emit()

    assert expected == sessions_of(topics)


def long_run(topics: Topics, first: int, last: int) -> None:
    """A post every minute in both partitions, each time with an emit."""
    for minute in range(first, last):
        log: Log = [(at * MINUTE_MS, "tr", "", 0) for at in range(minute + 1)]
        for queue in partials_of([records_of(log)] * 2, every=1):
            for partial in queue[-3:-1]:
                topics.read(partial)
        topics.emit()


def test_a_session_goes_on_for_longer_than_its_windows_are_kept() -> None:
    topics = Topics(DerivedSizes(session_gap_ms=GAP_MS))
    long_run(topics, 0, 12)
    kept = len(topics.merge._windows)
    topics.take_over()
    long_run(topics, 12, 20)

    assert kept < 6
    assert [(0, 20, 40)] == sessions_of(topics)


@pytest.mark.parametrize(
    ("before", "after"),
    [(DerivedSizes(), SPANS), (DerivedSizes(2 * MINUTE_MS, MINUTE_MS, MINUTE_MS), SPANS), (SPANS, SPANS)],
)
def test_what_began_before_it_was_switched_on_is_not_written(
    before: DerivedSizes, after: DerivedSizes
) -> None:
    """Its first posts may be missing."""
    topics = Topics(before)
    long_run(topics, 0, 10)
    topics.tables = {"hopping": {}, "sessions": {}}
    topics.take_over(after)
    long_run(topics, 10, 24)
    hopping = {
        (one.window_start_ms - BASE_MS) // MINUTE_MS: one.count for one in topics.tables["hopping"].values()
    }
    full = {start: 2 * len(range(max(start, 0), min(start + 6, 24))) for start in hopping}

    assert full == hopping
    assert max(hopping) == 22
    assert [(0, 24, 48)] * (before == after) == sessions_of(topics)
