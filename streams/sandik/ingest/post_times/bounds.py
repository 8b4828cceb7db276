"""Rejects posts from before 2000 and from the future, while their source is still known.

Workers check the event times of all producers too (`counting/decode.py`). But they write a dead letter per
record, and a table with misread times is one mistake, not one per row.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sandik.ingest.items import Item, Rejected, RejectReason
from sandik_schemas.post import MAX_CREATED_AT_MS, MIN_CREATED_AT_MS, Post


def bounded(max_ahead_ms: int, now_ms: Callable[[], int]) -> Callable[[Item], Item]:
    """Return the function that rejects posts from before 2000 or more than `max_ahead_ms` ahead."""

    def check(item: Item) -> Item:
        if not isinstance(item, Post):
            return item
        at_ms = item.created_at_ms
        if at_ms < MIN_CREATED_AT_MS:
            detail = f"{_shown(at_ms)}, before 2000-01-01: a wrong unit, or no time"
        elif at_ms > (latest_ms := min(now_ms() + max_ahead_ms, MAX_CREATED_AT_MS)):
            detail = f"{_shown(at_ms)}, after {_shown(latest_ms)}: a wrong unit, or a wrong clock"
        else:
            return item
        return Rejected(RejectReason.BAD_TIME, detail, f"post {item.id}")

    return check


def _shown(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
