"""Read on from the state's own offset instead of the committed one.

See docs/decisions/002-state-that-knows-its-offset.md.
"""

from collections.abc import Callable, Mapping
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

#: Where to read on, for the partitions that have an opinion of their own.
Positions = Callable[[], Mapping[TP, int]]


class _Unremembered(dict[TP, int | None]):
    """Stands for what Faust remembers to have read, to drop what it thinks it has read before.

    Its memory is set a moment after a batch is delivered, so a seek back in between was overruled: what was
    read again was dropped. The state knows better what it has seen.
    """

    def __getitem__(self, tp: TP) -> None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None: ...


class PositionedConsumer(driver.Consumer):
    """Faust's consumer, except that it reads on from `positions()`, and drops nothing."""

    positions: Positions | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_offset = _Unremembered()

    def _new_offset(self, tp: TP) -> int | None:
        # A partition's batches are acknowledged in their order, so the newest one stands for all before.
        # Faust would look for holes between the offsets, of which batches have nothing but.
        acked = self._acked[tp]
        if not acked:
            return None
        newest = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return newest + 1

    async def perform_seek(self) -> None:
        """Seek to our own offsets; Faust would seek to the committed ones first, and read there meanwhile."""
        if self.positions is None:
            return
        assignment = self.assignment()
        for tp, offset in self.positions().items():
            if tp in assignment:
                await self.seek(tp, offset)
                # Faust takes no acknowledgement, and commits nothing, below what it holds for committed.
                self._committed_offset[tp] = offset


class PositionedTransport(driver.Transport):
    """Faust's aiokafka transport with that consumer."""

    Consumer = PositionedConsumer

    def create_consumer(self, *args: Any, **kwargs: Any) -> PositionedConsumer:
        """Return the consumer."""
        consumer: PositionedConsumer = super().create_consumer(*args, **kwargs)  # type: ignore[assignment]
        return consumer
