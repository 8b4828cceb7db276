"""The only place that reads a clock. Steps get the time as an argument, so a replay can repeat it."""

import time
from logging import getLogger
from typing import NamedTuple, Protocol

#: Clocks may differ by this much, plus half the round trip, before it is reported.
SKEW_MS = 1_000

log = getLogger(__name__)


class Clock(Protocol):
    """Where the agents get the time from."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01T00:00:00Z."""
        ...

    def monotonic_ms(self) -> float:
        """Return milliseconds from an arbitrary start; never goes backwards."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Return the wall-clock time in milliseconds UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        """Return the monotonic clock in milliseconds."""
        return time.monotonic() * 1000


class Skew(NamedTuple):
    """Kafka's clock minus this machine's, in ms, and how long it took to ask, which is how sure that is."""

    kafka_ahead_ms: int
    took_ms: int

    @classmethod
    def of(cls, before_ms: int, kafka_ms: int, after_ms: int) -> "Skew":
        """Compare with a time that Kafka told between two times of this machine."""
        return cls(kafka_ms - (before_ms + after_ms) // 2, after_ms - before_ms)

    @property
    def is_worth_a_word(self) -> bool:
        """Return whether the clocks differ by more than asking can explain."""
        return abs(self.kafka_ahead_ms) > SKEW_MS + self.took_ms / 2

    def __str__(self) -> str:
        """Say which clock is ahead of which, and how far."""
        side = "behind" if self.kafka_ahead_ms > 0 else "ahead of"
        skew = _length(abs(self.kafka_ahead_ms))
        return f"this machine's clock is {skew} {side} Kafka's (asking took {self.took_ms} ms)"


class KafkasClock:
    """Compares this machine's clock with Kafka's timestamps of our records, and logs differences."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._is_told = False

    def heard(self, before_ms: int, kafka_ms: int | None) -> None:
        """Take in Kafka's time, of a record that was sent at `before_ms`. None: Kafka did not say."""
        if kafka_ms is None:
            return
        skew = Skew.of(before_ms, kafka_ms, self._clock.now_ms())
        if skew.is_worth_a_word and not self._is_told:
            log.warning(
                "%s: emitted_at_ms and latencies are wrong by that much, counts are not. Set it (NTP)", skew
            )
        self._is_told = skew.is_worth_a_word


def _length(length_ms: int) -> str:
    """Return `1 h 3 min`, `3 min` or `1.5 s`."""
    if length_ms < 60_000:
        return f"{length_ms / 1_000:.1f} s"
    hours, minutes = divmod(round(length_ms / 60_000), 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"
