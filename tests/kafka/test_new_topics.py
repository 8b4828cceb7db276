"""A topic that was created is there for everybody, at once."""

import pytest
from aiokafka.protocol.offset import OffsetRequest

from sandik.kafka.connection import asking
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
