"""`sandik sources`: counts by source, from posts."""

import sys
from pathlib import Path
from typing import NamedTuple

from sandik.comparison.by_source import BySource, rows
from sandik.files.atomic import check_free
from sandik.ingest.escaped import printable
from sandik.kafka.ranges import bounds_ms
from sandik.progress import tell
from sandik.replay.counted_posts import each_counted, plan_of
from sandik.replay.plan import Plan
from sandik.settings import Settings
from sandik.tables.writers import check_writable, write_table

_COLUMNS = {
    "window_start": "time",
    "window_end": "time",
    "window_start_ms": "int",
    "source": "text",
    "language": "text",
    "tag": "text",
    "count": "int",
    "total": "int",
    "share": "float",
}


class SourcesOrder(NamedTuple):
    """The options. `most`: how many sources, or channels, are listed by name."""

    posts: tuple[str, ...]
    out: Path
    most: int = 20
    from_: str | None = None
    to: str | None = None
    force: bool = False
    in_detail: bool = False


def run_sources(order: SourcesOrder, settings: Settings) -> int:
    """Write the table; print the sources.

    Raises:
        UsageError: the table cannot be written.
        SandikError: Kafka or the topic is unavailable, or a file has changed.
    """
    check_writable(order.out)
    check_free([order.out], replaces=order.force)
    plan = plan_of(order.posts, *bounds_ms(order.from_, order.to), settings)
    found = count_sources(plan, settings, in_detail=order.in_detail)
    counts = found.counts(order.most)
    write_table(order.out, _COLUMNS, rows(counts), replaces=order.force)
    for source, posts in found.sources()[: order.most]:
        tell(f"{posts:>12,}  {printable(source)}")
    others = found.sources()[order.most :]
    if others:
        tell(f"{sum(posts for _, posts in others):>12,}  {len(others):,} others, as `other`")
    sys.stdout.write(f"{order.out}\n")
    return 0


def count_sources(plan: Plan, settings: Settings, *, in_detail: bool) -> BySource:
    """Count the posts of a plan by source, or by channel."""
    found = BySource(plan.rules.window_size_ms, in_detail=in_detail)
    each_counted(plan, settings, plan.rules.job(settings), found.add)
    return found
