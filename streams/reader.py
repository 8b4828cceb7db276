"""Read a topic without a consumer group: any number of readers, and no trace left on the broker."""

from collections.abc import AsyncGenerator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import client_options, unreachable
from streams.errors import TopicError
from streams.settings import Settings
from streams.topics import connected, partitions_of


async def read(settings: Settings, topic: str, *, follow: bool) -> AsyncGenerator[list[ConsumerRecord], None]:
    """Yield batches of all records of `topic` from its beginning.

    With `follow`, goes on for ever. Without, stops at the end as it was found at the start, so a busy topic
    cannot keep the reader.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: there is no such topic.
    """
    # First, because a consumer that asks for a missing topic may create it, with the broker's defaults.
    tps = [TopicPartition(topic, partition) for partition in range(await _partitions(settings, topic))]
    consumer = AIOKafkaConsumer(
        **client_options(settings), enable_auto_commit=False, isolation_level="read_committed"
    )
    try:
        await consumer.start()
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        while follow or any([await consumer.position(tp) < ends[tp] for tp in tps]):
            found = await consumer.getmany(timeout_ms=500)
            for records in found.values():
                yield records
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await consumer.stop()


async def _partitions(settings: Settings, topic: str) -> int:
    async with connected(settings) as admin:
        found = await partitions_of(admin, [topic])
    if topic not in found:
        raise TopicError(f"Kafka at {settings.broker} has no topic {topic}: run `sandik topics create`")
    return found[topic]
