"""`python -m tests.ops.odd_worker ODDITY`: a worker that shows, for long enough to be seen, one state."""

import asyncio
import sys
import time
from typing import Any

from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer

import streams.app
import streams.ops.health
from streams.agents.count import CountAgent
from streams.app import App
from streams.settings import Settings
from streams.worker import run_worker

LONG_S = 600.0


def recovers_slowly() -> None:
    """Take a while to read the changelog."""
    build_highwaters = Recovery._build_highwaters

    async def slowly(self: Any, *args: Any) -> None:
        await asyncio.sleep(4)
        await build_highwaters(self, *args)

    Recovery._build_highwaters = slowly  # type: ignore[method-assign, assignment]


def never_commits() -> None:
    """Count, and commit nothing."""

    async def refuse(*_: Any) -> bool:
        return False

    Consumer._commit_offsets = refuse  # type: ignore[method-assign, assignment]


def crashes() -> None:
    """Run into what nobody foresaw, and take long to end."""

    async def fail(*_: Any) -> None:
        raise RuntimeError("out of cheese")

    async def linger(_: App) -> None:
        await asyncio.sleep(LONG_S)

    CountAgent.process = fail  # type: ignore[method-assign, assignment]
    streams.app.CRASH_GRACE_S = LONG_S
    App.on_stop = linger  # type: ignore[method-assign, assignment]


def blocks() -> None:
    """Keep the event loop from moving."""

    async def block(*_: Any) -> None:
        time.sleep(LONG_S)  # noqa: ASYNC251  # that is the oddity

    CountAgent.process = block  # type: ignore[method-assign, assignment]
    streams.ops.health.LOOP_SILENT_S = 1.5


ODDITIES = {one.__name__: one for one in (recovers_slowly, never_commits, crashes, blocks)}

if __name__ == "__main__":
    ODDITIES[sys.argv[1]]()
    run_worker(Settings(), "warning")
