"""Count one partition of `posts`, batch by batch: the one loop of workers, replays, reports and the bench."""

from collections.abc import Sequence

from sandik.counting.job import Counted, Job, Lap, SourceRecord, no_lap
from sandik.counting.state import PartitionState, Settled, Stored


class PartitionCounter:
    """The state of a partition, and the job that it is counted by.

    Count a batch; take what it changes; when that is written, settle.
    """

    def __init__(self, job: Job, state: PartitionState) -> None:
        self.job = job
        self.state = state

    @classmethod
    def begin(cls, job: Job, partition: int) -> "PartitionCounter":
        """Return the counter before the first post."""
        return cls(job, PartitionState.empty(job.run_id, partition))

    def count(self, records: Sequence[SourceRecord], lap: Lap = no_lap) -> Counted:
        """Count consecutive records; some may have been counted before. Does not change the state."""
        return self.job.count(self.state, records, lap)

    def take(self, counted: Counted) -> list[Stored]:
        """Apply what was counted to the state. Returns the entries to store, in the order to store them."""
        return self.state.take(counted.changes.entries)

    def settle(self, just_counted: Counted | None = None) -> list[Settled]:
        """Forget the windows that can no longer change, oldest first, and return them.

        Windows with posts of `just_counted` stay: their last partials are not written yet.
        """
        changed = just_counted.changes.windows if just_counted else ()
        return self.state.settle(self.job.timing, {window.window_start_ms for window in changed})
