"""Write records and wait until Kafka has them all."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.types.transports import ProducerT

from streams.errors import BrokerError

Headers = list[tuple[str, bytes]]


class Outgoing(NamedTuple):
    """A record to write. Without a timestamp, it is now."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    headers: Headers | None = None


async def publish(producer: ProducerT, records: Sequence[Outgoing], *, wrap: bool = False) -> None:
    """Return when every record is acknowledged by all in-sync replicas.

    With `wrap`, the records for partitions that a topic does not have share those it has, from the first on.
    Records of one partition are written in the order given. They are packed here: sent one by one through
    Faust and aiokafka, each takes ten times the CPU, half of it for a future that nobody looks at.

    Raises:
        BrokerError: Kafka refused one, or could not be reached in time; or there is no such partition.
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
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _publish(
    producer: Any, topic: str, partition: int, records: Sequence[Outgoing], *, wrap: bool
) -> None:
    kafka: AIOKafkaProducer = producer._ensure_producer()
    try:
        partitions = await kafka.partitions_for(topic)
        if wrap:
            partition %= len(partitions)
        elif partition not in partitions:
            raise BrokerError(
                f"topic {topic} has {len(partitions)} partitions, and none with number {partition}: it was "
                "made by something else. Delete it, or set another SANDIK_APP_ID"
            )
        sent = [
            await kafka.send_batch(batch, topic, partition=partition) for batch in _batches(kafka, records)
        ]
        await asyncio.gather(*sent)
    except KafkaError as error:
        raise BrokerError(
            f"Kafka did not take a record for topic {topic}, partition {partition}: {error}. Its batch is "
            "not acknowledged, and read again by the next worker"
        ) from error


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
