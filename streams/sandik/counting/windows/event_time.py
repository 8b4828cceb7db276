"""Event time: windows `[start, end)` in integer ms UTC, the watermark, and what is late."""

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
        """Return how far a partition whose newest event time is `clock_ms` is taken to be complete."""
        return clock_ms - self.max_disorder_ms

    def clock_ms(self, watermark_ms: int) -> int:
        """Return the newest event time at which a partition is taken to be complete up to `watermark_ms`."""
        return watermark_ms + min(self.max_disorder_ms, FOR_EVER_MS)

    def is_final(self, window_start_ms: int, watermark_ms: int) -> bool:
        """Say whether the watermark has reached the window's end."""
        return window_start_ms + self.window_size_ms <= watermark_ms

    def is_settled(self, window_start_ms: int, watermark_ms: int) -> bool:
        """Say whether the window is past its allowed lateness: posts for it are no longer counted."""
        return window_start_ms + self.window_size_ms + self.allowed_lateness_ms <= watermark_ms

    def newest_settled_ms(self, clock_ms: TimeT) -> TimeT:
        """Return the start of the newest window that is settled when the newest event time is `clock_ms`."""
        behind_ms = self.max_disorder_ms + self.window_size_ms + self.allowed_lateness_ms
        return self.window_start_ms(clock_ms - min(behind_ms, FOR_EVER_MS))
