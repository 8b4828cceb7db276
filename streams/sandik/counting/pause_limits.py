"""When a partition is paused: so many records are rejected that the source must be broken. Pure.

A producer with a new format, or a wrong topic, looks like very many invalid posts. Writing them all to
`posts.dlq` would only hide this, and redriving them would take a day.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

#: The ratio is that of about this many records of a partition, and judged from so many on.
RATIO_OVER_RECORDS = 10_000


class Rejections(NamedTuple):
    """The newest records of a partition: how many in a row, and of how many read, were rejected."""

    in_a_row: int
    rejected: int = 0
    read: int = 0


class Limit(NamedTuple):
    """How many records of a partition may be rejected: in a row, and as a share of the newest ones."""

    max_consecutive: int
    max_ratio: float

    def exceeded(self, found: Rejections) -> str | None:
        """Return which limit is exceeded, in words; None when none is."""
        if found.in_a_row > self.max_consecutive:
            return (
                f"{found.in_a_row} records in a row are rejected, and SANDIK_DLQ_MAX_CONSECUTIVE is "
                f"{self.max_consecutive}"
            )
        if found.read >= RATIO_OVER_RECORDS and found.rejected > self.max_ratio * found.read:
            return (
                f"{found.rejected} of the last {found.read} records are rejected, and SANDIK_DLQ_MAX_RATIO "
                "is "
                f"{self.max_ratio}"
            )
        return None


def first_beyond(rejected: Sequence[int], before: int, max_consecutive: int) -> int | None:
    """Return the index of the first record of a batch that exceeds the limit of rejections in a row, or None.

    `rejected` has the indices of rejected records in the batch, in order. `before`: how many records right
    before the batch were rejected.
    """
    row, follows = before, 0
    for place in rejected:
        row = row + 1 if place == follows else 1
        if row > max_consecutive:
            return place
        follows = place + 1
    return None


@dataclass
class Recent:
    """The newest records of one partition, batch by batch: at least 10,000 once there are so many."""

    rejected: int = 0
    read: int = 0
    _batches: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, read: int, rejected: int) -> None:
        """Add a batch, and drop what is older than the newest 10,000 records."""
        self._batches.append((read, rejected))
        self.read += read
        self.rejected += rejected
        while self.read - self._batches[0][0] >= RATIO_OVER_RECORDS:
            old_read, old_rejected = self._batches.popleft()
            self.read -= old_read
            self.rejected -= old_rejected
