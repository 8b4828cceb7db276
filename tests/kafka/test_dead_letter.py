"""A letter: the record as it came; of one that would be too long for Kafka then, only what is to be said.

What it says is what its worker wrote, whatever headers the record came with.
"""

from dataclasses import replace

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import Reason, Rejected, Unread
from sandik.counting.fold import Late
from sandik.kafka.dead_letter import (
    ATTEMPTS,
    LEFT_OUT,
    MAX_COPIED_BYTES,
    REDRIVEN_FROM,
    Letter,
    dead_letter,
    late_post,
    letter_of,
)
from sandik.kafka.publish import Outgoing
from sandik.kafka.unpacking import LeftOut
from tests.support.examples import examples

#: What Kafka takes as it is shipped.
MAX_MESSAGE_BYTES = 1_048_588
SOURCE = TopicPartition("posts", 3)
SIZES = st.sampled_from([0, 1, 1_000, MAX_COPIED_BYTES // 2, MAX_COPIED_BYTES, MAX_COPIED_BYTES + 1])


def a_record(
    key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]
) -> ConsumerRecord:
    return ConsumerRecord("posts", 3, 7, 1, 0, key, value, None, 1, 1, headers)


def both_of(record: ConsumerRecord, why: str = "why") -> tuple[Outgoing, Outgoing]:
    """The letters of a record that is rejected, and of one that is late."""
    return (
        dead_letter("posts.dlq", SOURCE, record, Rejected(Reason.NOT_JSON, why)),
        late_post("posts.late", SOURCE, record, Late(7, 1, 0, 60_001), 60_000),
    )


def test_a_record_of_ordinary_length_is_copied_to_its_own_partition() -> None:
    record = a_record(b"k", b"v", (("mine", b"1"),))
    for letter in both_of(record):
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
    found = read(letter)
    assert found is not None
    assert found.is_whole == (kept == came)


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
    for letter in both_of(record, "\U0001f5f3" * 300):
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


Headers = list[tuple[str, bytes | None]]
OURS = [
    "original_topic", "original_partition", "original_offset", "original_timestamp_ms", "version", "reason",
    "stage", "detail", "lateness_ms", "window", "watermark", LEFT_OUT, ATTEMPTS, REDRIVEN_FROM,
]  # fmt: skip
NUMBERS = st.sampled_from([b"x", b"-5", b"99", b"9" * 30, "٣".encode(), b"\xff", b"", b"1_0", b" 1", b"+1"])
VALUES = st.one_of(st.none(), NUMBERS, st.binary(max_size=9), st.sampled_from([b"posts", b"posts/3/1"]))
SAID = st.lists(st.tuples(st.one_of(st.sampled_from(OURS), st.text(max_size=5)), VALUES), max_size=8)


def letters(headers: Headers) -> list[Letter]:
    """The letters of a rejected and of a late record."""
    found = [read(one) for one in both_of(a_record(b"k", b"v", tuple(headers)))]
    return [one for one in found if one is not None]


def read(written: Outgoing) -> Letter | None:
    headers = tuple(written.headers or ())
    partition = written.partition or 0
    return letter_of(
        ConsumerRecord(written.topic, partition, 5, 9, 0, written.key, written.value, None, 1, 1, headers)
    )


@given(SAID)
def test_no_header_of_a_record_changes_what_its_letter_says_or_hides_it(headers: Headers) -> None:
    plain, found = letters([]), letters(headers)

    assert len(found) == len(plain) == 2
    for expected, one in zip(plain, found, strict=True):
        assert one._replace(headers={}, attempts=0, redriven_from=None) == expected._replace(headers={})
        assert 0 <= one.attempts < 1_000_000


@given(SAID, SAID)
def test_a_record_that_no_worker_wrote_is_none_or_of_its_own_place(before: Headers, after: Headers) -> None:
    headers = (*before, ("original_topic", b"posts"), *after)
    letter = letter_of(ConsumerRecord("posts.dlq", 3, 5, 9, 0, b"k", b"v", None, 1, 1, headers))

    if letter is not None:
        assert (letter.origin.topic, letter.origin.partition) == ("posts", 3)
        assert 0 <= letter.origin.offset < 1 << 63


def test_what_is_put_back_says_of_which_record_it_is_a_copy() -> None:
    headers: Headers = [(ATTEMPTS, b"2"), (REDRIVEN_FROM, b"other-posts/3/12")]
    for letter in letters(headers):
        assert (letter.attempts, str(letter.redriven_from)) == (2, "other-posts/3/12")
    for letter in letters(headers * 2):  # redrive writes each once
        assert (letter.attempts, letter.redriven_from) == (0, None)
