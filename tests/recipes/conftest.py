"""Real counts for the recipes: the demo's posts, counted by a real worker on a real Kafka, once a session."""

import asyncio
import json
from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import all_topics, create
from tests.recipes.recipe import Counted, counted_records
from tests.support.kafka import produce
from tests.support.workers import Workers, environment, quick_settings

POSTS = Path(__file__).parents[2] / "deploy" / "demo" / "posts.jsonl"


@pytest.fixture(scope="session")
def counted(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """Return the topic `counts` with all posts of the demo in it; the worker has gone."""
    settings = quick_settings(kafka.bootstrap_servers).model_copy(
        update={"window_size_ms": 300_000, "idle_after_ms": 1_000}
    )
    asyncio.run(create(settings, all_topics(settings)))
    posts = POSTS.read_bytes().splitlines()
    records = [(json.loads(post)["id"].encode(), post, None, None) for post in posts]
    asyncio.run(produce(settings.broker, settings.topic("posts"), records))
    with Workers(environment(settings), tmp_path_factory.mktemp("recipes")) as workers:
        worker = workers.start()
        counts = asyncio.run(counted_records(settings, len(posts), workers))
        assert workers.terminate(worker) == 0
    return Counted(settings, counts)
