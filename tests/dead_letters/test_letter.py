"""What a letter says is what its worker wrote, whatever headers the record came with."""

from aiokafka import ConsumerRecord
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import Reason, Rejected
from sandik.counting.fold import Late
from sandik.dead_letters.letter import Letter, letter_of
from sandik.kafka.dead_letter_records import dead_letter, late_post
from sandik.kafka.publish import Outgoing
from sandik_schemas.headers import ATTEMPTS, LEFT_OUT, REDRIVEN_FROM

Headers = list[tuple[str, bytes | None]]

OURS = [
    "original_topic", "original_partition", "original_offset", "original_timestamp_ms", "version", "reason",
    "stage", "detail", "lateness_ms", "window", "watermark", LEFT_OUT, ATTEMPTS, REDRIVEN_FROM,
]  # fmt: skip
NUMBERS = st.sampled_from([b"x", b"-5", b"99", b"9" * 30, "٣".encode(), b"\xff", b"", b"1_0", b" 1", b"+1"])
VALUES = st.one_of(st.none(), NUMBERS, st.binary(max_size=9), st.sampled_from([b"posts", b"posts/3/1"]))
HEADERS = st.lists(st.tuples(st.one_of(st.sampled_from(OURS), st.text(max_size=5)), VALUES), max_size=8)
SOURCE, OFFSET = TP("posts", 3), 7


def letters(headers: Headers) -> list[Letter]:
    """The letters of a rejected and of a late record."""
    record = ConsumerRecord("posts", 3, OFFSET, 1, 0, b"k", b"v", None, 1, 1, tuple(headers))
    written = (
        dead_letter("posts.dlq", SOURCE, record, Rejected(Reason.NOT_JSON, "why")),
        late_post("posts.late", SOURCE, record, Late(OFFSET, 1, 0, 60_001), 60_000),
    )
    found = [read(one) for one in written]
    return [one for one in found if one is not None]


def read(written: Outgoing) -> Letter | None:
    headers = tuple(written.headers or ())
    partition = written.partition or 0
    return letter_of(
        ConsumerRecord(written.topic, partition, 5, 9, 0, written.key, written.value, None, 1, 1, headers)
    )


@given(HEADERS)
def test_no_header_of_a_record_changes_what_its_letter_says_or_hides_it(headers: Headers) -> None:
    plain, found = letters([]), letters(headers)

    assert len(found) == len(plain) == 2
    for expected, one in zip(plain, found, strict=True):
        assert one._replace(headers={}, attempts=0, redriven_from=None) == expected._replace(headers={})
        assert 0 <= one.attempts < 1_000_000


@given(HEADERS, HEADERS)
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
