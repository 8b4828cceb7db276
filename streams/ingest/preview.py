"""`--dry-run`: the first posts as they would be produced, without Kafka."""

from collections.abc import AsyncIterable, Callable, Sequence

import msgspec

from schemas.post import Post

from .items import Item, Rejected, Skipped
from .produce import Mark, Summary

PREVIEW_POSTS = 10

_encode = msgspec.json.Encoder().encode


async def preview(
    batches: AsyncIterable[Sequence[Item | Mark]],
    write: Callable[[bytes], object],
    report: Callable[[Rejected | Skipped], None],
    summary: Summary,
) -> int:
    """Write the first posts, one JSON line each; return how many. What comes between them is accounted for.

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
                (summary.skipped if isinstance(item, Skipped) else summary.rejected)[item.reason] += 1
                report(item)
    return shown
