"""A second delivery of a post is counted once, and what is no creation is not counted at all."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.dedupe import Seen, id_hash, packed, unpacked
from sandik.counting.state import PartitionState
from sandik_schemas.partial import EntryRecord, SeenIds, typed
from tests.laws.cut_logs import BASE_MS, Record
from tests.laws.test_counting_laws import JOB


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
    again = Seen()
    again.add([(id_hash("a"), 3)])
    again.add(unpacked(entry))

    assert seen == dict(unpacked(entry))
    assert seen | {id_hash("a"): 3} == again.offsets()


#: Few ids, so that they meet again; some share their upper half, and some their lower one.
HASHES = [bytes([high] * 8 + [low] * 8) for high in (0, 7, 255) for low in (0, 1, 128, 255)]
SOME = st.lists(st.tuples(st.sampled_from(HASHES), st.integers(0, 2**40)), max_size=12)


@given(st.lists(SOME | st.just("pack")), st.sets(st.sampled_from(HASHES)))
def test_packed_or_not_a_window_knows_the_same_ids(
    steps: list[list[tuple[bytes, int]] | str], asked: set[bytes]
) -> None:
    seen, model = Seen(), dict[bytes, int]()
    for step in steps:
        if isinstance(step, str):
            seen.pack()
            continue
        seen.add(step)
        for hashed, offset in step:
            model[hashed] = min(offset, model.get(hashed, offset))

    assert seen.offsets() == model
    assert seen.known(dict.fromkeys(asked, 0)) == {one: model[one] for one in asked & model.keys()}


def test_ids_of_windows_that_get_no_posts_are_packed() -> None:
    state = PartitionState.empty("r", 0)
    first = [a_record(offset, f"a{offset}") for offset in range(100)]
    state.take(JOB.count(state, first).changes.entries)
    state.take(JOB.count(state, [a_record(100, "b", after_ms=60_000)]).changes.entries)

    [packed_window, open_window] = state.seen.values()
    assert ([100, 0], [0, 1]) == (_sizes(packed_window), _sizes(open_window))
    twice = [a_record(101, "a7"), a_record(102, "c"), a_record(103, "b", after_ms=60_000)]
    assert [101, 103] == JOB.count(state, twice).changes.duplicate_offsets


def _sizes(seen: Seen) -> list[int]:
    return [len(seen._highs), len(seen._new)]
