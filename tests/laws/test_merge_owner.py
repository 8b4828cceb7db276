"""Who owns merge after an assignment, whatever happens while Kafka is asked."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from sandik.clock import SystemClock
from sandik.counting.labels import Labels
from sandik.counting.merge import Merge
from sandik.settings import Settings
from sandik.telemetry.metrics import Metrics
from sandik.telemetry.traces import Traces
from sandik.worker.agents.merge import MergeAgent
from sandik.worker.agents.worker import WorkerParts
from tests.support.stubs import TIMING

PARTIALS = TP("partials", 0)


class AskedReader:
    """Answers how long a topic is, after `meanwhile` has happened."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile

    def partitions_of(self, topic: str) -> int:
        return {"partials": 1}[topic]

    async def end(self, _: TP) -> int:
        await asyncio.sleep(0)
        self.meanwhile()
        return 0


def an_agent(meanwhile: Callable[[], None]) -> MergeAgent:
    reader: Any = AskedReader(meanwhile)
    app: Any = SimpleNamespace(conf=SimpleNamespace(id="group"))
    writer: Any = None
    clock = SystemClock()

    def new_merge() -> Merge:
        return Merge(Labels("r", "lex", "det"), TIMING, 1)

    parts = WorkerParts(app, reader, writer, Settings(), clock, Metrics(clock), Traces())
    return MergeAgent(parts, new_merge)


async def test_who_is_assigned_partials_owns_merge() -> None:
    agent = an_agent(lambda: None)
    await agent.adopt([PARTIALS])

    assert agent.is_owner


async def test_a_rebalance_while_kafka_is_asked_leaves_no_false_owner() -> None:
    agent = an_agent(lambda: agent.release())
    await agent.adopt([PARTIALS])

    assert not agent.is_owner


@pytest.mark.parametrize("assigned", [[], [TP("posts", 0)]])
async def test_an_owner_that_is_assigned_other_partitions_is_one_no_more(assigned: list[TP]) -> None:
    agent = an_agent(lambda: None)
    await agent.adopt([PARTIALS])
    await agent.adopt(assigned)

    assert not agent.is_owner
