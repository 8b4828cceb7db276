"""`python -m tests.ops.odd_worker ODDITY`: a worker that shows, for long enough to be seen, one state."""

import asyncio
import logging
import sys
import time
from collections.abc import Iterable
from typing import Any

import sandik.telemetry.health
import sandik.worker.app
from sandik.__main__ import main
from sandik.worker.agents.count import CountAgent
from sandik.worker.app import App
from sandik.worker.engine.reader import Reader
from sandik.worker.engine.state import State

LONG_S = 600.0


def recovers_slowly() -> None:
    """Take a while to read the changelog."""
    recover = State.recover

    async def slowly(self: State, partitions: Iterable[int]) -> None:
        await asyncio.sleep(4)
        await recover(self, partitions)

    State.recover = slowly  # type: ignore[method-assign]


def never_commits() -> None:
    """Count, and commit nothing."""

    async def refuse(*_: Any) -> bool:
        return False

    Reader.send_commit = refuse  # type: ignore[method-assign, assignment]


def crashes() -> None:
    """Run into what nobody foresaw, and take long to end."""

    async def linger(_: App) -> None:
        await asyncio.sleep(LONG_S)

    CountAgent.process = _fail  # type: ignore[method-assign, assignment]
    sandik.worker.app.CRASH_GRACE_S = LONG_S
    App.on_stop = linger  # type: ignore[method-assign, assignment]


async def _fail(*_: Any) -> None:
    raise RuntimeError("out of cheese")


def stops() -> None:
    """Run into what nobody foresaw, and end."""
    CountAgent.process = _fail  # type: ignore[method-assign, assignment]


def stops_noisily() -> None:
    """Run into what nobody foresaw, and not come to an end for all that Kafka's client has to say."""

    async def linger(_: App) -> None:
        while True:
            logging.getLogger("aiokafka").error("Unable connect to node")
            logging.getLogger("asyncio").error("Task was destroyed but it is pending!")
            await asyncio.sleep(0.01)

    CountAgent.process = _fail  # type: ignore[method-assign, assignment]
    App.on_stop = linger  # type: ignore[method-assign, assignment]


def blocks() -> None:
    """Keep the event loop from moving."""

    async def block(*_: Any) -> None:
        time.sleep(LONG_S)  # noqa: ASYNC251  # that is the oddity

    CountAgent.process = block  # type: ignore[method-assign, assignment]
    sandik.telemetry.health.LOOP_SILENT_S = 1.5


def chokes() -> None:
    """Fail to encode a text, with an error that holds all of it; Python's own messages quote it."""

    async def fail(_: CountAgent, __: int, records: Any) -> None:
        text = records[0].value.decode() + "\ud83d"
        text.encode()

    CountAgent.process = fail  # type: ignore[method-assign, assignment]


ODDITIES = {
    one.__name__: one
    for one in (recovers_slowly, never_commits, crashes, stops, stops_noisily, blocks, chokes)
}

if __name__ == "__main__":
    ODDITIES[sys.argv[1]]()
    sys.argv[1:] = ["worker"]
    main()
