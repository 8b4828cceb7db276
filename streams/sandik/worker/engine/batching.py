"""One message per batch of one partition, instead of one per record.

Faust spends about 50 µs on every message it hands to an agent; a batch pays that once. And aiokafka spends
another microsecond on an object of eleven fields for each record; a batch keeps Kafka's own.
See docs/decisions/001-faust-with-our-own-batches.md and docs/decisions/043-batches-on-public-ground.md.
"""

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from aiokafka.record.default_records import DefaultRecord
from faust.types import TP

from sandik.kafka.record_lists import Record, joined
from sandik.kafka.unpacking import SafeBatch, SafeRecords, standing_in

#: No further batch is unpacked while the unpacked batches of all partitions take more than this.
_MUCH_BYTES = 16 << 20


class RecordList(list[Record]):
    """Consecutive records of one partition. `fetched` is what brought them, and may bring more."""

    fetched: "weakref.ref[SafeRecords]"


def in_lists(at_most: int) -> AbstractContextManager[None]:
    """Let a consumer that starts within the block hand over a `RecordList` as the value of one record.

    It is at most `at_most` records long. Nothing else changes, as long as aiokafka has the internals that
    `unpacking` replaces: aiokafka itself handles transactions, checksums and positions.
    """
    return standing_in(lambda first, fetched: _Batches(first, fetched, at_most))


def first_to_finish(being_read: Mapping[TP, "weakref.ref[SafeRecords]"]) -> TP | None:
    """Return the partition with the largest unpacked batch, if all batches together are too large."""
    held = {tp: fetched.held_bytes for tp, found in being_read.items() if (fetched := found()) is not None}
    return max(held, key=held.__getitem__) if sum(held.values()) > _MUCH_BYTES else None


class _Batches:
    """Stands for one batch of Kafka's and the following ones of the same kind: yields lists of records.

    A reader that sought an offset inside a list gets the whole list, just as Kafka returns whole batches.
    """

    is_control_batch = False

    def __init__(self, first: SafeBatch, fetched: SafeRecords, at_most: int) -> None:
        self._first, self._fetched, self._at_most = first, fetched, at_most
        self.base_offset, self.next_offset = first.base_offset, first.next_offset
        self.producer_id, self.is_transactional = first.producer_id, first.is_transactional

    def validate_crc(self) -> bool:
        """Return whether the checksum of the first batch is right."""
        return self._first.validate_crc()

    def __iter__(self) -> Iterator[Any]:
        for some in joined(self._runs(), self._at_most):
            records = RecordList(some)
            records.fetched = weakref.ref(self._fetched)
            yield DefaultRecord(some[-1].offset, 0, 0, None, records, [])

    def _runs(self) -> Iterator[Iterable[Record]]:
        yield from self._first.runs()
        while self._fetched.has_next() and _is_read_alike(self._fetched.peek()):
            batch = self._fetched.take()
            yield from batch.runs()
            self.next_offset = batch.next_offset


def _is_read_alike(batch: Any) -> bool:
    """Return whether it can bypass aiokafka, which must see transactions and damaged batches."""
    return (
        isinstance(batch, SafeBatch)
        and not (batch.is_control_batch or batch.is_transactional)
        and batch.validate_crc()
    )
