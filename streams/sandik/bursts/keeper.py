"""`counts` and `bursts` in, what `bursts` lacks out."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from sandik.clock import Clock
from sandik.errors import SandikError
from sandik.figures.burst_records import BurstLedger
from sandik.kafka.connection import client_options
from sandik.kafka.follow import Follower, readable
from sandik.kafka.topics import BURSTS, COUNTS
from sandik.settings import Settings
from sandik.telemetry.burst_metrics import BurstMetrics
from sandik_schemas.burst import Burst
from sandik_schemas.count import Count

#: A window is judged when its counts have been final for so long: they are written one by one.
TICK_S = 1.0

_decode_count = msgspec.json.Decoder(Count).decode
_decode_burst = msgspec.json.Decoder(Burst).decode


class Keeper:
    """Reads both topics and writes one. `tell` gets a line about each trouble."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        metrics: BurstMetrics,
        *,
        from_ms: int | None,
        tell: Callable[[str], None],
    ) -> None:
        self._settings, self._clock, self._metrics, self._tell = settings, clock, metrics, tell
        self._from_ms = from_ms or 0
        self._ledger = BurstLedger(self._from_ms)
        self._watermark_ms: int | None = None
        #: Set once `bursts` has been right.
        self.is_right = asyncio.Event()
        self._counts = self._follower(COUNTS, from_ms, self._take_counts, self._ledger.model.clear)
        # All of it, whatever the counts begin with: it is small.
        self._bursts = self._follower(BURSTS, None, self._take_bursts, self._ledger.clear_written)

    @property
    def why_not_ready(self) -> str | None:
        """Return what it waits for; None when bursts are written as counts come."""
        for follower in (self._counts, self._bursts):
            if follower.link.state != "live":
                return f"{follower.topic}: {follower.link.state}"
        return None

    async def run(self) -> None:
        """Keep the topic right until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._counts.run())
            group.create_task(self._bursts.run())
            group.create_task(self._write_what_is_due())

    async def _write_what_is_due(self) -> None:
        while True:
            try:
                await self._write()
            except (KafkaError, SandikError, OSError) as error:
                self._tell(f"{self._bursts.topic}: not written, trying again: {error}")
                await asyncio.sleep(TICK_S)

    async def _write(self) -> None:
        producer = AIOKafkaProducer(**client_options(self._settings), enable_idempotence=True, acks="all")
        try:
            await producer.start()
            while True:
                await asyncio.sleep(TICK_S)
                to_ms, self._watermark_ms = self._watermark_ms, self._ledger.model.cells.watermark_ms
                if self.why_not_ready is None and (to_ms is not None or self._watermark_ms is None):
                    await self._send(producer, to_ms)
        finally:
            await producer.stop()

    async def _send(self, producer: Any, to_ms: int | None) -> None:
        due = self._ledger.due(to_ms)
        sent = [
            await producer.send(
                self._bursts.topic,
                None if burst is None else msgspec.json.encode(burst),
                key,
                0,
                None if burst is None else burst.window_start_ms,
            )
            for key, burst in due.items()
        ]
        for one in sent:
            await one
        for key, burst in due.items():
            if burst is not None and key not in self._ledger.written:
                self._metrics.found(burst)
            self._ledger.take(key, burst)
        self._ledger.judged(to_ms)
        self.is_right.set()

    def _follower(self, topic: str, from_ms: int | None, take: Any, clear: Any) -> Follower:
        name = self._settings.topic(topic)
        return Follower(self._settings, name, from_ms, self._clock, take, clear, self._tell)

    def _take_counts(self, records: list[ConsumerRecord]) -> None:
        model = self._ledger.model
        for record in records:
            if record.value is None:
                model.remove([record.key])
            else:
                some = readable([record], _decode_count, self._tell)
                model.add([one for one in some if one.window_start_ms >= self._from_ms], self._clock.now_ms())

    def _take_bursts(self, records: list[ConsumerRecord]) -> None:
        for record in records:
            if record.value is None:
                self._ledger.take(record.key, None)
            else:
                for burst in readable([record], _decode_burst, self._tell):
                    self._ledger.take(record.key, burst)
