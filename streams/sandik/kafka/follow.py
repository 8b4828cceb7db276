"""Follow a topic endlessly: from a given time, without a group, through broker outages."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from sandik.clock import Clock
from sandik.counting.decode import why_not
from sandik.counting.surrogates import UNDECODABLE
from sandik.errors import SandikError, TopicError
from sandik.kafka.connection import let_go
from sandik.kafka.consumer import new_consumer
from sandik.kafka.topics import check_there, connected, partitions_of
from sandik.settings import Settings

#: Records per turn: decoding shares its thread with the page's answers.
_BATCH = 1_000
#: How long Kafka may take to answer before it counts as unavailable.
_ANSWER_S = 5.0
#: How often Kafka is asked if no record comes.
_IDLE_S = 1.0
_RETRY_S = 1.0

Value = TypeVar("Value")


@dataclass
class Link:
    """State of reading one topic: `loading` until it has read what existed at the start."""

    state: Literal["connecting", "loading", "live", "away", "no_topic"] = "connecting"
    since_ms: int = 0
    #: The share of the records that existed at the start that has been read, 0 to 1.
    progress: float = 0.0


@dataclass
class Follower:
    """Reads `topic`; hands batches to `take`, and calls `start_over` if the topic was recreated or truncated.

    `changed` is called after every change of `link`, with a line that tells it, or what is wrong.
    """

    settings: Settings
    topic: str
    from_ms: int | None
    clock: Clock
    take: Callable[[list[ConsumerRecord]], None]
    start_over: Callable[[], None]
    changed: Callable[[str], None]

    def __post_init__(self) -> None:
        self.link = Link(since_ms=self.clock.now_ms())
        self._positions: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                await self._read()
            except OffsetOutOfRangeError:
                # Recreated or truncated: what was read is no longer in the topic.
                self._positions.clear()
                self.start_over()
            except TopicError as error:
                self._set("no_topic", str(error))
            except (KafkaError, SandikError, TimeoutError, OSError) as error:
                self._set("away", str(error) or "Kafka does not answer")
            await asyncio.sleep(_RETRY_S)

    async def _read(self) -> None:
        # Check first: a consumer that asks for a missing topic may create it, with the broker's defaults.
        async with asyncio.timeout(_ANSWER_S), connected(self.settings) as admin:
            found = await partitions_of(admin, [self.topic])
            await check_there(self.settings, [self.topic], found)
        tps = [TopicPartition(self.topic, partition) for partition in range(found[self.topic])]
        consumer = new_consumer(self.settings)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await consumer.start()
                consumer.assign(tps)
                starts = self._positions or await self._starts(consumer, tps)
                ends = await consumer.end_offsets(tps)
            for tp in tps:
                consumer.seek(tp, starts.get(tp, 0))
            await self._follow(consumer, starts, ends)
        finally:
            await let_go(consumer)

    async def _starts(self, consumer: Any, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        beginnings: dict[TopicPartition, int] = await consumer.beginning_offsets(tps)
        if self.from_ms is None:
            return beginnings
        ends = await consumer.end_offsets(tps)
        found = await consumer.offsets_for_times(dict.fromkeys(tps, self.from_ms))
        return {tp: found[tp].offset if found.get(tp) else ends[tp] for tp in tps}

    async def _follow(
        self, consumer: Any, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> None:
        to_read = sum(ends[tp] - starts.get(tp, 0) for tp in ends)
        is_loaded = False
        while True:
            batches = await consumer.getmany(timeout_ms=int(_IDLE_S * 1000), max_records=_BATCH)
            for records in batches.values():
                self.take(records)
            async with asyncio.timeout(_ANSWER_S):
                if not batches:  # the client would silently wait for a lost broker
                    await consumer.end_offsets(list(ends))
                self._positions = {tp: await consumer.position(tp) for tp in ends}
            left = sum(max(0, end - self._positions[tp]) for tp, end in ends.items())
            is_loaded = is_loaded or not left
            self.link.progress = 1.0 if is_loaded else 1 - left / to_read
            self._set("live" if is_loaded else "loading", None)
            await asyncio.sleep(0)

    def _set(self, state: Any, problem: str | None) -> None:
        if state != self.link.state:
            self.link.state, self.link.since_ms = state, self.clock.now_ms()
            self.changed(f"{self.topic}: {problem or state}")


def readable(
    records: Iterable[ConsumerRecord], decode: Callable[[bytes], Value], tell: Callable[[str], None]
) -> Iterator[Value]:
    """Yield the decoded values of records, without tombstones. `tell` gets a message for unreadable ones."""
    for record in records:
        if record.value is None:
            continue
        try:
            yield decode(record.value)
        except UNDECODABLE as error:
            where = f"topic {record.topic}, partition {record.partition}, offset {record.offset}"
            tell(f"{where}: left out: {why_not(record.value, error)}")
