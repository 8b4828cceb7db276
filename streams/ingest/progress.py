"""The progress bar of `sandik ingest`, on a terminal only."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from streams.progress import bars

from .produce import Summary
from .sources import Source

REFRESH_S = 0.2


@asynccontextmanager
async def progress_bar(console: Console, sources: Sequence[Source], summary: Summary) -> AsyncIterator[None]:
    """Show bytes, posts, their rate, what is left out and the time left. Nothing off a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    sizes_bytes = [source.size_bytes for source in sources]
    total_bytes = None if None in sizes_bytes else sum(size for size in sizes_bytes if size is not None)
    bar = bars(
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
        console=console,
    )
    task = bar.add_task("", total=total_bytes)
    began_s = time.monotonic()

    async def refresh() -> None:
        while True:
            bar.update(
                task,
                completed=sum(source.read_bytes() for source in sources),
                description=_describe(summary, time.monotonic() - began_s),
            )
            await asyncio.sleep(REFRESH_S)

    with bar:
        refreshing = asyncio.create_task(refresh())
        try:
            yield
        finally:
            refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await refreshing


def _describe(summary: Summary, seconds: float) -> str:
    parts = [f"{summary.produced:,} posts, {summary.produced / max(seconds, 0.001):,.0f}/s"]
    for what, counts in (("rejected", summary.rejected), ("skipped", summary.skipped)):
        if counts:
            parts.append(f"{what}: {by_reason(counts)}")
    return "; ".join(parts)


def by_reason(counts: Counter[str]) -> str:
    """Return `reason count, reason count`, sorted by reason."""
    return ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
