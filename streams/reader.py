"""Read a topic without a consumer group: any number of readers, and no trace left on the broker."""

from collections.abc import AsyncGenerator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import TopicError
from streams.settings import Settings
from streams.topics import unreachable


async def read(settings: Settings, topic: str, *, follow: bool) -> AsyncGenerator[list[ConsumerRecord], None]:
    """Yield batches of all records of `topic` from its beginning.

    With `follow`, goes on for ever. Without, stops at the end as it was found at the start, so a busy topic
    cannot keep the reader.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: there is no such topic.
    """
    # Without a group, subscribing assigns every partition.
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=settings.broker, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        partitions = consumer.partitions_for_topic(topic)
        if not partitions:
            raise TopicError(f"Kafka at {settings.broker} has no topic {topic}: run `sandik topics create`")
        tps = [TopicPartition(topic, partition) for partition in sorted(partitions)]
        ends = await consumer.end_offsets(tps)
        while follow or any([await consumer.position(tp) < ends[tp] for tp in tps]):
            found = await consumer.getmany(timeout_ms=500)
            for records in found.values():
                yield records
    except KafkaError as error:
        raise unreachable(settings, error) from error
    finally:
        await consumer.stop()
