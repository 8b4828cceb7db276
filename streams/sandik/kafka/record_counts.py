"""How many records topics have, by their offsets."""

from collections.abc import Sequence

from aiokafka import TopicPartition

from sandik.kafka.consumer import consuming
from sandik.kafka.topics import check_there, connected, partitions_of
from sandik.settings import Settings


async def records_in(settings: Settings, topics: Sequence[str]) -> list[int]:
    """Return how many records each topic has now: those whose retention has not ended.

    Raises:
        BrokerError: Kafka does not answer, or this user may not see a topic.
        TopicError: a topic does not exist.
    """
    async with connected(settings) as admin:
        found = await partitions_of(admin, topics)
        await check_there(settings, topics, found)
    tps = [TopicPartition(name, partition) for name in topics for partition in range(found[name])]
    async with consuming(settings) as consumer:
        starts, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
    return [sum(ends[tp] - starts[tp] for tp in tps if tp.topic == name) for name in topics]
