"""The consumer of all commands except the workers. It has no group, so it leaves no trace on the broker."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from sandik.kafka.connection import client_options, let_go, unreachable
from sandik.settings import Settings

_FETCH_BYTES = 4 << 20
_POLL_MS = 500
#: After so many polls without a record, the rest is assumed to be aborted or removed records.
_MAX_SILENT_POLLS = 10


def new_consumer(settings: Settings, **changed: Any) -> AIOKafkaConsumer:
    """Return a consumer as by `consumer_of`, for the Kafka of these settings."""
    return consumer_of(client_options(settings), **changed)


def consumer_of(connection: Mapping[str, Any], **changed: Any) -> AIOKafkaConsumer:
    """Return a consumer that is not started. It omits aborted records and never skips others.

    `connection` is the result of `client_options`; `changed` are options of aiokafka that replace the
    defaults here.
    """
    usual: dict[str, Any] = {
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "max_partition_fetch_bytes": _FETCH_BYTES,
    }
    return AIOKafkaConsumer(**connection, **(usual | changed))


@asynccontextmanager
async def consuming(settings: Settings, **changed: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """Lend a started consumer as `new_consumer` returns it.

    Raises:
        BrokerError: Kafka does not answer.
    """
    consumer = new_consumer(settings, **changed)
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await let_go(consumer)


async def newest_records(
    consumer: Any, limits: Mapping[TopicPartition, int]
) -> AsyncIterator[ConsumerRecord]:
    """Yield the newest records of some partitions, a limited number of each, in order within a partition."""
    consumer.assign([*limits])
    ends, starts = await consumer.end_offsets([*limits]), await consumer.beginning_offsets([*limits])
    for tp, limit in limits.items():
        consumer.seek(tp, max(starts[tp], ends[tp] - limit))
    silent = 0
    while silent < _MAX_SILENT_POLLS and any([await consumer.position(tp) < ends[tp] for tp in limits]):
        batches = await consumer.getmany(timeout_ms=_POLL_MS)
        silent = 0 if batches else silent + 1
        for records in batches.values():
            for record in records:
                yield record
