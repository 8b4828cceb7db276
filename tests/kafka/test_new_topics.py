"""A topic that was created is there for everybody, at once."""

import pytest
from aiokafka import AIOKafkaClient
from aiokafka.protocol.offset import OffsetRequest

from sandik.kafka.connection import asking
from sandik.kafka.new_topics import wait_until_served
from sandik.kafka.topics import POSTS, TopicSpec, create
from sandik.settings import Settings


@pytest.mark.broker
async def test_who_asks_right_after_the_creation_is_answered_at_the_first_try(
    worker_settings: Settings,
) -> None:
    many, newest = 300, -1
    topic = worker_settings.topic(POSTS)
    async with asking(worker_settings) as send:
        await create(worker_settings, [TopicSpec(topic, many, {"cleanup.policy": "delete"})])
        answer = await send(OffsetRequest(-1, 0, [(topic, [(number, newest) for number in range(many)])]))

    [(_, partitions)] = answer.topics
    assert {(code, offset) for _, code, _, offset in partitions} == {(0, 0)}


@pytest.mark.broker
async def test_of_several_brokers_one_may_be_down(
    worker_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = worker_settings.topic(POSTS)
    await create(worker_settings, [TopicSpec(topic, 1, {"cleanup.policy": "delete"})])
    any_broker, gone = AIOKafkaClient.get_random_node, [99]
    monkeypatch.setattr(
        AIOKafkaClient, "get_random_node", lambda self: gone.pop() if gone else any_broker(self)
    )

    await wait_until_served(worker_settings, {topic})

    assert not gone
