"""Reads a live source as ingest does, and reaches every mark at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from sandik.ingest.items import Item
from sandik.ingest.live import LiveOptions, follow
from sandik.ingest.live.follow import LiveSource
from sandik.ingest.produce import Mark
from sandik_schemas.post import Post

DEADLINE_S = 60


class Follower:
    """What has come so far. `told` is what people would have read."""

    def __init__(
        self,
        source: LiveSource,
        told: list[str],
        cursor: Path | None = None,
        change: Callable[[Item], Item] = lambda item: item,
    ) -> None:
        self.told = told
        self.items: list[Item] = []
        options = LiveOptions(cursor, change, told.append, first_delay_s=0.01)
        self._batches = follow(source, options)

    async def until(self, posts: int) -> list[str]:
        """Read until so many posts have come; return their texts, those that came before included."""
        async with asyncio.timeout(DEADLINE_S):
            async for batch in self._batches:
                for item in batch:
                    if isinstance(item, Mark):
                        item.reached()
                    else:
                        self.items.append(item)
                if not batch and len(self.texts) >= posts:
                    break
        return self.texts

    @property
    def texts(self) -> list[str]:
        return [item.text for item in self.items if isinstance(item, Post)]

    async def stop(self) -> None:
        await self._batches.aclose()  # type: ignore[attr-defined]


async def followed(
    source: LiveSource,
    told: list[str],
    posts: int,
    cursor: Path | None = None,
    change: Callable[[Item], Item] = lambda item: item,
) -> Follower:
    """Read until so many posts have come, and disconnect."""
    follower = Follower(source, told, cursor, change)
    try:
        await follower.until(posts)
    finally:
        await follower.stop()
    return follower
