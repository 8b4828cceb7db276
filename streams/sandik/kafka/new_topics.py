"""Wait until brokers serve new topics."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence, Set
from time import monotonic

from aiokafka import AIOKafkaClient, TopicPartition
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    NoError,
    RequestTimedOutError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest, OffsetResetStrategy

from sandik.errors import BrokerError
from sandik.kafka.connection import check_none_hidden, client_options, hidden_in, unreachable
from sandik.settings import Settings

_ASK_EVERY_S = 0.1
_GIVE_UP_S = 30.0
_NO_LEADER = -1
#: What a client says of a broker that has just joined, or is no longer there: another may answer.
_AWAY = (NodeNotReadyError, KafkaConnectionError, RequestTimedOutError)
# As a consumer asks: see ListOffsets in Kafka's protocol.
_NO_REPLICA, _UNCOMMITTED = -1, 0


async def wait_until_served(settings: Settings, names: Set[str]) -> None:
    """Return when the leader of each partition of the topics answers for it.

    Kafka's controller answers that a topic is created before the brokers have learned of it. Whoever asks
    them meanwhile is told that the topic, or its leader, does not exist.

    Raises:
        BrokerError: Kafka cannot be reached, this user may not see a topic, or half a minute is over.
    """
    if not names:
        return
    client = AIOKafkaClient(**client_options(settings))
    give_up_s = monotonic() + _GIVE_UP_S
    try:
        await client.bootstrap()
        while unserved := names - await _served(client, settings, names):
            if monotonic() >= give_up_s:
                raise BrokerError(
                    f"Kafka at {settings.broker} has created {', '.join(sorted(unserved))}, but no broker "
                    f"leads all partitions after {_GIVE_UP_S:.0f} s: see its log, then run `sandik doctor`"
                )
            await asyncio.sleep(_ASK_EVERY_S)
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await client.close()


async def _served(client: AIOKafkaClient, settings: Settings, names: Set[str]) -> set[str]:
    """Return the topics whose partitions are all answered for by their leaders."""
    request = MetadataRequest([*names], allow_auto_topic_creation=False)
    try:
        answer = await client.send(client.get_random_node(), request)
    except _AWAY:
        return set()
    check_none_hidden(settings.broker, hidden_in(answer))
    leaders = {
        TopicPartition(topic, partition): leader
        for _, topic, _, partitions in answer.topics
        for _, partition, leader, *_ in partitions
    }
    seen = {tp.topic for tp in leaders}
    for leader in {*leaders.values()} - {_NO_LEADER}:
        led = [tp for tp in leaders if leaders[tp] == leader]
        for tp in await _answered_for(client, leader, led):
            del leaders[tp]
    return seen - {tp.topic for tp in leaders}


async def _answered_for(
    client: AIOKafkaClient, leader: int, led: Sequence[TopicPartition]
) -> list[TopicPartition]:
    wanted = defaultdict(list)
    for tp in led:
        wanted[tp.topic].append((tp.partition, OffsetResetStrategy.LATEST))
    try:
        answer = await client.send(leader, OffsetRequest(_NO_REPLICA, _UNCOMMITTED, [*wanted.items()]))
    except _AWAY:
        return []
    return [
        TopicPartition(topic, partition)
        for topic, partitions in answer.topics
        for partition, code, *_ in partitions
        if for_code(code) is NoError
    ]
