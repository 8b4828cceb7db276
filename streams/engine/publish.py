"""Write records and wait until Kafka has them all."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka.errors import KafkaError
from faust.types.transports import ProducerT

from streams.errors import BrokerError

Headers = list[tuple[str, bytes]]


class Outgoing(NamedTuple):
    """A record to write. Without a partition, the key decides; without a timestamp, it is now."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    timestamp_ms: int | None = None
    headers: Headers | None = None


async def publish(producer: ProducerT, records: Sequence[Outgoing]) -> None:
    """Return when every record is acknowledged by all in-sync replicas.

    Records of one partition are written in the order given.

    Raises:
        BrokerError: Kafka refused one, or could not be reached in time.
    """
    futures = [
        await producer.send(
            record.topic,
            record.key,
            record.value,
            record.partition,
            None if record.timestamp_ms is None else record.timestamp_ms / 1000,
            record.headers,
        )
        for record in records
    ]
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    for record, outcome in zip(records, outcomes, strict=True):
        if isinstance(outcome, KafkaError):
            raise BrokerError(
                f"Kafka did not take a record for topic {record.topic}: {outcome}. Its batch is not "
                "acknowledged, and read again by the next worker"
            ) from outcome
        if isinstance(outcome, BaseException):
            raise outcome
