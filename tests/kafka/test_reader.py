"""Reading a topic while its broker goes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from sandik.broker import EmbeddedKafka
from sandik.errors import BrokerError
from sandik.kafka.ranges import Slice, records_since
from sandik.kafka.reader import read
from sandik.replay.compared_posts import records_of
from sandik.replay.plan import Plan, Rules
from sandik.settings import Settings
from tests.support.kafka import create_topic, produce

pytestmark = [pytest.mark.broker, pytest.mark.timeout(200)]

#: More than one answer of the broker holds.
RECORDS = [(None, bytes(900_000), 0, None)] * 8


def read_all(settings: Settings) -> AsyncGenerator[list[ConsumerRecord], None]:
    return read(settings, "posts", follow=False)


def read_ranges(settings: Settings) -> AsyncGenerator[list[ConsumerRecord], None]:
    return records_since(settings, "posts", None)


async def read_replayed(settings: Settings) -> AsyncGenerator[list[ConsumerRecord], None]:
    rules = Rules("", "", "", 60_000, 30_000, 600_000, 300_000, True, "cascade", None)
    plan = Plan(rules, "record", None, None, False, 1, [Slice(0, 0, len(RECORDS))], "posts")
    async for _, records in records_of(plan, settings):
        yield list(records)


@pytest.mark.parametrize("reader", [read_all, read_ranges, read_replayed])
async def test_a_broker_that_goes_meanwhile_is_an_error_and_nothing_goes_on_behind_it(
    tmp_path: Path, reader: Callable[[Settings], AsyncGenerator[list[ConsumerRecord], None]]
) -> None:
    mine = asyncio.all_tasks()
    with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as kafka:
        await create_topic(kafka.bootstrap_servers, "posts")
        await produce(kafka.bootstrap_servers, "posts", RECORDS)
        found = reader(Settings(broker=kafka.bootstrap_servers))
        read_before = len(await anext(found))
        kafka.kill()

        with pytest.raises(BrokerError, match=r"does not answer \(.+\)"):
            read_before += sum([len(records) async for records in found])

    assert 0 < read_before < len(RECORDS)
    assert asyncio.all_tasks() <= mine
