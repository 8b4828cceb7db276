"""`python -m tests.faults.dying_worker POINT NTH [error]`: a worker that dies at the nth pass of a point.

It kills itself or, with `error`, runs into an exception that nobody foresaw.
"""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from sandik.settings import Settings
from sandik.worker.agents.count import CountAgent
from sandik.worker.agents.merge import MergeAgent
from sandik.worker.engine.state import State
from sandik.worker.start import run_worker

Method = Callable[..., Coroutine[Any, Any, None]]

#: Name of the point -> (class, coroutine method, whether to die before or after it).
POINTS: dict[str, tuple[type, str, str]] = {
    "before-side-topics": (CountAgent, "process", "before"),
    "before-state": (State, "write", "before"),
    "between-state-and-partials": (State, "write", "after"),
    "between-partials-and-state": (CountAgent, "_send", "after"),
    "between-partials-and-acknowledgement": (CountAgent, "process", "after"),
    "before-counts": (MergeAgent, "_write", "before"),
    "after-counts": (MergeAgent, "_write", "after"),
}
#: Both are written at the same time, so at these points the other one never is. The pass is that of a batch.
NEVER: dict[str, tuple[type, str]] = {
    "between-state-and-partials": (CountAgent, "_send"),
    "between-partials-and-state": (State, "write"),
}


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise RuntimeError("out of cheese")


def arm(point: str, nth: int, die: Callable[[], None]) -> None:
    """Make the nth pass of the point the last thing that this process does."""
    owner, name, when = POINTS[point]
    method: Method = getattr(owner, name)
    passes = itertools.count(1)
    batches = hold_back(*NEVER[point], nth) if point in NEVER else None

    async def dying(self: object, *args: Any) -> None:
        is_last = next(passes) == nth if batches is None else batches[-1] == nth
        if is_last and when == "before":
            die()
        await method(self, *args)
        if is_last and when == "after":
            die()

    setattr(owner, name, dying)


def hold_back(owner: type, name: str, nth: int) -> list[int]:
    """Have the method wait for ever from the nth batch on; return a list that ends with its number."""
    method: Method = getattr(owner, name)
    count: Method = CountAgent._count
    batches = [0]

    async def numbered(self: CountAgent, *args: Any) -> None:
        batches.append(batches[-1] + 1)
        await count(self, *args)

    async def held_back(self: object, *args: Any) -> None:
        if batches[-1] >= nth:
            await asyncio.Event().wait()
        await method(self, *args)

    setattr(CountAgent, count.__name__, numbered)
    setattr(owner, name, held_back)
    return batches


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]), fail if "error" in sys.argv else kill)
    run_worker(Settings(), "warning")
