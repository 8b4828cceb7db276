"""Is `posts` still the log that was counted? Offsets cannot tell: a recreated topic has the same ones."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from sandik.counting.fingerprint import fingerprint
from sandik.errors import BrokerError, StateError
from sandik.kafka.connection import denial, let_go
from sandik.kafka.consumer import new_consumer
from sandik.settings import Settings
from sandik_schemas.partial import PartitionClock

#: How long Kafka may take to return the last counted record of each partition.
ANSWER_S = 30.0
#: One record per partition is needed, and Kafka returns whole batches: those of many partitions come with one
#: answer, but a larger one comes only if it is the first in it. aiokafka asks ten times a second.
_BATCH_BYTES, _ANSWER_BYTES = 1 << 20, 1 << 23

ADVICE = (
    "Restore what is missing, or stop all workers and count the remaining posts again with "
    "`sandik runs replace`"
)


class Bounds(NamedTuple):
    """The offsets `[earliest, end)` that a partition's log holds."""

    earliest: int
    end: int


async def bounds_of_counted(
    settings: Settings, topic: str, partitions: Iterable[int], clocks: Iterable[PartitionClock]
) -> Mapping[int, Bounds]:
    """Return what the log of each partition holds, after comparing it with what `clocks` say was counted.

    The record at a clock's offset must be the one that was counted. One that retention has deleted since
    cannot be compared.

    Raises:
        BrokerError: Kafka does not answer.
        StateError: a partition was recreated, or lost posts that were counted.
    """
    clocks = [*clocks]  # as they are now: newer ones may arrive during the request
    give_up_s = monotonic() + ANSWER_S
    while True:
        try:
            async with _asking(settings, topic) as consumer:
                found = await _bounds(consumer, topic, partitions)
                await _compare(consumer, topic, found, clocks)
                return found
        except BrokerError:  # a broker that restarts is back in seconds
            if monotonic() >= give_up_s:
                raise
            await asyncio.sleep(1)


async def bounds(settings: Settings, topic: str, partitions: Iterable[int]) -> Mapping[int, Bounds]:
    """Return what the log of each partition holds. BrokerError if Kafka does not answer."""
    async with _asking(settings, topic) as consumer:
        return await _bounds(consumer, topic, partitions)


async def record_at(settings: Settings, topic: str, offset: int) -> ConsumerRecord:
    """Return the first record at or after an offset of a topic's partition 0. There must be one.

    Raises:
        BrokerError: Kafka does not answer.
    """
    async with _asking(settings, topic) as consumer:
        tp = TopicPartition(topic, 0)
        consumer.assign([tp])
        consumer.seek(tp, offset)
        while True:
            for records in (await consumer.getmany(tp, timeout_ms=200)).values():
                return records[0]


@asynccontextmanager
async def _asking(settings: Settings, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = new_consumer(settings, max_partition_fetch_bytes=_BATCH_BYTES, fetch_max_bytes=_ANSWER_BYTES)
    try:
        async with asyncio.timeout(ANSWER_S):
            await consumer.start()
            yield consumer
    except (KafkaError, TimeoutError) as error:
        if denied := denial(error):
            raise BrokerError(f"Kafka at {settings.broker} {denied}") from error
        raise BrokerError(
            f"Kafka at {settings.broker} did not return the offsets of topic {topic} "
            f"({type(error).__name__}: {error}), which a worker checks before it continues. Start it again "
            "when Kafka answers"
        ) from error
    finally:
        await let_go(consumer)


async def _bounds(consumer: AIOKafkaConsumer, topic: str, partitions: Iterable[int]) -> Mapping[int, Bounds]:
    tps = [TopicPartition(topic, partition) for partition in partitions]
    earliest, ends = await asyncio.gather(consumer.beginning_offsets(tps), consumer.end_offsets(tps))
    return {tp.partition: Bounds(earliest[tp], ends[tp]) for tp in tps}


async def _compare(
    consumer: AIOKafkaConsumer, topic: str, bounds: Mapping[int, Bounds], clocks: Iterable[PartitionClock]
) -> None:
    wanted: dict[TopicPartition, PartitionClock] = {}
    for clock in clocks:
        if clock.offset < 0:
            continue
        log = bounds[clock.partition]
        if clock.offset >= log.end:
            raise missing(topic, clock.partition, clock.offset + 1, log)
        if clock.offset >= log.earliest and clock.fingerprint is not None:
            wanted[TopicPartition(topic, clock.partition)] = clock
    if not wanted:
        return
    consumer.assign([*wanted])
    for tp, clock in wanted.items():
        consumer.seek(tp, clock.offset)
    while wanted:
        found = await consumer.getmany(*wanted, timeout_ms=200)
        for tp, [first, *_] in found.items():
            counted = wanted.pop(tp)
            if first.offset != counted.offset or fingerprint(first) != counted.fingerprint:
                raise StateError(
                    f"topic {topic}, partition {tp.partition} was recreated, or has lost posts: the record "
                    "at "
                    f"offset {counted.offset} is not the one that was counted last. Continuing would mix "
                    "two "
                    f"logs. {ADVICE}"
                )


def missing(topic: str, partition: int, wanted: int, log: Bounds) -> StateError:
    """Return the error for a partition whose log does not contain the next offset to read."""
    return StateError(
        f"topic {topic}, partition {partition}: the state needs offset {wanted} next, but the log "
        f"holds {log.earliest} up to {log.end}: posts were deleted before they were counted, or the topic "
        "was "
        f"recreated. {ADVICE}"
    )
