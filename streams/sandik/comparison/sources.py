"""`sandik sources`: the counts of a replay by source, from its posts."""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

from sandik.comparison.by_source import BySource, rows
from sandik.ingest.escaped import printable
from sandik.progress import progress, tell
from sandik.replay.counted_posts import counted_posts, now_period, plan_of
from sandik.replay.plan import Plan
from sandik.settings import Settings
from sandik.tables.atomic_files import check_free
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
    """What the command line asks for. `most`: so many sources, or their channels, by name."""

    posts: tuple[str, ...]
    out: Path
    most: int = 20
    from_: str | None = None
    to: str | None = None
    force: bool = False
    in_detail: bool = False


def run_sources(order: SourcesOrder, settings: Settings) -> int:
    """Write the table; say which sources there are.

    Raises:
        UsageError: it cannot be written so.
        SandikError: Kafka or the topic is away, or a file is another than was counted.
    """
    check_writable(order.out)
    check_free([order.out], replaces=order.force)
    plan = asyncio.run(plan_of(order.posts, *now_period(order.from_, order.to), settings))
    found = asyncio.run(count_sources(plan, settings, in_detail=order.in_detail))
    counts = found.counts(order.most)
    write_table(order.out, _COLUMNS, rows(counts, found.window_size_ms), replaces=order.force)
    for source, posts in found.sources()[: order.most]:
        tell(f"{posts:>12,}  {printable(source)}")
    others = found.sources()[order.most :]
    if others:
        tell(f"{sum(posts for _, posts in others):>12,}  {len(others):,} others, as `other`")
    sys.stdout.write(f"{order.out}\n")
    return 0


async def count_sources(plan: Plan, settings: Settings, *, in_detail: bool = False) -> BySource:
    """Count the posts of a plan by source, or by channel."""
    job = plan.rules.job(settings)
    found = BySource(plan.rules.window_size_ms, in_detail=in_detail)
    with progress("posts") as bar:
        async with aclosing(counted_posts(plan, settings, job, bar.advance)) as batches:
            async for batch in batches:
                found.add(batch)
    return found
