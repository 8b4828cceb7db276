"""Texts come from `posts`, by the place that a mention names."""

import msgspec
import pytest

from sandik.kafka.post_texts import Texts
from sandik.kafka.topics import POSTS, all_topics, create
from sandik.settings import Settings
from sandik_schemas.mention import Mention
from tests.dashboard.builders import a_mention
from tests.support.kafka import delete_records, produce

pytestmark = pytest.mark.broker


async def write_posts(settings: Settings, count: int) -> list[Mention]:
    """Write posts to one partition and return their mentions."""
    posts = [
        {
            "id": f"test:{number}",
            "source": "test",
            "created_at_ms": 1_683_800_000_000,
            "text": f"text {number}",
        }
        for number in range(count)
    ]
    records = [(None, msgspec.json.encode(post), 1, None) for post in posts]
    offsets = await produce(settings.broker, settings.topic(POSTS), records)
    return [
        a_mention(offset, source_partition=1, id=f"test:{number}") for number, offset in enumerate(offsets)
    ]


async def test_a_text_is_found_where_the_mention_says_and_only_if_it_is_that_post(
    worker_settings: Settings,
) -> None:
    await create(worker_settings, all_topics(worker_settings))
    mentions = await write_posts(worker_settings, 5)
    texts = Texts(worker_settings)
    other = msgspec.structs.replace(mentions[2], id="test:other")
    beyond = a_mention(999, source_partition=1)
    elsewhere = a_mention(0, source_partition=3)

    found = await texts.of([mentions[4], mentions[0], other, beyond, elsewhere])

    assert {place: one and one.text for place, one in found.items()} == {
        (1, 4): "text 4",
        (1, 0): "text 0",
        (1, 2): None,
        (1, 999): None,
        (3, 0): None,
    }
    await texts.close()


async def test_a_post_that_retention_has_deleted_has_no_text(worker_settings: Settings) -> None:
    await create(worker_settings, all_topics(worker_settings))
    mentions = await write_posts(worker_settings, 3)
    await delete_records(worker_settings.broker, worker_settings.topic(POSTS), {1: 2})
    texts = Texts(worker_settings)

    found = await texts.of(mentions)
    assert {place: one and one.text for place, one in found.items()} == {
        (1, 0): None,
        (1, 1): None,
        (1, 2): "text 2",
    }
    await texts.close()


async def test_without_kafka_a_text_is_missing_rather_than_gone() -> None:
    texts = Texts(Settings(broker="127.0.0.1:1"))

    assert await texts.of([a_mention(0)]) == {}
    await texts.close()
