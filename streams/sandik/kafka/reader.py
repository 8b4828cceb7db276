"""Read a topic without a consumer group: any number of readers, no trace on the broker."""

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

    With `follow`, it never ends; with `tells_end` too, an empty batch marks the end of the records that
    existed at the start. Without `follow`, it stops at that end, even in a busy topic.

    Raises:
        BrokerError: Kafka does not answer. With `follow`, a later outage is waited out.
        TopicError: the topic does not exist, or has unreadable records.
    """
    # Check first: a consumer that asks for a missing topic may create it, with the broker's defaults.
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
                            f"topic {topic}, partition {record.partition}, offset {record.offset}: not a "
                            f"record of sandik ({record.value.detail}). Find out what else writes there"
                        )
                yield records
            if not (found or follow):
                await check_answers(consumer, *tps)
