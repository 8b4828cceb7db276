"""Writes for the agents: owns the producer, from the start of the worker to its end."""

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from mode import Service


class Writer(Service):
    """A producer of aiokafka that starts and stops with the worker."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.options = dict(options)
        self._kafka: AIOKafkaProducer | None = None

    @property
    def kafka(self) -> AIOKafkaProducer:
        """The producer; there is none before the start."""
        if self._kafka is None:
            raise RuntimeError("the writer has not started")
        return self._kafka

    async def on_start(self) -> None:
        """Connect."""
        self._kafka = AIOKafkaProducer(**self.options)
        await self._kafka.start()

    async def on_stop(self) -> None:
        """Send what is on its way, and close the connections."""
        if self._kafka is not None:
            await self._kafka.stop()
