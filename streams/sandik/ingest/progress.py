"""The progress bar of `sandik ingest`, on a terminal only."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from sandik.ingest.inputs import Source
from sandik.ingest.post_times.sorting import Sorting
from sandik.ingest.produce import Summary
from sandik.progress import bars

REFRESH_S = 0.2


class Step(NamedTuple):
    """The progress of the command: a text, and how much is done. `total` is None for a pipe."""

    told: str
    done: int
    total: int | None


@asynccontextmanager
async def progress_bar(
    console: Console, sources: Sequence[Source], summary: Summary, sorting: Sorting | None = None
) -> AsyncIterator[None]:
    """Show the progress of all sources, the rate, other items and the time left. Only at a terminal.

    Sorted posts are first read, then sent: the bar runs twice.
    """
    if not sys.stderr.isatty():
        yield
        return
    bar = bars(BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn(), console=console)
    task = bar.add_task("", total=None)

    async def refresh() -> None:
        total: int | None = -1
        began_s = time.monotonic()
        while True:
            step = step_of(sources, summary, sorting, time.monotonic() - began_s)
            if step.total != total:  # another step: the old rate does not apply
                total, began_s = step.total, time.monotonic()
                bar.reset(task, total=total)
            bar.update(task, completed=step.done, description=step.told)
            await asyncio.sleep(REFRESH_S)

    with bar:
        refreshing = asyncio.create_task(refresh())
        try:
            yield
        finally:
            refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await refreshing


def step_of(sources: Sequence[Source], summary: Summary, sorting: Sorting | None, seconds: float) -> Step:
    """Return the progress. `seconds`: since the step began."""
    left_out = "".join(
        f"; {what}: {by_reason(counts)}"
        for what, counts in (("rejected", summary.rejected), ("skipped", summary.skipped))
        if counts
    )
    pipes = any(source.size_bytes is None for source in sources)
    if sorting is not None and sorting.is_read and not pipes:
        posts = max(summary.produced, 0)
        told = f"sent {posts:,} of {sorting.read:,} posts, {_rate(posts, seconds)}{left_out}"
        return Step(told, posts, sorting.read)
    size_bytes = None if pipes or not sources else sum(source.size_bytes or 0 for source in sources)
    read_bytes = sum(source.read_bytes() for source in sources)
    is_sorting = sorting is not None and sorting.read > 0 and not sorting.is_read
    posts = sorting.read if is_sorting and sorting is not None else summary.produced
    of_bytes = f"{_mb(read_bytes)} of {_mb(size_bytes)} MB, " if size_bytes is not None else ""
    verb = "read " if is_sorting else ""
    return Step(f"{verb}{of_bytes}{posts:,} posts, {_rate(posts, seconds)}{left_out}", read_bytes, size_bytes)


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f}"


def _rate(posts: int, seconds: float) -> str:
    return f"{posts / max(seconds, 0.001):,.0f}/s"


def by_reason(counts: Counter[str]) -> str:
    """Return `reason count, reason count`, sorted by reason."""
    return ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
