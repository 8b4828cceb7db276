"""`--from` and `--to`: only posts of that time."""

from collections.abc import Callable

from sandik.counting.labels import iso
from sandik.ingest.items import Item, Skipped, SkipReason
from sandik.kafka.ranges import is_inside
from sandik_schemas.post import Post


def within(from_ms: int | None, to_ms: int | None) -> Callable[[Item], Item]:
    """Return what turns posts before `from_ms`, and at `to_ms` or after it, into Skipped.

    The marks of an earlier ingest, in posts that were taken from Kafka, are skipped: they close no windows
    twice. Whether there can be such a time at all, `bounds` has said before.
    """

    def choose(item: Item) -> Item:
        if not isinstance(item, Post):
            return item
        where = f"post {item.id}"
        if item.op == "close":
            return Skipped(SkipReason.NOTICE, "a mark that closes windows", where)
        if not is_inside(item.created_at_ms, item.created_at_ms + 1, from_ms, to_ms):
            return Skipped(SkipReason.OUTSIDE_PERIOD, iso(item.created_at_ms), where)
        return item

    return choose
