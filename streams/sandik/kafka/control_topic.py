"""Read and write the topic `control`."""

from collections.abc import Iterable

import msgspec
from aiokafka import ConsumerRecord

from sandik.counting.control_state import ControlState
from sandik.kafka.reader import read
from sandik.kafka.topics import CONTROL, decoded
from sandik.kafka.writer import write
from sandik.settings import Settings
from sandik_schemas.control import Control

_decode = msgspec.json.Decoder(Control).decode


def taken(state: ControlState, records: Iterable[ConsumerRecord]) -> ControlState:
    """Add a batch of records of the topic, and return the state.

    Raises:
        TopicError: a record was not written by sandik.
    """
    for record in records:
        state.take(record.key, decoded(record, _decode))
    return state


async def read_control(settings: Settings) -> ControlState:
    """Return what `control` says now.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: the topic does not exist, or holds something else.
    """
    state = ControlState()
    async for records in read(settings, settings.topic(CONTROL), follow=False):
        taken(state, records)
    return state


async def write_control(settings: Settings, *records: Control) -> None:
    """Append records to `control`; return when Kafka has them.

    Raises:
        BrokerError: Kafka does not answer, or denies it.
    """
    pairs = [(record.key, msgspec.json.encode(record)) for record in records]
    await write(settings, settings.topic(CONTROL), pairs)
