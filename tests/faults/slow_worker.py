"""`python -m tests.faults.slow_worker`: a worker whose Kafka is slow to say what was committed."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer

from sandik.settings import Settings
from sandik.worker.start import run_worker

DELAY_S = 4.0


def slow_down() -> None:
    """Delay the answer for the last partition: by then, the consumer stands at the others' offsets."""
    seek_to_committed = AIOKafkaConsumer.seek_to_committed

    async def slowly(self: Any, *args: Any) -> Any:
        answer = await seek_to_committed(self, *args)
        await asyncio.sleep(DELAY_S)
        return answer

    AIOKafkaConsumer.seek_to_committed = slowly


if __name__ == "__main__":
    slow_down()
    run_worker(Settings(), "warning")
