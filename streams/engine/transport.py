"""Read on from the state's own offset instead of the committed one.

See docs/decisions/002-state-that-knows-its-offset.md.
"""

from collections.abc import Callable, Mapping
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

#: Where to read on, for the partitions that have an opinion of their own.
Positions = Callable[[], Mapping[TP, int]]


class PositionedConsumer(driver.Consumer):
    """Faust's consumer, except that after each rebalance it seeks to `positions()`."""

    positions: Positions | None = None

    async def perform_seek(self) -> None:
        """Seek to our own offsets; Faust would seek to the committed ones first, and read there meanwhile."""
        if self.positions is None:
            return
        assignment = self.assignment()
        for tp, offset in self.positions().items():
            if tp in assignment:
                await self.seek(tp, offset)
                # Faust commits only what follows the committed offset without a gap.
                self._committed_offset[tp] = offset


class PositionedTransport(driver.Transport):
    """Faust's aiokafka transport with that consumer."""

    Consumer = PositionedConsumer

    def create_consumer(self, *args: Any, **kwargs: Any) -> PositionedConsumer:
        """Return the consumer."""
        consumer: PositionedConsumer = super().create_consumer(*args, **kwargs)  # type: ignore[assignment]
        return consumer
