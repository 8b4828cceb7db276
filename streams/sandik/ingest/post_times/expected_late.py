"""How many posts a run will count late: simulates the clocks of its partitions. Pure.

The rule is that of sandik.counting.fold; tests compare the two.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sandik.counting.reposts import Reposts
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.counting.windows.final_and_late import Timing
from sandik.ingest.partitioner import partitions_of
from sandik_schemas.post import MAX_CREATED_AT_MS, MIN_CREATED_AT_MS, Post


class Rules(NamedTuple):
    """The rules of the workers. `partitions` is the number that `posts` has or will have."""

    timing: Timing
    derived_sizes: DerivedSizes
    max_ahead_ms: int
    reposts: Reposts
    partitions: int

    def newest_end_ms(self, event_time_ms: int) -> int:
        """Return the end of the last window, hopping window or session of a post of that time."""
        size_ms = self.timing.window_size_ms
        end_ms = self.timing.window_start_ms(event_time_ms) + size_ms
        sizes = self.derived_sizes
        hop_ms = sizes.hopping_advance_ms
        hopping_ms = event_time_ms - event_time_ms % hop_ms + sizes.hopping_size_ms if hop_ms else 0
        return max(end_ms + sizes.session_gap_ms, hopping_ms)


class Lateness:
    """The clocks of the partitions; tells which posts are too late for them."""

    def __init__(self, rules: Rules, now_ms: int, clocks_ms: Mapping[int, int] | None = None) -> None:
        self.rules = rules
        self.clocks_ms = dict(clocks_ms or {})
        #: The newest clock of the run before, None if unknown.
        self.stood_ms = max(self.clocks_ms.values(), default=None)
        self._now_ms = now_ms
        #: The newest event time of the posts that move a clock.
        self.newest_ms: int | None = None

    def late(self, posts: Sequence[Post]) -> list[int]:
        """Take posts in the order of writing; return the indices of those that will be late."""
        places = [at for at, post in enumerate(posts) if self._is_counted(post)]
        if not places:
            return []
        times_ms = np.array([posts[at].created_at_ms for at in places], np.int64)
        newest_ms = int(times_ms.max())
        self.newest_ms = newest_ms if self.newest_ms is None else max(self.newest_ms, newest_ms)
        keys = [posts[at].id.encode() for at in places]
        partitions = np.array(partitions_of(keys, self.rules.partitions), np.int64)
        timing, found = self.rules.timing, []
        for partition in np.unique(partitions).tolist():
            own = np.flatnonzero(partitions == partition)
            own_ms = times_ms[own]
            known_ms = self.clocks_ms.get(partition, int(own_ms[0]))
            clocks_ms = np.maximum.accumulate(np.append(known_ms, own_ms))
            is_late = timing.window_start_ms(own_ms) <= timing.newest_settled_ms(clocks_ms[:-1])
            found += own[is_late].tolist()
            self.clocks_ms[partition] = int(clocks_ms[-1])
        return [places[at] for at in sorted(found)]

    def _is_counted(self, post: Post) -> bool:
        time_ms = post.created_at_ms
        is_original = post.repost_of is None or self.rules.reposts != "exclude"
        is_time = (
            MIN_CREATED_AT_MS <= time_ms <= min(MAX_CREATED_AT_MS, self._now_ms + self.rules.max_ahead_ms)
        )
        return is_time and is_original and post.op == "create"
