"""One message per batch of one partition, instead of one per record.

Faust spends about 50 µs on every message it hands to an agent; a batch pays that once. And a batch stays as
Kafka packed it until it is used: what is unpacked by one thread and used by another costs twice as much.
See docs/decisions/001-faust-with-our-own-batches.md.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import ceil
from typing import Any, Protocol

from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust import Schema
from faust.types import TP

from streams.flow import SourceRecord


class Record(SourceRecord, Protocol):
    """One record as Kafka delivered it. Its topic and partition are those of its batch."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, Any]]: ...  # noqa: D102


class Batch:
    """Consecutive records of one partition, shaped like the single record that Faust expects.

    `offset` is the last one's, so that acknowledging the batch acknowledges them all; `value` is the batch
    itself, for whoever wants its records.
    """

    __slots__ = ("_packed", "first_offset", "offset", "partition", "topic")

    key = timestamp = timestamp_type = checksum = None
    headers = ()
    serialized_key_size = serialized_value_size = 0

    def __init__(self, tp: TP, first_offset: int, offset: int, packed: Iterable[Iterable[Record]]) -> None:
        self.topic, self.partition = tp
        self.first_offset = first_offset
        self.offset = offset
        self._packed = packed

    @property
    def value(self) -> "Batch":
        """Return the batch."""
        return self

    def records(self) -> list[Record]:
        """Unpack the records, which can be done once."""
        records = [*chain.from_iterable(self._packed)]
        if records and records[0].offset < self.first_offset:  # what was packed together comes together
            records = [record for record in records if record.offset >= self.first_offset]
        return records

    def pieces(self, at_most: int) -> Iterator[list[Record]]:
        """Yield the records, `at_most` so many at a time, in pieces of about the same size."""
        records = self.records()
        pieces = ceil(len(records) / at_most)
        size = ceil(len(records) / max(1, pieces))
        for piece in range(pieces):
            yield records[piece * size : (piece + 1) * size]


class BatchSchema(Schema):  # type: ignore[type-arg]  # Faust does not say what of
    """Leaves a batch as it is: decoding is a step of ours, which knows what to do with bad bytes."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:  # noqa: ARG002
        """Return nothing: the records have keys of their own."""
        return

    def loads_value(self, app: Any, message: Any, **_: Any) -> Batch:  # noqa: ARG002
        """Return the batch."""
        batch: Batch = message.value
        return batch


RAW_BATCHES = BatchSchema(key_serializer="raw", value_serializer="raw")


class FetchedInBatches(OrderedDict[TP, FetchResult | FetchError]):
    """What aiokafka has fetched and nobody has taken yet: stands for its fetcher's `_records`.

    It is taken a `Batch` at a time instead of a record at a time.
    """

    def __init__(self, at_most: int) -> None:
        super().__init__()
        self.at_most = at_most

    def __setitem__(self, tp: TP, fetched: FetchResult | FetchError) -> None:
        if isinstance(fetched, FetchResult):
            found = fetched._partition_records
            found._records_iterator = _in_batches(found, self.at_most)
        super().__setitem__(tp, fetched)


def _in_batches(found: PartitionRecords, at_most: int) -> Iterator[Batch]:
    """Stand in for `PartitionRecords._unpack_records`: the same, except that nothing is unpacked.

    Kafka's own batches are not parted, so one that is larger alone comes whole.
    """
    first_offset = last_offset = found.next_fetch_offset
    packed: list[Iterable[Record]] = []
    while found._records.has_next():
        one, start = found._records.next_batch(), found.next_fetch_offset
        if not packed:
            first_offset = start
        if _is_read(found, one):
            packed.append(one)
            last_offset = one.next_offset - 1
        found.next_fetch_offset = one.next_offset
        # Another one of that size would be too much.
        if packed and found.next_fetch_offset + (one.next_offset - start) - first_offset > at_most:
            yield Batch(found._tp, first_offset, last_offset, packed)
            packed = []
    if packed:
        yield Batch(found._tp, first_offset, last_offset, packed)


def _is_read(found: PartitionRecords, one: Any) -> bool:
    """Say whether readers get to see a batch of Kafka's: it is no mark of a transaction, and not aborted."""
    if found._check_crcs and not one.validate_crc():
        raise CorruptRecordException(f"Invalid CRC - {found._tp}")
    if found._isolation_level == READ_COMMITTED and one.producer_id is not None:
        found._consume_aborted_up_to(one.base_offset)
        if one.is_control_batch and found._contains_abort_marker(one):
            found._aborted_producers.discard(one.producer_id)
        if one.is_transactional and one.producer_id in found._aborted_producers:
            return False
    return not one.is_control_batch
