"""Read a topic without a consumer group: any number of readers, and no trace left on the broker."""

from collections.abc import AsyncGenerator

from aiokafka import ConsumerRecord, TopicPartition

from sandik.counting.decode import Unread
from sandik.errors import TopicError
from sandik.kafka.connection import check_answers
from sandik.kafka.consumer import consuming
from sandik.kafka.topics import partition_count
from sandik.settings import Settings


async def read(
    settings: Settings, topic: str, *, follow: bool, tells_end: bool = False
) -> AsyncGenerator[list[ConsumerRecord], None]:
    """Yield batches of all records of `topic` from its beginning.

    With `follow`, goes on for ever; with `tells_end`, too, one empty batch says that all is read that was
    there. Without `follow`, stops at the end as it was found at the start, so a busy topic cannot keep the
    reader.

    Raises:
        BrokerError: Kafka does not answer. With `follow` a broker that goes later is waited for.
        TopicError: there is no such topic, or something else has written to it what cannot be read.
    """
    # First, because a consumer that asks for a missing topic may create it, with the broker's defaults.
    tps = [TopicPartition(topic, partition) for partition in range(await partition_count(settings, topic))]
    async with consuming(settings, auto_offset_reset="earliest") as consumer:
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        is_behind = tells_end or not follow
        while True:
            if is_behind and all([await consumer.position(tp) >= ends[tp] for tp in tps]):
                if not follow:
                    return
                is_behind = False
                yield []
            found = await consumer.getmany(timeout_ms=500)
            for records in found.values():
                for record in records:
                    if isinstance(record.value, Unread):
                        raise TopicError(
                            f"topic {topic}, partition {record.partition}, offset {record.offset}: no record "
                            f"of sandik's ({record.value.detail}). Find out what else writes there"
                        )
                yield records
            if not (found or follow):
                await check_answers(consumer, *tps)
