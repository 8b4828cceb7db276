"""Laws of batches: what is handed over is what aiokafka would have unpacked, however Kafka packed it."""

import copy
import struct
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from sandik.kafka.unpacking import SafeRecords
from sandik.worker.engine.batching import Batch, _in_batches

TP_0 = TP("posts", 0)
#: Where Kafka's batches (format 2) have these fields.
CRC_AT, ATTRIBUTES_AT = 17, 21
IS_CONTROL = 0x20
COMMIT, ABORT = struct.pack(">hh", 0, 1), struct.pack(">hh", 0, 0)


class Pack(NamedTuple):
    """A batch of Kafka's: how many records; of a transaction of which producer; or how that one ends."""

    records: int
    producer_id: int = -1
    mark: bytes | None = None
    compression: int = 0

    def packed(self, base_offset: int) -> bytes:
        builder = DefaultRecordBatchBuilder(
            magic=2,
            compression_type=self.compression,
            is_transactional=int(self.producer_id >= 0),
            producer_id=self.producer_id,
            producer_epoch=0,
            base_sequence=0,
            batch_size=1 << 20,
        )
        for number in range(self.records):
            key = self.mark or f"key {base_offset + number}".encode()
            builder.append(number, timestamp=number, key=key, value=b"value", headers=[])
        data = bytearray(builder.build())
        struct.pack_into(">q", data, 0, base_offset)
        if self.mark:
            data[ATTRIBUTES_AT + 1] |= IS_CONTROL
            struct.pack_into(">I", data, CRC_AT, calc_crc32c(bytes(data[ATTRIBUTES_AT:])))
        return bytes(data)


def packs_of(*fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Pack]:
    return st.tuples(*fields).map(lambda found: Pack(*found))


#: Kafka compresses no mark.
packs = st.lists(
    packs_of(st.integers(1, 30), st.just(-1), st.none(), st.integers(0, 4))
    | packs_of(st.integers(1, 9), st.integers(0, 2))
    | packs_of(st.just(1), st.integers(0, 2), st.sampled_from([COMMIT, ABORT])),
    max_size=12,
)


class Log(NamedTuple):
    data: bytes
    aborted: list[tuple[int, int]]  # (producer id, first offset), as Kafka tells of transactions


def log_of(packs: Sequence[Pack]) -> Log:
    data, offset = b"", 0
    open_since: dict[int, int] = {}
    aborted = []
    for pack in packs:
        data += pack.packed(offset)
        if pack.mark:
            first = open_since.pop(pack.producer_id, None)
            if pack.mark == ABORT and first is not None:
                aborted.append((pack.producer_id, first))
        elif pack.producer_id >= 0:
            open_since.setdefault(pack.producer_id, offset)
        offset += pack.records
    return Log(data, aborted)


def fetched(log: Log, fetch_offset: int, reader: Any = SafeRecords) -> Any:
    aborted = copy.copy(log.aborted)
    return PartitionRecords(TP_0, reader(log.data), aborted, fetch_offset, None, None, True, READ_COMMITTED)


@given(packs, st.integers(0, 29), st.integers(1, 60))
def test_batches_hold_what_aiokafka_would_have_unpacked(
    packs: list[Pack], fetch_offset: int, at_most: int
) -> None:
    log = log_of(packs)
    fetch_offset = (
        min(fetch_offset, packs[0].records - 1) if packs else 0
    )  # Kafka's answer begins with its batch
    unpacked, in_batches = fetched(log, fetch_offset, MemoryRecords), fetched(log, fetch_offset)

    expected = [(record.offset, record.key, record.value) for record in unpacked]
    batches: list[Batch] = []
    for batch in _in_batches(in_batches, at_most):
        assert fetch_offset <= batch.first_offset <= batch.offset < in_batches.next_fetch_offset
        batches.append(batch)
    expected_sizes = [at_most] * (len(expected) // at_most) + [len(expected) % at_most or at_most]

    assert expected == [(one.offset, one.key, one.value) for batch in batches for one in batch.value]
    assert expected_sizes[: len(batches)] == [len(batch.value) for batch in batches]
    assert unpacked.next_fetch_offset == in_batches.next_fetch_offset
    for batch in batches:
        assert (batch.first_offset, batch.offset) == (batch.value[0].offset, batch.value[-1].offset)


@given(packs, st.integers(1, 60), st.integers(1, 60))
def test_reading_on_after_any_batch_misses_nothing(packs: list[Pack], at_most: int, stop_after: int) -> None:
    log = log_of(packs)
    every = [one.offset for one in fetched(log, 0)]
    in_batches = fetched(log, 0)
    some = islice(_in_batches(in_batches, at_most), stop_after)

    read = [one.offset for batch in some for one in batch.value]

    assert every == read + [offset for offset in every if offset >= in_batches.next_fetch_offset]


def test_a_damaged_batch_is_not_handed_over() -> None:
    log = log_of([Pack(3)])
    damaged = bytearray(log.data)
    damaged[-1] ^= 1

    with pytest.raises(CorruptRecordException):
        [*_in_batches(fetched(log._replace(data=bytes(damaged)), 0), 100)]
