"""Laws of closing: a mark in the log makes windows final, and is exact, whatever batches and crashes do."""

import copy
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.state import PartitionState
from sandik_schemas.partial import Partial
from tests.laws.cut_logs import BASE_MS
from tests.laws.test_counting_laws import JOB, PARTITIONS, finals
from tests.support.stubs import MINUTE_MS, TIMING


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


class Entry(NamedTuple):
    """A post, a mark that closes, or (at_ms None) no post at all."""

    at_ms: int | None
    is_mark: bool


times = st.integers(0, 40).map(lambda half_minutes: half_minutes * MINUTE_MS // 2 + half_minutes % 7)
entries = st.one_of(
    st.builds(Entry, times, st.just(False)),
    st.builds(Entry, times, st.just(False)),
    st.builds(Entry, times, st.just(True)),
    st.just(Entry(None, False)),
)
logs = st.lists(entries, max_size=50)
cuts = st.lists(st.integers(0, 50), max_size=6)


def records_of(log: list[Entry]) -> list[Record]:
    found = []
    for offset, one in enumerate(log):
        value = b"not a post"
        if one.at_ms is not None:
            op = {"op": "close"} if one.is_mark else {}
            post = {"id": f"x:{offset}", "source": "x", "created_at_ms": BASE_MS + one.at_ms, "text": "tr"}
            value = msgspec.json.encode(post | op)
        found.append(Record(offset, BASE_MS + 60 * MINUTE_MS, value))
    return found


def counted(log: list[Entry], cut_at: list[int], state: PartitionState) -> list[Partial]:
    records, sent = records_of(log), list[Partial]()
    ends = sorted({*(cut for cut in cut_at if cut <= len(log)), len(log)})
    for start, end in zip([0, *ends], ends, strict=False):
        batch = [record for record in records[start:end] if record.offset > state.clock.offset]
        if batch:
            changes = JOB.count(state, batch).changes
            state.take(changes.entries)
            state.settle(TIMING)
            sent += copy.deepcopy([*changes.windows, changes.clock])
    return sent


def empty(partition: int = 0) -> PartitionState:
    return PartitionState.empty(JOB.run_id, partition)


def seen(state: PartitionState) -> object:
    return state.clock, {start: (one.counts, one.late_counts) for start, one in state.windows.items()}


@given(logs)
def test_the_clock_and_what_is_late_are_those_of_a_plain_loop(log: list[Entry]) -> None:
    """Against the rule spelt out once more, record by record, with no code of the workers."""
    clock_ms, late = None, []
    for offset, one in enumerate(log):
        if one.at_ms is None:
            continue
        at_ms = BASE_MS + one.at_ms
        if one.is_mark:
            at_ms += TIMING.max_disorder_ms
        elif clock_ms is not None:
            end_ms = at_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS
            if end_ms + TIMING.allowed_lateness_ms <= clock_ms - TIMING.max_disorder_ms:
                late.append(offset)
        clock_ms = at_ms if clock_ms is None else max(clock_ms, at_ms)

    changes = JOB.count(empty(), records_of(log)).changes

    assert changes.clock.clock_ms == clock_ms
    assert [one.offset for one in changes.late] == late


@given(logs, cuts)
def test_where_batches_end_changes_nothing(log: list[Entry], cut_at: list[int]) -> None:
    whole, cut = empty(), empty()
    counted(log, [], whole)
    counted(log, cut_at, cut)

    assert seen(whole) == seen(cut)


@given(logs, st.data())
def test_a_batch_that_is_read_again_changes_nothing(log: list[Entry], data: st.DataObject) -> None:
    """The changelog keeps a prefix of the batch's writes; the clock is the last of them."""
    whole, torn = empty(), empty()
    counted(log, [], whole)
    crash_at = data.draw(st.integers(0, len(log)))
    batch_from = data.draw(st.integers(0, crash_at))
    counted(log[:batch_from], [], torn)
    if batch := records_of(log)[batch_from:crash_at]:
        written = JOB.count(torn, batch).changes.entries
        torn.take(written[: data.draw(st.integers(0, len(written) - 1))])
    counted(log, data.draw(cuts), torn)

    assert seen(whole) == seen(torn)


@given(logs)
def test_marks_are_in_the_tally_and_in_no_count(log: list[Entry]) -> None:
    tally = JOB.count(empty(), records_of(log)).changes.clock.tally
    posts = sum(one.at_ms is not None and not one.is_mark for one in log)

    assert tally.ignored == sum(one.is_mark for one in log)
    assert tally.counted + tally.late == posts


@given(st.lists(logs, min_size=PARTITIONS, max_size=PARTITIONS), times, cuts)
def test_all_windows_that_end_until_a_mark_in_every_partition_are_final(
    logs_: list[list[Entry]], closed_ms: int, cut_at: list[int]
) -> None:
    """Also where a partition has had no post, and nobody is idle."""
    sent: list[Partial] = []
    for partition, log in enumerate(logs_):
        sent += counted([*log, Entry(closed_ms, True)], cut_at, empty(partition))
    counts = finals(sent, partitions=PARTITIONS).values()

    assert all(one.is_final for one in counts if one.window_end_ms <= BASE_MS + closed_ms)


def test_a_mark_that_is_far_ahead_of_kafkas_clock_closes_nothing() -> None:
    record = records_of([Entry(0, True)])[0]
    early = record._replace(timestamp=BASE_MS - JOB.max_ahead_ms - 1)

    counted_ = JOB.count(empty(), [early])

    assert counted_.changes.clock.clock_ms is None
    assert [one.reason for _, one in counted_.rejected] == ["created_at_ahead"]
