"""The only place that reads a clock. Steps get the time as an argument, so a replay can repeat it."""

import time
from typing import Protocol


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
