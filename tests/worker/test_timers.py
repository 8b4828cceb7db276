"""Timers of the worker: a writer that is closed because the worker stops is no crash."""

from types import SimpleNamespace
from typing import cast

import pytest
from faust.types import AppT

from sandik.errors import BrokerError
from sandik.worker.topology import unless_stopping


async def sends_to_a_closed_writer() -> None:
    raise BrokerError("Kafka did not accept a record: ProducerClosed")


def app(*, should_stop: bool) -> AppT:
    return cast("AppT", SimpleNamespace(should_stop=should_stop))


async def test_what_a_timer_cannot_send_while_the_worker_stops_is_no_error() -> None:
    await unless_stopping(app(should_stop=True), sends_to_a_closed_writer)()


async def test_while_the_worker_runs_it_is_one() -> None:
    with pytest.raises(BrokerError):
        await unless_stopping(app(should_stop=False), sends_to_a_closed_writer)()
