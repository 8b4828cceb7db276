"""Laws of the counter: what it stores is the state, wherever a crash cuts it off."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.partition_counter import PartitionCounter
from sandik.counting.state import ORDER, PartitionState, Stored
from sandik_schemas.partial import SeenIds, decode_entry
from tests.laws.cut_logs import Record
from tests.laws.test_counting_laws import JOB, Log, logs, records_of


def stored_of(counter: PartitionCounter, records: list[Record]) -> list[Stored]:
    return counter.take(counter.count(records)) if records else []


def told(state: PartitionState) -> tuple[object, ...]:
    """All that the state says, however it was cut into entries."""
    cells = {start: (one.counts, one.late_counts) for start, one in state.windows.items()}
    return state.clock, cells, {start: seen.offsets() for start, seen in state.seen.items()}


@given(logs, st.data())
def test_from_any_prefix_of_what_was_stored_counting_goes_on_to_the_same_state(
    log: Log, data: st.DataObject
) -> None:
    records = records_of(log)
    whole = PartitionCounter.begin(JOB, 0)
    stored_of(whole, records)
    crash_at = data.draw(st.integers(0, len(records)))
    torn, changelog = PartitionCounter.begin(JOB, 0), dict[bytes, bytes]()
    begin_at = data.draw(st.integers(0, crash_at))
    changelog |= {one.key: one.value for one in stored_of(torn, records[:begin_at])}
    last = stored_of(torn, records[begin_at:crash_at])
    changelog |= {one.key: one.value for one in last[: data.draw(st.integers(0, len(last)))]}

    values = data.draw(st.permutations([*changelog.values()]))
    successor = PartitionCounter(JOB, PartitionState.recovered(JOB.run_id, 0, values))
    stored_of(successor, records[successor.state.clock.offset + 1 :])

    assert told(whole.state) == told(successor.state)


@given(logs)
def test_entries_are_stored_in_an_order_in_which_each_vouches_for_those_before(log: Log) -> None:
    stored = stored_of(PartitionCounter.begin(JOB, 0), records_of(log))
    ranks = [ORDER.index(one.kind) for one in stored]

    assert sorted(ranks) == ranks
    assert [one.key for one in stored] == [decode_entry(one.value).key for one in stored]


@given(logs.filter(len))
def test_an_entry_that_would_vouch_for_those_behind_it_is_refused(log: Log) -> None:
    counter = PartitionCounter.begin(JOB, 0)
    entries = counter.count(records_of(log)).changes.entries
    if len(entries) == 1:
        return
    with pytest.raises(ValueError, match="vouch"):
        counter.state.take(entries[::-1])


@given(logs, st.data())
def test_what_is_settled_has_the_last_partials_and_every_key_that_was_stored(
    log: Log, data: st.DataObject
) -> None:
    records = records_of(log)
    counter, keys, partials = PartitionCounter.begin(JOB, 0), set[bytes](), dict[bytes, bytes]()
    cut = data.draw(st.integers(0, len(records)))
    for batch in (records[:cut], records[cut:]):
        if not batch:
            continue
        counted = counter.count(batch)
        stored = counter.take(counted)
        keys |= {one.key for one in stored}
        partials |= {one.key: one.value for one in stored if one.kind is not SeenIds}
        changed = {one.window_start_ms for one in counted.changes.windows}
        first, rest = counter.settle(counted), counter.settle()
        assert not changed & {one.start_ms for one in first}
        for window in (*first, *rest):
            assert set(window.partials) == {partials[key] for key in window.keys if key in partials}
            keys -= set(window.keys)
    left = copy.copy(counter.state)

    assert keys - {left.clock.key} == {key for starts in (left.id_keys.values()) for key in starts} | {
        f"{JOB.run_id}|0|{start}".encode() for start in left.windows
    }
