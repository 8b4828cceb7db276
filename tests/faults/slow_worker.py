"""`python -m tests.faults.slow_worker`: a worker whose Kafka is slow to say what the state is."""

import asyncio
from collections.abc import Iterable

from sandik.settings import Settings
from sandik.worker.engine.state import State
from sandik.worker.start import run_worker

DELAY_S = 4.0


def slow_down() -> None:
    """Delay the state: nothing may be read and counted before it is known."""
    recover = State.recover

    async def slowly(self: State, partitions: Iterable[int]) -> None:
        await asyncio.sleep(DELAY_S)
        await recover(self, partitions)

    State.recover = slowly  # type: ignore[method-assign]


if __name__ == "__main__":
    slow_down()
    run_worker(Settings(), "warning")
