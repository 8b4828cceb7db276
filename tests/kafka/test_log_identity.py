"""What was counted is compared with what Kafka holds: for all partitions at once."""

from collections.abc import Mapping

import pytest
from aiokafka import AIOKafkaConsumer

from sandik.counting.fingerprint import fingerprint
from sandik.kafka.log_identity import bounds_of_counted
from sandik.kafka.topics import POSTS
from sandik.settings import Settings
from sandik_schemas.partial import PartitionClock, Tally
from tests.support.kafka import create_topic, produce, read_topic

PARTITIONS = 12
KIB = 1024


@pytest.mark.broker
@pytest.mark.parametrize("record_bytes", [100, 100 * KIB])
async def test_one_answer_has_the_record_of_every_partition(
    worker_settings: Settings, monkeypatch: pytest.MonkeyPatch, record_bytes: int
) -> None:
    """Each further answer is a tenth of a second in which nothing is counted."""
    topic = worker_settings.topic(POSTS)
    await create_topic(worker_settings.broker, topic, PARTITIONS)
    records = [(f"{number}".encode(), b"x" * record_bytes, number, None) for number in range(PARTITIONS)]
    await produce(worker_settings.broker, topic, records)
    clocks = [
        PartitionClock("run", one.partition, one.offset, 0, False, Tally(), 0, fingerprint=fingerprint(one))
        for one in await read_topic(worker_settings.broker, topic)
    ]
    answers = _counted_answers(monkeypatch)

    found = await bounds_of_counted(worker_settings, topic, range(PARTITIONS), clocks)

    assert {one.end for one in found.values()} == {1}
    assert [*map(len, answers)] == [PARTITIONS]


def _counted_answers(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[object, object]]:
    answers: list[Mapping[object, object]] = []
    getmany = AIOKafkaConsumer.getmany

    async def counted(self: AIOKafkaConsumer, *partitions: object, **options: object) -> object:
        answer = await getmany(self, *partitions, **options)
        answers.extend([answer] if answer else [])
        return answer

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", counted)
    return answers
