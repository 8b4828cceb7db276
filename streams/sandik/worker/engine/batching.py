"""One message per batch of one partition, instead of one per record.

Faust spends about 50 µs on every message it hands to an agent; a batch pays that once. And aiokafka spends
another microsecond on an object of eleven fields for each record; a batch keeps Kafka's own.
See docs/decisions/001-faust-with-our-own-batches.md.
"""

from collections import OrderedDict
from collections.abc import Iterator
from logging import getLogger
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust.types import TP

from sandik.kafka.record_lists import Record, first_offset, pieces

#: What is used of `PartitionRecords`, none of it public.
_FIELDS = (
    "_tp",
    "_records",
    "_records_iterator",
    "_check_crcs",
    "_isolation_level",
    "_aborted_producers",
    "next_fetch_offset",
)
_METHODS = ("_consume_aborted_up_to", "_contains_abort_marker")
#: When the batches of all partitions that are being read take more, unpacked, no other is unpacked.
_MUCH_BYTES = 16 << 20

log = getLogger(__name__)


class Batch(NamedTuple):
    """Consecutive records of one partition, handed over by aiokafka as if it were one record."""

    first_offset: int
    offset: int
    value: list[Record]


def fetch_in_batches(consumer: AIOKafkaConsumer, at_most: int) -> "FetchedInBatches | None":
    """Have a started consumer hand over a `Batch` where it would hand over a record.

    None, and a line in the log, where aiokafka has not the insides that this needs: records then come one by
    one, which costs a microsecond more for each.
    """
    if missing := unknown_names(consumer):
        log.warning("records are read one by one: this aiokafka has no %s", ", ".join(missing))
        return None
    consumer._fetcher._records = fetched = FetchedInBatches(at_most)
    return fetched


def unknown_names(consumer: AIOKafkaConsumer) -> list[str]:
    """Return the private names of aiokafka that are used here and that this version does not have."""
    fetcher = getattr(consumer, "_fetcher", None)
    names = {"AIOKafkaConsumer._fetcher": fetcher is not None}
    names["Fetcher._records"] = isinstance(getattr(fetcher, "_records", None), dict)
    code = PartitionRecords.__init__.__code__.co_names
    names |= {f"PartitionRecords.{name}": name in code for name in _FIELDS}
    names |= {f"PartitionRecords.{name}": hasattr(PartitionRecords, name) for name in _METHODS}
    names["FetchResult._partition_records"] = "_partition_records" in FetchResult.__init__.__code__.co_names
    return [name for name, is_there in names.items() if not is_there]


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
        batch = Batch(first_offset(some[0]), some[-1].offset, some)
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
