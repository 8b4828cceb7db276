"""`python -m tests.faults.dying_worker POINT NTH [error]`: a worker that dies at the nth pass of a point.

It kills itself or, with `error`, runs into an exception that nobody foresaw.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from streams.agents.count import CountAgent
from streams.agents.merge import MergeAgent
from streams.engine.state import StateTable
from streams.settings import Settings
from streams.worker import run_worker

Method = Callable[..., Coroutine[Any, Any, None]]

#: Name of the point -> (class, coroutine method, whether to die before or after it).
POINTS: dict[str, tuple[type, str, str]] = {
    "before-side-topics": (CountAgent, "process", "before"),
    "before-state": (StateTable, "write", "before"),
    "between-state-and-partials": (StateTable, "write", "after"),
    "between-partials-and-acknowledgement": (CountAgent, "process", "after"),
    "before-counts": (MergeAgent, "_write", "before"),
    "after-counts": (MergeAgent, "_write", "after"),
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

    async def dying(self: object, *args: Any) -> None:
        is_last = next(passes) == nth
        if is_last and when == "before":
            die()
        await method(self, *args)
        if is_last and when == "after":
            die()

    setattr(owner, name, dying)


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]), fail if "error" in sys.argv else kill)
    run_worker(Settings(), "warning")
