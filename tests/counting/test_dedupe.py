"""A second delivery of a post is counted once, and what is no creation is not counted at all."""

import msgspec

from sandik.counting.dedupe import add, id_hash, packed, unpacked
from sandik.counting.state import PartitionState
from sandik_schemas.partial import EntryRecord, SeenIds, typed
from tests.laws.test_counting_laws import BASE_MS, JOB, Record


def a_record(offset: int, post_id: str, *, after_ms: int = 0, op: str = "create") -> Record:
    created_at_ms = BASE_MS + after_ms
    post = {"id": post_id, "source": "x", "created_at_ms": created_at_ms, "text": "tr election", "op": op}
    return Record(offset, created_at_ms, msgspec.json.encode(post))


def test_a_second_delivery_is_counted_once_and_mentioned_once() -> None:
    counted = JOB.count(PartitionState.empty("r", 0), [a_record(0, "a"), a_record(1, "a"), a_record(2, "b")])

    assert {"tr": {"all": 2, "election": 2}} == counted.changes.windows[0].counts
    assert (2, 1) == (counted.changes.clock.tally.counted, counted.changes.clock.tally.duplicate)
    assert [0, 2] == [mention.source_offset for mention in counted.mentions]


def test_a_delivery_in_a_later_batch_is_a_duplicate_even_after_recovery() -> None:
    state = PartitionState.empty("r", 0)
    stored = msgspec.json.encode(JOB.count(state, [a_record(0, "a")]).changes.entries)
    recovered = PartitionState.empty("r", 0)
    recovered.take(typed(one) for one in msgspec.json.decode(stored, type=list[EntryRecord]))

    changes = JOB.count(recovered, [a_record(1, "a")]).changes

    assert [1] == changes.duplicate_offsets
    assert 1 == changes.clock.tally.duplicate


def test_the_same_id_in_another_window_is_counted_there() -> None:
    changes = JOB.count(
        PartitionState.empty("r", 0), [a_record(0, "a"), a_record(1, "a", after_ms=60_000)]
    ).changes

    assert 2 == changes.clock.tally.counted


def test_settled_windows_take_their_ids_along() -> None:
    state = PartitionState.empty("r", 0)
    state.take(JOB.count(state, [a_record(0, "a"), a_record(1, "b", after_ms=900_000)]).changes.entries)
    [settled] = state.settle(JOB.timing)

    assert [f"r|0|{BASE_MS}".encode(), f"r|0|{BASE_MS}|ids|1".encode()] == settled.keys
    assert {BASE_MS + 900_000} == set(state.seen) == set(state.windows)


def test_edits_and_deletions_are_ignored_and_move_no_clock() -> None:
    records = [
        a_record(0, "a"),
        a_record(1, "a", after_ms=600_000, op="update"),
        a_record(2, "a", op="delete"),
    ]
    clock = JOB.count(PartitionState.empty("r", 0), records).changes.clock

    assert (1, 2) == (clock.tally.counted, clock.tally.ignored)
    assert BASE_MS == clock.clock_ms


def test_ids_survive_packing_and_the_lower_offset_stays() -> None:
    seen = {id_hash("a"): 7, id_hash("çağrı"): 2**40}
    entry = SeenIds("r", 0, 0, 0, packed(seen))
    again = {id_hash("a"): 3}
    add(again, unpacked(entry))

    assert seen == dict(unpacked(entry))
    assert 3 == again[id_hash("a")]
