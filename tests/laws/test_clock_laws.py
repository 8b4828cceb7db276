"""Clocks are told apart when they differ by more than asking can explain, and never otherwise."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sandik.clock import SKEW_MS, KafkasClock, Skew, SystemClock

TIMES_MS = some.integers(0, 4_000_000_000_000)
TOOK_MS = some.integers(0, 600_000)


class Set(SystemClock):
    """A clock that shows what it is set to."""

    shows_ms = 0

    def now_ms(self) -> int:
        return self.shows_ms


@given(TIMES_MS, TOOK_MS, TOOK_MS)
def test_equal_clocks_are_not_told_apart_however_long_an_answer_takes(
    sent_ms: int, until_taken_ms: int, until_heard_ms: int
) -> None:
    taken_ms = sent_ms + until_taken_ms

    assert not Skew.of(sent_ms, taken_ms, taken_ms + until_heard_ms).is_worth_a_word


@given(TIMES_MS, TOOK_MS, TOOK_MS, some.integers(1, 10**12), some.booleans())
def test_clocks_that_differ_by_more_than_an_answer_takes_are_told_apart(
    sent_ms: int, until_taken_ms: int, until_heard_ms: int, more_ms: int, is_ahead: bool
) -> None:
    ours_ms = SKEW_MS + until_taken_ms + until_heard_ms + more_ms
    kafka_ms = sent_ms + until_taken_ms + (-ours_ms if is_ahead else ours_ms)

    skew = Skew.of(sent_ms, kafka_ms, sent_ms + until_taken_ms + until_heard_ms)

    assert skew.is_worth_a_word
    assert ("ahead of" if is_ahead else "behind") in str(skew)


def test_a_difference_is_told_once_until_it_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    clock = Set()
    kafkas = KafkasClock(clock)
    with caplog.at_level(logging.WARNING):
        for shows_ms in (0, 3_780_000, 3_780_000, 500, 3_780_000):
            clock.shows_ms = shows_ms
            kafkas.heard(shows_ms, 0)
            kafkas.heard(shows_ms, None)

    assert [
        "this machine's clock is 1 h 3 min ahead of Kafka's (asking took 0 ms): emitted_at_ms and latencies "
        "are wrong by that much, counts are not. Set it (NTP)"
    ] * 2 == caplog.messages
