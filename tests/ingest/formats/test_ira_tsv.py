from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.formats.ira_tsv import HEADER, read
from sandik.ingest.items import Rejected, RejectReason
from sandik_schemas.post import Post

ROW = "2016-11-08 21:15:00\tan_author\tRussian\tR\t1\tUnknown\tВыборы"


def a_file(*rows: str) -> list[bytes]:
    return [HEADER + b"\n", *(row.encode() + b"\n" for row in rows)]


def test_a_row_becomes_a_post_at_its_utc_minute() -> None:
    [post] = read(a_file(ROW))

    assert isinstance(post, Post)
    assert post.created_at_ms == 1_478_639_700_000
    assert (post.source, post.text, post.author_id) == ("ira", "Выборы", "an_author")
    assert post.lang_hint == "ru"
    assert post.repost_of is None


def test_quotation_marks_mean_nothing() -> None:
    rows = [ROW.replace("Выборы", text) for text in ('"Shocking', 'say "no"', '"both" "ends"')]

    assert [item.text for item in read(a_file(*rows)) if isinstance(item, Post)] == [
        '"Shocking',
        'say "no"',
        '"both" "ends"',
    ]


@given(st.lists(st.sampled_from([ROW, ROW + "\t", "2016\t", "", ROW.replace("2016", "16")])))
def test_every_row_is_a_post_or_reported_with_its_line_and_equal_rows_stay_apart(rows: list[str]) -> None:
    items = list(read(a_file(*rows)))

    assert len(items) == len(rows)
    assert len({item.id for item in items if isinstance(item, Post)}) == rows.count(ROW)
    assert [item.where for item in items if isinstance(item, Rejected)] == [
        f"line {number}" for number, row in enumerate(rows, start=2) if row != ROW
    ]


def test_an_id_stays_the_same_and_follows_the_content() -> None:
    def id_of(row: str) -> str:
        [post] = read(a_file(row))
        assert isinstance(post, Post)
        return post.id

    assert id_of(ROW) == id_of(ROW)
    assert id_of(ROW) != id_of(ROW + "!")


def test_reasons_tell_columns_times_and_encodings_apart() -> None:
    rows = [b"one\ttwo", ROW.replace("-08", "-32").encode(), ROW.encode("cp1251")]

    reasons = [item.reason for item in read(rows) if isinstance(item, Rejected)]
    assert reasons == [RejectReason.BAD_COLUMNS, RejectReason.BAD_TIME, RejectReason.NOT_UTF8]


def test_a_language_that_is_none_gives_no_hint() -> None:
    [post] = read(a_file(ROW.replace("Russian", "LANGUAGE UNDEFINED")))

    assert isinstance(post, Post)
    assert post.lang_hint is None
