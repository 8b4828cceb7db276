"""Write records and wait until Kafka has them all."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
    UnknownTopicOrPartitionError,
)
from aiokafka.producer.message_accumulator import BatchBuilder

from sandik.counting.labels import iso
from sandik.errors import BrokerError, ClockError, StateError, TimestampError
from sandik.kafka.connection import denial

Headers = list[tuple[str, bytes]]

_LOG_APPEND_TIME = 1


class Outgoing(NamedTuple):
    """A record to write. Without a timestamp, it is now."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    headers: Headers | None = None


class Written(NamedTuple):
    """The first of some records: its offset, and Kafka's time then, if Kafka stamps the topic's records."""

    offset: int
    kafka_ms: int | None
    #: Whether all of them were written in one piece, and so have the offsets from that one on.
    is_all: bool = True


#: By topic and partition.
Places = dict[tuple[str, int], Written]


class Growth:
    """Notices that a topic with a single writer was recreated: its offsets went back."""

    def __init__(self) -> None:
        self._offsets: dict[tuple[str, int], int] = {}

    def check(self, written: Places) -> None:
        """Compare offsets with those before. StateError if they went back."""
        for (topic, partition), (offset, *_) in written.items():
            before = self._offsets.get((topic, partition), -1)
            if offset <= before:
                raise StateError(
                    f"topic {topic}, partition {partition} was recreated while the worker ran: a record was "
                    f"written at offset {offset}, and one before at {before}. Stop all workers and count all "
                    "posts again with `sandik runs replace`"
                )
            self._offsets[topic, partition] = offset


async def publish(producer: AIOKafkaProducer, records: Sequence[Outgoing], *, wrap: bool = False) -> Places:
    """Return when every record is acknowledged by all in-sync replicas: the first of each partition.

    With `wrap`, the records for partitions that a topic does not have share those it has, from the first on.
    Records of one partition are written in the order given. They are packed here: sent one by one, each
    takes ten times the CPU, half of it for an unused future.

    Raises:
        BrokerError: Kafka rejected one, or did not answer in time, or the partition does not exist.
        TimestampError: Kafka rejected the timestamp of one.
    """
    by_partition: defaultdict[tuple[str, int], list[Outgoing]] = defaultdict(list)
    for record in records:
        by_partition[record[:2]].append(record)
    outcomes = await asyncio.gather(
        *(
            _publish(producer, topic, partition, some, wrap=wrap)
            for (topic, partition), some in by_partition.items()
        ),
        return_exceptions=True,
    )
    written = {}
    for place, outcome in zip(by_partition, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            raise outcome
        written[place] = outcome
    return written


async def _partitions_of(kafka: AIOKafkaProducer, topic: str) -> set[int]:
    """Return a topic's partitions. In silence, aiokafka calls one unknown that it has not asked for yet."""
    try:
        known: set[int] = await kafka.partitions_for(topic)
    except UnknownTopicOrPartitionError as error:
        is_answered = await kafka.client.force_metadata_update()
        known = kafka.client.cluster.partitions_for_topic(topic) or set()
        if not known and not is_answered:
            raise KafkaConnectionError(f"no broker says which partitions {topic} has") from error
        if not known:
            raise
    return known


async def _publish(
    kafka: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Outgoing], *, wrap: bool
) -> Written:
    try:
        partitions = await _partitions_of(kafka, topic)
        if wrap:
            partition %= len(partitions)
        elif partition not in partitions:
            raise BrokerError(
                f"topic {topic} has {len(partitions)} partitions, but no partition {partition}: it was "
                "not created by sandik. Stop all workers, delete it, and count all posts again with "
                "`sandik runs replace`"
            )
        sent = [
            await kafka.send_batch(batch, topic, partition=partition) for batch in _batches(kafka, records)
        ]
        first, *_ = await asyncio.gather(*sent)
    except InvalidTimestampError as error:
        raise _refused(topic, records) from error
    except KafkaError as error:
        denied = denial(error)
        raise BrokerError(
            f"Kafka did not accept a record for topic {topic}, partition {partition}: "
            f"{f'it {denied}' if denied else error}. Its batch is not acknowledged, and read again by the "
            "next worker"
        ) from error
    kafka_ms = first.timestamp if first.timestamp_type == _LOG_APPEND_TIME else None
    return Written(first.offset, kafka_ms, len(sent) == 1)


def _refused(topic: str, records: Sequence[Outgoing]) -> TimestampError:
    starts_ms = [record.timestamp_ms for record in records if record.timestamp_ms is not None]
    if not starts_ms:
        return ClockError(f"topic {topic}")
    return TimestampError(
        f"topic {topic} rejects windows of {iso(min(starts_ms))} to {iso(max(starts_ms))}: one start "
        "is further from Kafka's clock than the topic's message.timestamp.after.max.ms or before.max.ms. "
        "To lift these limits, run `sandik topics create`, then start again"
    )


def _batches(kafka: AIOKafkaProducer, records: Sequence[Outgoing]) -> Iterator[BatchBuilder]:
    batch = kafka.create_batch()
    for record in records:
        fields: dict[str, Any] = {
            "timestamp": record.timestamp_ms,
            "key": record.key,
            "value": record.value,
            "headers": record.headers or [],
        }
        if batch.append(**fields) is None:  # it is full; an empty one takes any record
            yield batch
            batch = kafka.create_batch()
            batch.append(**fields)
    batch.close()
    yield batch
