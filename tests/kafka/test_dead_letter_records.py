"""A letter: the record as it came; of one that would be too long for Kafka then, only what is to be said."""

from dataclasses import replace

from aiokafka import ConsumerRecord
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import Reason, Rejected, Unread
from sandik.counting.fold import Late
from sandik.dead_letters.letter import letter_of
from sandik.kafka.dead_letter_records import MAX_COPIED_BYTES, dead_letter, late_post
from sandik.kafka.publish import Outgoing
from sandik.kafka.unpacking import LeftOut
from sandik_schemas.headers import LEFT_OUT
from tests.support.examples import examples

#: What Kafka takes as it is shipped.
MAX_MESSAGE_BYTES = 1_048_588
SOURCE = TP("posts", 3)
SIZES = st.sampled_from([0, 1, 1_000, MAX_COPIED_BYTES // 2, MAX_COPIED_BYTES, MAX_COPIED_BYTES + 1])


def a_record(
    key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]
) -> ConsumerRecord:
    return ConsumerRecord("posts", 3, 7, 1, 0, key, value, None, 1, 1, headers)


def test_a_record_of_ordinary_length_is_copied_to_its_own_partition() -> None:
    record = a_record(b"k", b"v", (("mine", b"1"),))
    for letter in (
        dead_letter("posts.dlq", SOURCE, record, Rejected(Reason.NOT_JSON, "why")),
        late_post("posts.late", SOURCE, record, Late(7, 1, 0, 60_001), 60_000),
    ):
        assert (letter.partition, letter.key, letter.value) == (3, b"k", b"v")
        assert letter.headers is not None
        assert letter.headers[0] == ("mine", b"1")
        assert LEFT_OUT not in dict(letter.headers)


@given(SIZES, SIZES, SIZES)
def test_no_letter_is_longer_than_kafka_takes_and_what_is_left_out_is_told(
    key_bytes: int, value_bytes: int, header_bytes: int
) -> None:
    record = a_record(b"k" * key_bytes, b"v" * value_bytes, (("h", b"h" * header_bytes),))
    letter = dead_letter("posts.dlq", SOURCE, record, Rejected(Reason.NOT_JSON, "x" * 300))

    headers = dict(letter.headers or ())
    kept = len(letter.key or b"") + len(letter.value or b"") + len(headers.get("h", b""))
    came = key_bytes + value_bytes + header_bytes
    assert kept + sum(len(name) + len(value) for name, value in headers.items() if name != "h") < 1 << 20
    assert came - kept in (int(headers.get(LEFT_OUT, b"0")), int(headers.get(LEFT_OUT, b"0")) - 1)  # its name
    assert (kept == came) == (LEFT_OUT not in headers)
    assert headers["original_offset"] == b"7"
    read = letter_of(
        ConsumerRecord("posts.dlq", 3, 0, 1, 0, letter.key, letter.value, None, 1, 1, tuple(headers.items()))
    )
    assert read is not None
    assert read.is_whole == (kept == came)


def as_kafka_counts(letter: Outgoing) -> int:
    return int(
        DefaultRecordBatchBuilder.estimate_size_in_bytes(letter.key, letter.value, letter.headers or [])
    )


many = st.sampled_from([0, 1, 3, 300, 9_000, 130_000, 262_000, 520_000])
HEADERS = {
    "empty": ("", b""),
    "null": ("", None),
    "of one letter": ("h", b"v"),
    "with a name of two bytes a letter": ("ş", None),
    "with a name that was no UTF-8": ("\ufffd" * 3, b""),
}


@examples(40)
@given(st.sampled_from(list(HEADERS.values())), many, SIZES, SIZES)
def test_a_letter_fits_whatever_its_headers(
    header: tuple[str, bytes | None], count: int, key_bytes: int, value_bytes: int
) -> None:
    record = a_record(b"k" * key_bytes, b"v" * value_bytes, (header,) * count)
    for letter in (
        dead_letter("posts.dlq", SOURCE, record, Rejected(Reason.NOT_JSON, "\U0001f5f3" * 300)),
        late_post("posts.late", SOURCE, record, Late(7, 1, 0, 60_001), 60_000),
    ):
        assert as_kafka_counts(letter) < MAX_MESSAGE_BYTES
        copied = sum(1 for one in letter.headers or () if one == header)
        sizes = len(letter.key or b""), len(letter.value or b""), copied
        is_whole = sizes == (key_bytes, value_bytes, count)
        assert is_whole != (LEFT_OUT in dict(letter.headers or ()))


def test_a_letter_by_reference_says_which_records_it_stands_for_and_how_large_they_are() -> None:
    value = Unread(Reason.TOO_LARGE, "why", 7, 106, 1_000, 70_000_000)
    record = replace(a_record(None, value, ()), offset=106)
    letter = dead_letter("posts.dlq", SOURCE, record, value.rejected)

    said = dict(letter.headers or ())
    assert (letter.key, letter.value) == (None, None)
    assert (said["original_offset"], said["original_last_offset"]) == (b"7", b"106")
    assert (said["packed_bytes"], said["unpacked_bytes"]) == (b"1000", b"70000000")
    assert (said["reason"], said[LEFT_OUT]) == (b"too_large", b"70000000")


def test_headers_that_were_left_out_when_the_record_was_read_are_told() -> None:
    record = a_record(b"k", b"v", LeftOut(1_048_400))
    letter = dead_letter("posts.dlq", SOURCE, record, Rejected(Reason.NOT_JSON, "why"))

    assert (letter.key, letter.value) == (b"k", b"v")
    assert dict(letter.headers or ())[LEFT_OUT] == b"1048400"
