"""When a window is final, and which posts are too late for it: the rules of event time, in integer ms UTC.

A window `[start, end)` is `final` when the watermark of the run has reached its end. A post is too late when
its window is `settled`: the allowed lateness is over as well, by the clock of the post's own partition.
"""

from collections.abc import Collection
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sandik_schemas.partial import PartitionClock

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

    def run_watermark_ms(self, clocks: Collection[PartitionClock], partitions: int) -> int | None:
        """Return the watermark of a run: the minimum of the clocks of all partitions that are not idle.

        If all are idle it is the maximum, because nothing is left to read.
        """
        if len(clocks) < partitions:
            return None
        holding = [clock.clock_ms for clock in clocks if not clock.idle]
        known = [clock.clock_ms for clock in clocks if clock.clock_ms is not None]
        if holding:
            # A partition that was never read may hold anything: it holds the watermark until it is idle.
            reached = [clock_ms for clock_ms in holding if clock_ms is not None]
            return self.watermark_ms(min(reached)) if len(reached) == len(holding) else None
        return self.watermark_ms(max(known)) if known else None

    def run_settled_ms(self, clocks: Collection[PartitionClock], partitions: int) -> int | None:
        """Return up to which time no partition, idle or not, can change a window."""
        known = [clock.clock_ms for clock in clocks if clock.clock_ms is not None]
        return None if len(known) < partitions else self.watermark_ms(min(known)) - self.allowed_lateness_ms

    def newest_ended_ms(self, time_ms: int) -> int:
        """Return the start of the newest window that has ended at a time, such as the watermark."""
        return time_ms - self.window_size_ms

    def newest_settled_ms(self, clock_ms: TimeT) -> TimeT:
        """Return the start of the newest window that is settled when the newest event time is `clock_ms`.

        Its allowed lateness is over: posts for it are no longer counted.
        """
        behind_ms = self.max_disorder_ms + self.window_size_ms + self.allowed_lateness_ms
        return self.window_start_ms(clock_ms - min(behind_ms, FOR_EVER_MS))
