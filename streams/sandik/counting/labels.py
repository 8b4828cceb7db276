"""What every count carries besides its numbers, and how a time is written."""

from datetime import UTC, datetime
from typing import NamedTuple


class Labels(NamedTuple):
    """What every count of a run carries."""

    run_id: str
    lexicon_version: str
    detector_version: str


def iso(time_ms: int) -> str:
    """Return an event time as ISO 8601 in UTC, with milliseconds only where there are some."""
    timespec = "milliseconds" if time_ms % 1000 else "seconds"
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
