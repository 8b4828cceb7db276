"""`--dry-run`: the first posts as they would be produced; `--check`: counts of all items. Without Kafka."""

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Sequence

import msgspec

from sandik.ingest.items import Item, Rejected, Skipped
from sandik.ingest.produce import Mark, Summary
from sandik_schemas.post import Post

PREVIEW_POSTS = 10

_encode = msgspec.json.Encoder().encode


async def preview(
    batches: AsyncIterable[Sequence[Item | Mark]],
    write: Callable[[bytes], object],
    report: Callable[[Rejected | Skipped], None],
    summary: Summary,
) -> int:
    """Write the first posts, one JSON line each; return how many. Other items are reported.

    Nothing is produced, so `summary.produced` stays 0 and no cursor moves.
    """
    shown = 0
    async for batch in batches:
        for item in batch:
            if isinstance(item, Post):
                write(_encode(item) + b"\n")
                shown += 1
                if shown == PREVIEW_POSTS:
                    return shown
            elif not isinstance(item, Mark):
                _leave_out(item, report, summary)
    return shown


async def check(
    batches: AsyncIterable[Sequence[Item | Mark]],
    report: Callable[[Rejected | Skipped], None],
    summary: Summary,
) -> int:
    """Read everything without producing; return the number of posts. Ctrl-C ends it early."""
    posts, began_s = 0, time.monotonic()
    try:
        async for batch in batches:
            for item in batch:
                if isinstance(item, Post):
                    posts += 1
                elif not isinstance(item, Mark):
                    _leave_out(item, report, summary)
    except asyncio.CancelledError:
        summary.interrupted = True
    finally:
        summary.seconds = time.monotonic() - began_s
    return posts


def _leave_out(
    item: Rejected | Skipped, report: Callable[[Rejected | Skipped], None], summary: Summary
) -> None:
    (summary.skipped if isinstance(item, Skipped) else summary.rejected)[item.reason] += 1
    report(item)
