"""One message per batch of one partition, instead of one per record.

Faust spends about 50 µs on every message it hands to an agent; a batch pays that once. And aiokafka spends
another microsecond on an object of eleven fields for each record; a batch keeps Kafka's own.
See docs/decisions/001-faust-with-our-own-batches.md.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust import Schema
from faust.types import TP

from sandik.kafka.record_lists import Record, first_offset, pieces

#: When the batches of all partitions that are being read take more, unpacked, no other is unpacked.
_MUCH_BYTES = 16 << 20


class Batch:
    """Consecutive records of one partition, shaped like the single record that Faust expects.

    `offset` is the last one's, so that acknowledging the batch acknowledges them all; `value` is the list.
    """

    __slots__ = ("first_offset", "offset", "partition", "topic", "value")

    key = timestamp = timestamp_type = checksum = None
    headers = ()
    serialized_key_size = serialized_value_size = 0

    def __init__(self, tp: TP, records: list[Record]) -> None:
        self.topic, self.partition = tp
        self.first_offset = first_offset(records[0])
        self.offset = records[-1].offset
        self.value = records


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

    def first_to_finish(self) -> TP | None:
        """Return the partition whose batch takes most memory, unpacked, if all of them take much."""
        held = {
            tp: fetched._partition_records._records.held_bytes
            for tp, fetched in self.items()
            if isinstance(fetched, FetchResult) and fetched.has_more()
        }
        return max(held, key=held.__getitem__) if sum(held.values()) > _MUCH_BYTES else None


def _in_batches(found: PartitionRecords, at_most: int) -> Iterator[Batch]:
    for some in pieces(_unpacked(found), at_most):
        batch = Batch(found._tp, some)
        found.next_fetch_offset = max(found.next_fetch_offset, batch.offset + 1)
        yield batch


def _unpacked(found: PartitionRecords) -> Iterator[Record]:
    """Stand in for `PartitionRecords._unpack_records`: the same, but Kafka's own records.

    What is handed over moves the position, not what is unpacked: a batch that turns out to be damaged is read
    again from behind the last record that somebody has.
    """
    while found._records.has_next():
        packed, start = found._records.next_batch(), found.next_fetch_offset
        if _is_read(found, packed):
            for record in packed:
                if record.offset >= start:  # Kafka's answer begins with the start of what it packed
                    yield record
        found.next_fetch_offset = packed.next_offset


def _is_read(found: PartitionRecords, packed: Any) -> bool:
    """Say whether readers get to see a batch of Kafka's: it is no mark of a transaction, and not aborted."""
    if found._check_crcs and not packed.validate_crc():
        raise CorruptRecordException(f"Invalid CRC - {found._tp}")
    if found._isolation_level == READ_COMMITTED and packed.producer_id is not None:
        found._consume_aborted_up_to(packed.base_offset)
        if packed.is_control_batch and found._contains_abort_marker(packed):
            found._aborted_producers.discard(packed.producer_id)
        if packed.is_transactional and packed.producer_id in found._aborted_producers:
            return False
    return not packed.is_control_batch
