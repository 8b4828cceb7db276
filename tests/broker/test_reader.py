"""Reading a topic while its broker goes."""

import asyncio
from pathlib import Path

import pytest

from streams.broker import EmbeddedKafka
from streams.errors import BrokerError
from streams.reader import read
from streams.settings import Settings
from tests.support.kafka import create_topic, produce

pytestmark = [pytest.mark.broker, pytest.mark.timeout(200)]

#: More than one answer of the broker holds.
RECORDS = [(None, bytes(900_000), 0, None)] * 8


async def test_a_broker_that_goes_meanwhile_is_an_error_and_nothing_goes_on_behind_it(tmp_path: Path) -> None:
    mine = asyncio.all_tasks()
    with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as kafka:
        await create_topic(kafka.bootstrap_servers, "posts")
        await produce(kafka.bootstrap_servers, "posts", RECORDS)
        found = read(Settings(broker=kafka.bootstrap_servers), "posts", follow=False)
        read_before = len(await anext(found))
        kafka.kill()

        with pytest.raises(BrokerError, match=r"does not answer \(.+\)"):
            read_before += sum([len(records) async for records in found])

    assert 0 < read_before < len(RECORDS)
    assert asyncio.all_tasks() <= mine
