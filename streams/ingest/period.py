"""`--from` and `--to`: only posts of that time; and no time that no workers would take."""

from collections.abc import Callable

from schemas.post import MAX_CREATED_AT_MS, MIN_CREATED_AT_MS, Post
from streams.steps.labels import iso

from .items import Item, Rejected, RejectReason, Skipped, SkipReason


def within(from_ms: int | None, to_ms: int | None) -> Callable[[Item], Item]:
    """Return what turns posts before `from_ms`, and at `to_ms` or after it, into Skipped.

    Times that workers refuse whatever the clock says are rejected here, and the marks of an earlier ingest,
    in posts that were taken from Kafka, are skipped: they close no windows twice.
    """
    begin_ms = MIN_CREATED_AT_MS if from_ms is None else max(from_ms, MIN_CREATED_AT_MS)
    end_ms = MAX_CREATED_AT_MS + 1 if to_ms is None else min(to_ms, MAX_CREATED_AT_MS + 1)

    def choose(item: Item) -> Item:
        if not isinstance(item, Post) or (begin_ms <= item.created_at_ms < end_ms and item.op != "close"):
            return item
        where = f"post {item.id}"
        if item.op == "close":
            return Skipped(SkipReason.NOTICE, "a mark that closes windows", where)
        if not MIN_CREATED_AT_MS <= item.created_at_ms <= MAX_CREATED_AT_MS:
            detail = f"created_at_ms {item.created_at_ms} is not from 2000 to 3000: is it in milliseconds?"
            return Rejected(RejectReason.BAD_TIME, detail, where)
        return Skipped(SkipReason.OUTSIDE_PERIOD, iso(item.created_at_ms), where)

    return choose
