"""One message per fetched batch of one partition, instead of one per record.

Faust spends about 50 µs on every message it hands to an agent; a batch pays that once.
See docs/decisions/001-faust-with-our-own-batches.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from faust import Schema
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP

from streams.flow import SourceRecord


class Record(SourceRecord, Protocol):
    """One record as Kafka delivered it. Its topic and partition are those of its batch.

    Two classes of aiokafka's fit, and `transport` hands over the cheaper one where it can.
    """

    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, Any]]: ...  # noqa: D102


class Batch:
    """Consecutive records of one partition, shaped like the single record that Faust expects.

    `value` is the list of records; `offset` is the last one's, so that acknowledging the batch
    acknowledges them all.
    """

    __slots__ = ("offset", "partition", "timestamp", "timestamp_type", "topic", "value")

    key = None
    headers = ()
    checksum = None
    serialized_key_size = 0
    serialized_value_size = 0

    def __init__(self, tp: TP, records: list[Any]) -> None:
        last = records[-1]
        self.topic, self.partition = tp
        self.offset = last.offset
        self.timestamp = last.timestamp
        self.timestamp_type = last.timestamp_type
        self.value = records


class BatchScheduling(DefaultSchedulingStrategy):
    """Hands over the records of a partition as one Batch, in agents' topics and changelogs alike."""

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        """Yield one Batch per partition."""
        return super().iterate({tp: [Batch(tp, found)] for tp, found in records.items() if found})


class BatchSchema(Schema):  # type: ignore[type-arg]  # Faust does not say what of
    """Leaves a batch as it is: decoding is a step of ours, which knows what to do with bad bytes."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:  # noqa: ARG002
        """Return nothing: the records have keys of their own."""
        return

    def loads_value(self, app: Any, message: Any, **_: Any) -> list[Record]:  # noqa: ARG002
        """Return the records."""
        records: list[Record] = message.value
        return records


RAW_BATCHES = BatchSchema(key_serializer="raw", value_serializer="raw")
