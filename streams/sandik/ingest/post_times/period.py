"""`--from` and `--to`: only posts of a period."""

from collections.abc import Callable

from sandik.counting.labels import iso
from sandik.ingest.items import Item, Skipped, SkipReason
from sandik.kafka.ranges import is_inside
from sandik_schemas.post import Post


def within(from_ms: int | None, to_ms: int | None) -> Callable[[Item], Item]:
    """Return the function that skips posts outside `[from_ms, to_ms)`.

    Marks of an earlier ingest, in posts exported from Kafka, are skipped, so that they do not close windows
    again.
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
