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
from sandik.worker.engine.batching import in_lists

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


def listed(log: Log, at_most: int) -> Any:
    with in_lists(at_most):
        return fetched(log, 0)


@given(packs, st.integers(1, 60))
def test_lists_hold_what_aiokafka_would_have_unpacked(packs: list[Pack], at_most: int) -> None:
    log = log_of(packs)
    unpacked, lists = fetched(log, 0, MemoryRecords), listed(log, at_most)

    expected = [(record.offset, record.key, record.value) for record in unpacked]
    found = []
    for record in lists:
        assert record.offset == record.value[-1].offset < lists.next_fetch_offset
        found.append(record.value)

    assert expected == [(one.offset, one.key, one.value) for some in found for one in some]
    assert max(map(len, found), default=0) <= at_most
    assert unpacked.next_fetch_offset == lists.next_fetch_offset


@given(st.lists(packs_of(st.integers(1, 30), st.just(-1), st.none(), st.integers(0, 4))), st.integers(1, 60))
def test_lists_are_as_long_as_they_may_be_however_kafka_packed_them(packs: list[Pack], at_most: int) -> None:
    total = sum(pack.records for pack in packs)

    sizes = [len(record.value) for record in listed(log_of(packs), at_most)]

    assert sizes == [min(at_most, total - start) for start in range(0, total, at_most)]


@given(packs, st.integers(1, 60), st.integers(1, 60))
def test_reading_on_after_any_list_misses_nothing(packs: list[Pack], at_most: int, stop_after: int) -> None:
    log = log_of(packs)
    every = [one.offset for one in fetched(log, 0)]
    lists = listed(log, at_most)

    read = [one.offset for record in islice(lists, stop_after) for one in record.value]

    assert every == read + [offset for offset in every if offset >= lists.next_fetch_offset]


def test_a_damaged_batch_is_not_handed_over_and_those_before_it_are() -> None:
    log = log_of([Pack(3), Pack(2)])
    damaged = bytearray(log.data)
    damaged[-1] ^= 1
    lists = listed(log._replace(data=bytes(damaged)), 100)

    assert [one.offset for one in next(lists).value] == [0, 1, 2]
    with pytest.raises(CorruptRecordException):
        next(lists)
    assert lists.next_fetch_offset == 3
