"""How many records of a partition may be rejected before it is paused."""

from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.pause_limits import RATIO_OVER_RECORDS, Limit, Recent, Rejections, first_beyond
from sandik.counting.state import PartitionState
from tests.counting.test_dedupe import a_record
from tests.laws.cut_logs import BASE_MS, Record
from tests.laws.test_counting_laws import JOB


def test_as_many_in_a_row_as_allowed_are_fine_and_one_more_is_not() -> None:
    limit = Limit(max_consecutive=3, max_ratio=1)

    assert limit.exceeded(Rejections(3)) is None
    assert "4 records in a row" in (limit.exceeded(Rejections(4)) or "")


def test_the_ratio_is_judged_over_many_records_only() -> None:
    limit = Limit(max_consecutive=10**9, max_ratio=0.1)
    recent = Recent()
    recent.add(RATIO_OVER_RECORDS - 1, RATIO_OVER_RECORDS - 1)
    assert limit.exceeded(Rejections(0, recent.rejected, recent.read)) is None
    recent.add(1, 0)

    assert "of the last 10000 records" in (limit.exceeded(Rejections(0, recent.rejected, recent.read)) or "")


def test_what_was_long_ago_does_not_count() -> None:
    recent = Recent()
    recent.add(900, 900)
    for _ in range(20):
        recent.add(1_000, 0)
    recent.add(1_000, 1_000)

    assert (recent.read, recent.rejected) == (10_000, 1_000)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5), st.data())
def test_where_a_partition_is_paused_does_not_depend_on_batches(
    is_rejected: list[bool], most: int, data: st.DataObject
) -> None:
    places = [place for place, bad in enumerate(is_rejected) if bad]
    at_once = first_beyond(places, 0, most)
    cut = data.draw(st.integers(0, len(is_rejected)))
    row = next((cut - at - 1 for at in range(cut - 1, -1, -1) if not is_rejected[at]), cut)

    first = first_beyond([place for place in places if place < cut], 0, most)
    second = first_beyond([place - cut for place in places if place >= cut], row, most)

    assert at_once == (first if first is not None or second is None else second + cut)


def test_a_row_goes_on_over_batches_and_restarts_and_ends_with_a_good_post() -> None:
    bad = [Record(offset, BASE_MS, b"no") for offset in range(3)]
    state = PartitionState.empty("r", 0)
    first = JOB.count(state, bad[:2])
    state.take(first.changes.entries)  # as recovery does
    second = JOB.count(state, [bad[2]])
    state.take(second.changes.entries)
    third = JOB.count(state, [a_record(3, "a"), Record(4, BASE_MS, b"no")])

    assert 2 == first.changes.clock.rejected_in_a_row
    assert 3 == second.changes.clock.rejected_in_a_row
    assert 1 == third.changes.clock.rejected_in_a_row
