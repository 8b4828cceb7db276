"""A letter: the record as it came; of one that would be too long for Kafka then, only what is to be said."""

from aiokafka import ConsumerRecord
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from schemas.headers import LEFT_OUT
from streams.dead_letter import MAX_COPIED_BYTES, dead_letter, late_post
from streams.letters.letter import letter_of
from streams.steps.counts import Late
from streams.steps.decode import Reason, Rejected

SOURCE = TP("posts", 3)
SIZES = st.sampled_from([0, 1, 1_000, MAX_COPIED_BYTES // 2, MAX_COPIED_BYTES, MAX_COPIED_BYTES + 1])


def a_record(
    key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...]
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
