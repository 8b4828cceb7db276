"""Event time: windows `[start, end)` in integer ms UTC, the watermark, and what is late."""

from heapq import heappop, heappush
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
#: Longer than any two posts are apart, and short enough for 64 bits.
FOR_EVER_MS = 10**15
#: One time, or many.
TimeT = TypeVar("TimeT", int, Times)


class Timing(NamedTuple):
    """The rules of event time for one run. Everything here is a function of event times alone."""

    window_size_ms: int
    max_disorder_ms: int
    allowed_lateness_ms: int

    def window_start_ms(self, event_time_ms: TimeT) -> TimeT:
        """Return the start of the window that holds `event_time_ms`."""
        return event_time_ms - event_time_ms % self.window_size_ms

    def watermark_ms(self, clock_ms: int) -> int:
        """Return up to which time a partition counts as complete when its newest event time is `clock_ms`."""
        return clock_ms - self.max_disorder_ms

    def clock_ms(self, watermark_ms: int) -> int:
        """Return the newest event time at which a partition counts as complete up to `watermark_ms`."""
        return watermark_ms + min(self.max_disorder_ms, FOR_EVER_MS)

    def is_final(self, window_start_ms: int, watermark_ms: int) -> bool:
        """Return whether the watermark has reached the window's end."""
        return window_start_ms <= self.newest_ended_ms(watermark_ms)

    def newest_ended_ms(self, time_ms: int) -> int:
        """Return which windows end at or before a time: those that start up to this."""
        return time_ms - self.window_size_ms

    def newest_settled_ms(self, clock_ms: TimeT) -> TimeT:
        """Return the start of the newest window that is settled when the newest event time is `clock_ms`.

        Its allowed lateness is over: posts for it are no longer counted.
        """
        behind_ms = self.max_disorder_ms + self.window_size_ms + self.allowed_lateness_ms
        return self.window_start_ms(clock_ms - min(behind_ms, FOR_EVER_MS))


class WindowStarts:
    """Starts of windows of one size. Removes those up to a time without scanning the others."""

    def __init__(self) -> None:
        self._starts: set[int] = set()
        #: All of `_starts`, and perhaps some that were discarded.
        self._heap: list[int] = []

    def __contains__(self, start_ms: int) -> bool:
        return start_ms in self._starts

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, start_ms: int) -> None:
        """Add a start, if it is not there."""
        if start_ms not in self._starts:
            self._starts.add(start_ms)
            heappush(self._heap, start_ms)

    def discard(self, start_ms: int) -> None:
        """Take a start out, if it is there."""
        self._starts.discard(start_ms)

    @property
    def oldest_ms(self) -> int | None:
        """The lowest start; None when there is none."""
        while self._heap and self._heap[0] not in self._starts:
            heappop(self._heap)
        return self._heap[0] if self._heap else None

    def pop_until(self, newest_ms: int) -> list[int]:
        """Take out the starts up to and with `newest_ms`; return them, the oldest first."""
        found = []
        while (oldest_ms := self.oldest_ms) is not None and oldest_ms <= newest_ms:
            heappop(self._heap)
            self._starts.remove(oldest_ms)
            found.append(oldest_ms)
        return found
