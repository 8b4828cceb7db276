"""Whatever stands in `posts`, each record has one defined end, and the records around it are counted."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import MAX_NESTING, Reason, Rejected, Unread, decode
from sandik.counting.job import Job
from sandik.counting.state import PartitionState
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.post import MAX_TEXT_CHARS, MIN_CREATED_AT_MS
from tests.laws.cut_logs import Record

NOW_MS = 1_683_800_040_000


@pytest.fixture(scope="module")
def job() -> Job:
    return load_job(Settings())


def a_post(*, created_at: bytes = b"1683800040000", text: bytes = b'"oy"', more: bytes = b"") -> bytes:
    return b'{"id":"t:1","source":"t","created_at_ms":%s,"text":%s%s}' % (created_at, text, more)


def nested(levels: int) -> bytes:
    return b',"x":' + b"[" * levels + b"]" * levels


COUNTED = {
    "half of a surrogate pair": a_post(text=b'"\\ud800"', more=b',"x":"\\udc00"'),
    "empty text": a_post(text=b'""'),
    "a megabyte of text": a_post(text=b'"' + b"a " * 500_000 + b'"'),
    "a NUL in the text": a_post(text=b'"\\u0000"'),
    "a duplicated key: the last one holds": a_post(more=b',"text":"oy"'),
    "a number beyond int64 in an unknown field": a_post(more=b',"n":1' + b"0" * 400),
    "an endless exponent in an unknown field": a_post(more=b',"n":1e999999'),
    "nesting in an unknown field": a_post(more=nested(MAX_NESTING - 1)),
    "brackets in the text are no nesting": a_post(text=b'"' + b'[{\\\\\\"' * 500 + b'"'),
    "a language hint of nobody": a_post(more=b',"lang_hint":"x-klingon"'),
    "what a regex may choke on": a_post(text=b'"' + b"a@" * 20_000 + b"#" * 20_000 + b'"'),
    "accents without letters": a_post(text=b'"' + "́".encode() * 10_000 + b'"'),
}
REJECTED = {
    "a tombstone": (None, Reason.NO_VALUE),
    "nothing": (b"", Reason.NOT_JSON),
    "not JSON": (b"hello", Reason.NOT_JSON),
    "NaN": (a_post(created_at=b"NaN"), Reason.NOT_JSON),
    "half of a surrogate pair in the id": (a_post().replace(b"t:1", b"t:\\ud800"), Reason.NOT_A_POST),
    "invalid UTF-8": (a_post(text=b'"\xff\xfe"'), Reason.NOT_JSON),
    "a byte order mark": (b"\xef\xbb\xbf" + a_post(), Reason.NOT_JSON),
    "two posts in one": (a_post() + a_post(), Reason.NOT_JSON),
    "an array": (b"[]", Reason.NOT_A_POST),
    "nested one level too deep": (a_post(more=nested(MAX_NESTING)), Reason.NOT_A_POST),
    "nested 10,000 deep": (a_post(more=nested(10_000)), Reason.NOT_A_POST),
    "a fraction of a millisecond": (a_post(created_at=b"1683800040000.5"), Reason.NOT_A_POST),
    "an unknown operation": (a_post(more=b',"op":"undo"'), Reason.NOT_A_POST),
    "seconds": (a_post(created_at=b"1683800040"), Reason.CREATED_AT_TOO_EARLY),
    "1970": (a_post(created_at=b"0"), Reason.CREATED_AT_TOO_EARLY),
    "before 1970": (a_post(created_at=b"-1683800040000"), Reason.CREATED_AT_TOO_EARLY),
    "far below int64": (a_post(created_at=b"-" + b"9" * 40), Reason.CREATED_AT_TOO_EARLY),
    "microseconds": (a_post(created_at=b"1683800040000000"), Reason.CREATED_AT_AHEAD),
    "2100": (a_post(created_at=b"4102444800000"), Reason.CREATED_AT_AHEAD),
    "far above int64": (a_post(created_at=b"9" * 40), Reason.CREATED_AT_AHEAD),
}


@pytest.mark.parametrize("value", COUNTED.values(), ids=COUNTED)
def test_odd_posts_are_counted(job: Job, value: bytes) -> None:
    tally = job.count(PartitionState.empty("r", 0), [Record(0, NOW_MS, value)]).changes.clock.tally

    assert 1 == tally.counted


@pytest.mark.parametrize(("value", "reason"), REJECTED.values(), ids=REJECTED)
def test_what_cannot_be_counted_is_rejected_with_its_reason(value: bytes | None, reason: Reason) -> None:
    rejected = decode(value, NOW_MS, 300_000)

    assert isinstance(rejected, Rejected)
    assert reason == rejected.reason


def test_good_posts_among_bad_ones_are_all_counted(job: Job) -> None:
    bad = [value for value, _ in REJECTED.values()]
    values = [
        one for number, value in enumerate(bad) for one in (value, a_post().replace(b"t:1", b"t:%d" % number))
    ]
    records = [Record(offset, NOW_MS, value) for offset, value in enumerate(values)]
    tally = job.count(PartitionState.empty("r", 0), records).changes.clock.tally

    assert (len(bad), len(bad)) == (tally.counted, tally.rejected)


def test_five_thousand_language_hints_make_no_cell_more(job: Job) -> None:
    records = [
        Record(offset, NOW_MS, a_post(more=b',"lang_hint":"x%d"' % offset).replace(b"t:1", b"t:%d" % offset))
        for offset in range(5_000)
    ]
    [window] = job.count(PartitionState.empty("r", 0), records).changes.windows

    assert 1 == len(window.counts)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["id", "source", "created_at_ms", "text", "op", "hashtags", "author_id", "x"])


@given(st.binary() | st.dictionaries(names, json_values).map(msgspec.json.encode))
def test_whatever_the_bytes_the_record_is_accounted_for(job: Job, value: bytes) -> None:
    counted = job.count(PartitionState.empty("r", 0), [Record(0, NOW_MS, value)])
    tally = counted.changes.clock.tally

    assert 1 == tally.counted + tally.late + tally.rejected + tally.duplicate + tally.ignored
    assert tally.rejected == len(counted.rejected)


@given(st.data())
def test_a_damaged_post_is_accounted_for(job: Job, data: st.DataObject) -> None:
    """Bytes of a good post replaced, dropped or doubled."""
    value = bytearray(a_post(more=b',"hashtags":["a"],"op":"create"'))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(value) - 1))
        value[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    tally = job.count(PartitionState.empty("r", 0), [Record(0, NOW_MS, bytes(value))]).changes.clock.tally

    assert 1 == tally.counted + tally.late + tally.rejected + tally.duplicate + tally.ignored


def test_with_a_lateness_without_end_no_post_is_late(job: Job) -> None:
    patient = replace(job, timing=job.timing._replace(allowed_lateness_ms=10**30))
    times = (NOW_MS, MIN_CREATED_AT_MS)
    records = [
        Record(offset, NOW_MS, a_post(created_at=b"%d" % time_ms).replace(b"t:1", b"t:%d" % offset))
        for offset, time_ms in enumerate(times)
    ]
    tally = patient.count(PartitionState.empty("r", 0), records).changes.clock.tally

    assert (2, 0) == (tally.counted, tally.late)


def test_records_that_could_not_be_read_are_each_in_the_tally_and_one_row_of_rejections(job: Job) -> None:
    """Their letter is one, and so is what the dead-letter limit counts."""
    unread = Unread(Reason.TOO_LARGE, "too much", 1, 100, 1_000, 70_000_000)
    records = [Record(0, NOW_MS, a_post()), Record(100, NOW_MS, unread), Record(101, NOW_MS, b"no post")]
    counted = job.count(PartitionState.empty("r", 0), records)
    clock = counted.changes.clock

    assert (clock.offset, clock.tally.counted, clock.tally.rejected) == (101, 1, 101)
    assert [(offset, one.reason) for offset, one in counted.rejected] == [
        (100, Reason.TOO_LARGE),
        (101, Reason.NOT_JSON),
    ]
    assert 2 == clock.rejected_in_a_row


def test_of_a_text_as_long_as_no_post_is_the_beginning_is_read() -> None:
    """Whoever writes records of a megabyte decides neither how long a batch takes nor how much memory."""
    job = load_job(Settings())
    inside, beyond = " " * (MAX_TEXT_CHARS - 40), " " * MAX_TEXT_CHARS
    texts = [f"seçim günü{space}deepfake videosu" for space in (inside, beyond)]
    assert [one.tags for one in job.annotate(texts)] == [("deepfake", "election"), ("election",)]
