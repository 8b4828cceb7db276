"""Laws of what Kafka has packed: the honest is read as aiokafka reads it, and nothing else is an error."""

import struct
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.memory_records import MemoryRecords
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import Reason, Unread
from sandik.kafka.record_lists import BATCH_BYTES
from sandik.kafka.unpacking import (
    MAX_HEADERS,
    MAX_RECORD_BYTES,
    MAX_RECORDS,
    MAX_UNPACKED_BYTES,
    LeftOut,
    SafeRecords,
)
from sandik.worker.engine.batching import in_lists
from tests.support.hostile import CODECS, Raw, a_batch, batch_of, varint

TP_0 = TP("posts", 0)
#: Where the records of a batch begin, and where it says how many they are.
RECORDS_AT, COUNT_AT = 61, 57

codecs = st.sampled_from([None, *CODECS])
names = st.text(max_size=4).map(str.encode)
headers = st.lists(st.tuples(names, st.none() | st.binary(max_size=5)), max_size=3)
raws = st.tuples(
    st.none() | st.binary(max_size=80), st.none() | st.binary(max_size=8), headers, st.integers(-5, 1_000_000)
).map(lambda fields: Raw(*fields[:3], timestamp_delta_ms=fields[3]))
logs = st.lists(st.tuples(st.lists(raws, min_size=1, max_size=12), codecs), max_size=5)


def packed(log: Sequence[tuple[list[Raw], str | None]]) -> bytes:
    data, offset = b"", 0
    for records, codec in log:
        data += a_batch(records, codec, timestamp_ms=1_000, base_offset=offset)
        offset += len(records)
    return data


def fetched(data: bytes, reader: Any = SafeRecords) -> Any:
    return PartitionRecords(TP_0, reader(data), None, 0, None, None, True, READ_COMMITTED)


def listed(data: bytes, at_most: int) -> list[list[Any]]:
    with in_lists(at_most):
        return [one.value for one in fetched(data)]


def read(data: bytes) -> list[Any]:
    return [*fetched(data)]


def spans(records: Sequence[Any]) -> list[tuple[int, int]]:
    """Return from which offset to which each record stands for records."""
    return [
        (one.value.first_offset if isinstance(one.value, Unread) else one.offset, one.offset)
        for one in records
    ]


def unread(records: Sequence[Any]) -> list[tuple[int, int, Reason]]:
    values = [one.value for one in records if isinstance(one.value, Unread)]
    return [(value.first_offset, value.last_offset, value.reason) for value in values]


@given(logs)
def test_what_is_honest_is_read_as_aiokafka_reads_it(log: list[tuple[list[Raw], str | None]]) -> None:
    data = packed(log)
    expected, found = fetched(data, MemoryRecords), fetched(data)

    assert [*expected] == [*found]
    assert expected.next_fetch_offset == found.next_fetch_offset


@given(st.lists(raws, min_size=1, max_size=8), codecs, st.data())
def test_whatever_is_inside_a_batch_each_of_its_offsets_is_told_once(
    records: list[Raw], codec: str | None, data: st.DataObject
) -> None:
    body = bytearray(b"".join(record.packed(number) for number, record in enumerate(records)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1)) if body else 0
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    behind = data.draw(st.just(b"") | st.binary(max_size=8))
    batch = batch_of(bytes(body), len(records), codec, base_offset=100, behind=behind)
    found = read(batch + a_batch([Raw(b"next")], base_offset=100 + len(records)))

    *hostile, last = found
    assert (last.offset, last.value) == (100 + len(records), b"next")
    told = [offset for first, end in spans(hostile) for offset in range(first, end + 1)]
    assert told == [*range(100, 100 + len(records))]


@given(st.lists(raws, min_size=2, max_size=8), codecs, st.data())
def test_a_record_that_is_wrong_costs_no_other_one(
    records: list[Raw], codec: str | None, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    offset_delta = data.draw(st.integers(-3, 20).filter(lambda delta: delta != place))
    wrong = [*records[:place], records[place]._replace(offset_delta=offset_delta), *records[place + 1 :]]
    found = read(a_batch(wrong, codec))

    assert unread(found) == [(place, place, Reason.UNREADABLE)]
    others = [(one.offset, one.value) for one in found if one.offset != place]
    assert others == [(number, raw.value) for number, raw in enumerate(records) if number != place]


@pytest.mark.parametrize("codec", CODECS)
def test_a_batch_that_becomes_too_much_is_told_and_the_next_one_is_read(codec: str) -> None:
    bomb = a_batch([Raw(b" " * 1_000_000)] * (MAX_UNPACKED_BYTES // 1_000_000 + 1), codec)
    last = MAX_UNPACKED_BYTES // 1_000_000
    found = read(bomb + a_batch([Raw(b"next")], base_offset=last + 1))

    assert unread(found) == [(0, last, Reason.TOO_LARGE)]
    assert found[0].value.packed_bytes == len(bomb)
    assert found[0].value.unpacked_bytes >= MAX_UNPACKED_BYTES
    assert (found[1].offset, found[1].value) == (last + 1, b"next")


def of_length(record_bytes: int) -> Raw:
    value = b" " * record_bytes
    while len(body := Raw(value).packed(1)) - len(varint(len(body))) > record_bytes:
        value = value[1:]
    return Raw(value)


@pytest.mark.parametrize("codec", [None, *CODECS])
def test_the_longest_record_is_read_and_one_byte_more_is_not(codec: str | None) -> None:
    longest, too_long = of_length(MAX_RECORD_BYTES), of_length(MAX_RECORD_BYTES + 1)
    found = read(a_batch([Raw(b"a"), longest, too_long, Raw(b"b")], codec))

    assert unread(found) == [(2, 2, Reason.TOO_LARGE)]
    assert [one.value for one in found] == [b"a", longest.value, b"", b"b"]


def test_names_of_headers_may_be_any_bytes() -> None:
    [one] = read(a_batch([Raw(b"a", headers=[(b"\xfe\xff", b"x"), (b"b", None)])]))

    assert one.headers == (("\ufffd\ufffd", b"x"), ("b", None))


def test_headers_that_are_too_many_are_left_out_and_those_of_others_are_not() -> None:
    many = [(b"", b"")] * (MAX_HEADERS + 1)
    [[first, second]] = listed(a_batch([Raw(b"a", headers=many), Raw(b"b", headers=many[1:])]), 100)

    assert isinstance(first.headers, LeftOut)
    assert (first.value, len(first.headers), first.headers.size_bytes) == (b"a", 0, 2 * len(many))
    assert (second.value, len(second.headers)) == (b"b", MAX_HEADERS)


def test_a_batch_of_more_records_than_anybody_packs_is_not_looked_through() -> None:
    shortest = Raw(None).packed(0)
    batch = batch_of(shortest * (MAX_RECORDS + 1), MAX_RECORDS + 1, "lz4")

    assert unread(read(batch)) == [(0, MAX_RECORDS, Reason.TOO_LARGE)]


def test_a_batch_that_claims_more_records_than_it_has_offsets_is_unreadable() -> None:
    batch = bytearray(a_batch([Raw(b"a"), Raw(b"b")]))
    struct.pack_into(">i", batch, COUNT_AT, 3)
    found = PartitionRecords(TP_0, SafeRecords(bytes(batch)), None, 0, None, None, False, READ_COMMITTED)

    assert unread([*found]) == [(0, 1, Reason.UNREADABLE)]


def test_a_gzip_of_empty_members_takes_no_time() -> None:
    """Each member once more looked at what follows it, this would take hours."""
    empty = CODECS["gzip"][1](b"")
    body = b"".join([empty] * 50_000) + CODECS["gzip"][1](Raw(b"a").packed(0))
    batch = bytearray(batch_of(b"", 1, "gzip"))[:RECORDS_AT] + body
    batch[8:12] = struct.pack(">i", len(batch) - 12)
    found = PartitionRecords(TP_0, SafeRecords(bytes(batch)), None, 0, None, None, False, READ_COMMITTED)

    assert [one.value for one in found] == [b"a"]


def test_all_of_a_fetch_at_once_is_no_more_than_two_batches_may_be() -> None:
    """As `getmany` has it. What is left is fetched again, from behind the last record."""
    records = [Raw(b" " * 1_000_000)] * 60
    data = b"".join(a_batch(records, "zstd", base_offset=60 * number) for number in range(5))
    found = fetched(data)

    assert len([*found]) == 120
    assert found.next_fetch_offset == 120


@given(st.lists(st.integers(0, BATCH_BYTES // 2), max_size=40), st.integers(1, 9))
def test_a_batch_is_handed_over_in_pieces_of_so_many_records_or_bytes(sizes: list[int], at_most: int) -> None:
    records = [Raw(b" " * size) for size in sizes]
    found = listed(a_batch(records) if records else b"", at_most)
    batches = [[len(one.value or b"") for one in some] for some in found]

    assert [size for batch in batches for size in batch] == sizes
    for batch in batches[:-1]:
        assert len(batch) == at_most or sum(batch) >= BATCH_BYTES
    for batch in batches:
        assert len(batch) <= at_most
        assert sum(batch[:-1]) < BATCH_BYTES


def test_what_was_not_read_closes_its_piece() -> None:
    """To find that out may take long: a hundred of them in a row leave the others their turns."""
    bomb = a_batch([Raw(b" " * 2_000_000)], "zstd")
    data = b"".join(
        struct.pack(">q", number) + bomb[8:] if number % 2 else a_batch([Raw(b"a")], base_offset=number)
        for number in range(6)
    )

    assert [len(some) for some in listed(data, 100)] == [2, 2, 2]
