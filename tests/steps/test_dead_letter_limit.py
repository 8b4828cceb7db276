"""A worker stops rather than drain a topic into the dead letters."""

import pytest

from streams.dead_letter import RATIO_OVER_RECORDS, DeadLetterLimit
from streams.errors import DeadLetterLimitError
from streams.steps.counts import PartitionState
from tests.laws.test_counting_laws import BASE_MS, JOB, Record
from tests.steps.test_dedupe import a_record


def test_as_many_in_a_row_as_allowed_are_fine_and_one_more_is_not() -> None:
    limit = DeadLetterLimit(max_consecutive=3, max_ratio=1)
    limit.check(3, read=3, rejected=3)

    with pytest.raises(DeadLetterLimitError, match="4 records in a row"):
        limit.check(4, read=1, rejected=1)


def test_the_ratio_is_judged_over_many_records_only() -> None:
    limit = DeadLetterLimit(max_consecutive=10**9, max_ratio=0.1)
    limit.check(0, read=RATIO_OVER_RECORDS - 1, rejected=RATIO_OVER_RECORDS - 1)

    with pytest.raises(DeadLetterLimitError, match="of the last 10000 records"):
        limit.check(0, read=1, rejected=0)


def test_what_was_long_ago_does_not_count() -> None:
    limit = DeadLetterLimit(max_consecutive=10**9, max_ratio=0.1)
    limit.check(0, read=900, rejected=900)
    for _ in range(20):
        limit.check(0, read=1_000, rejected=0)
    limit.check(0, read=1_000, rejected=1_000)


def test_a_row_goes_on_over_batches_and_restarts_and_ends_with_a_good_post() -> None:
    bad = [Record(offset, BASE_MS, b"no") for offset in range(3)]
    state = PartitionState.empty("r", 0)
    first = JOB.count(state, bad[:2])
    state.take(first.changes.entries)  # as recovery does
    second = JOB.count(state, [bad[2], a_record(3, "a"), Record(4, BASE_MS, b"no")])

    assert 2 == first.longest_rejected_row
    assert 3 == second.longest_rejected_row
    assert 1 == second.changes.clock.rejected_in_a_row
