"""Records as long as Kafka takes them: what is written of them would not fit, and no worker stumbles."""

from pathlib import Path

import msgspec
import pytest

from sandik.settings import Settings
from sandik_schemas.mention import MAX_TERMS, Mention
from tests.support.command import sandik
from tests.support.kafka import NewRecord, produce, read_topic
from tests.support.scene import Scene
from tests.support.workers import Workers, count_all, environment

pytestmark = pytest.mark.broker

BASE_MS = 1_683_800_040_000  # 2023-05-11T10:14:00Z
LENGTH = 1_040_000  # Kafka takes 1,048,588 bytes, with what it adds


def a_post(post_id: str, text: str, after_ms: int = 0) -> NewRecord:
    value = {"id": post_id, "source": "t", "created_at_ms": BASE_MS + after_ms, "text": text}
    return post_id.encode(), msgspec.json.encode(value), 1, None


async def test_a_worker_counts_past_records_that_fill_all_that_kafka_takes(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings
    await Scene.made(settings)
    of_terms = "deepfake seçim " * (LENGTH // len(b"deepfake se\xc3\xa7im "))
    records = [
        (b"t:bad", b"x" * LENGTH, 1, None),
        a_post("t:terms", of_terms),
        a_post("t:later", "oy ver", 3_600_000),
        a_post("t:late", "x" * LENGTH),
    ]
    await produce(settings.broker, settings.topic("posts"), records)
    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()
        await count_all(settings, workers, 3)  # of which one is late
        assert workers.terminate(worker) == 0

    mentions = await read_topic(settings.broker, settings.topic("mentions"))
    terms = {one.key: msgspec.json.decode(one.value or b"", type=Mention).terms for one in mentions}
    assert len(terms[b"t:terms"]) == MAX_TERMS
    [dead] = await read_topic(settings.broker, settings.topic("posts.dlq"))
    [late] = await read_topic(settings.broker, settings.topic("posts.late"))
    for letter, (key, value, *_) in ((dead, records[0]), (late, records[3])):
        headers = dict(letter.headers)
        assert (letter.partition, letter.key, letter.value) == (1, key, None)
        assert headers["left_out_bytes"] == str(len(value or b"")).encode()
    redriven = sandik("dlq", "redrive", "--json", environment=environment(settings))
    assert (redriven.returncode, msgspec.json.decode(redriven.stdout)["too_long_to_be_copied"]) == (1, 1)
