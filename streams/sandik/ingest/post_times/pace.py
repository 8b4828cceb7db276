"""`--pace`: replay an archive by its own event times."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence

from sandik.errors import UsageError
from sandik.ingest.items import Item
from sandik_schemas.post import Post

#: Posts due within this time of each other are sent together.
RESOLUTION_S = 0.05

_TIMES = re.compile(r"(\d+(?:\.\d+)?)x")


def speed_of(pace: str) -> float:
    """Return how many seconds of event time pass in one second; infinity for `max`.

    Raises:
        UsageError: it is neither `max` nor a positive number and `x`.
    """
    if pace == "max":
        return math.inf
    found = _TIMES.fullmatch(pace)
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"--pace {pace}: write 1x, 60x or max")
    return float(found[1])


async def paced(
    batches: AsyncIterable[Sequence[Item]],
    speed: float,
    now_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncIterator[Sequence[Item]]:
    """Yield the items when they are due: at the distances of their event times, divided by `speed`.

    The first post is due at once, and so is a post older than one before it: archives are nearly sorted, and
    delaying a late post would make it later. Event times are not changed.
    """
    began_s = now_s()
    first_ms: int | None = None
    async for batch in batches:
        due: list[Item] = []
        for item in batch:
            if isinstance(item, Post) and item.op == "create":
                first_ms = item.created_at_ms if first_ms is None else first_ms
                wait_s = began_s + (item.created_at_ms - first_ms) / 1000 / speed - now_s()
                if wait_s > RESOLUTION_S:
                    yield due
                    yield []  # no more items at the moment: sends what was yielded
                    due = []
                    await sleep(wait_s)
            due.append(item)
        yield due
