"""Write records and wait until Kafka has them all."""

from collections.abc import Sequence
from typing import NamedTuple

from faust.types.transports import ProducerT

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
    """Return when every record is acknowledged by all in-sync replicas; raise if one could not be written.

    Records of one partition are written in the order given.
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
    for future in futures:
        await future
