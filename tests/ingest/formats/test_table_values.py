"""What the cells of tables mean, and what is refused rather than believed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.ingest.command import table_options
from sandik.ingest.decoding.times import iso_ms, mail_ms, zone_of
from sandik.ingest.formats.cell_values import JUDGED_IDS, Rounded, is_doubtful, is_nothing, native_id
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item, Rejected, Skipped
from sandik_schemas.post import Post

NOON_MS = 1_683_806_400_000  # 2023-05-11T12:00:00Z
#: Ids as X gives them out, far enough apart.
REAL_IDS = st.integers(0, 10**11).map(lambda number: str(1_650_000_000_000_000_000 + number * 4_194_304 + 3))


def rows(tmp_path: Path, text: str, options: TableOptions | None = None, name: str = "t.csv") -> list[Item]:
    path = tmp_path / name
    path.write_text(text, newline="")
    return list(read([open_source(str(path), None, options)]))


def with_options(**said: str | None) -> TableOptions:
    given = {"columns": None, "zone": None, "time_format": None, "source": None, "encoding": "utf-8-sig"}
    return table_options(**(given | said))  # type: ignore[arg-type]


def times(items: list[Item]) -> list[int]:
    return [item.created_at_ms for item in items if isinstance(item, Post)]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("45057.875", "spreadsheet"),
        ("45057", "spreadsheet"),
        ('"45057,875"', "spreadsheet"),
        ("20230511", "%Y%m%d"),
        ("2023051112", "%Y%m%d%H"),
        ("202305111200", "%Y%m%d%H%M"),
        ("20230511120000", "%Y%m%d%H%M%S"),
        ("20230511120000123", "%Y%m%d%H%M%S%f"),
        ("2023", "a year"),
        ("2023.0", "a year"),
        ("1.6838E+12", "rounded"),
        ("0000-00-00 00:00:00", "if there is no time"),
        ("1899-12-30T00:00:00Z", "if there is no time"),
        ("1904-01-01T00:00:00Z", "if there is no time"),
        ("0001-01-01T00:00:00Z", "if there is no time"),
        ("638194104000000000", ".NET"),
        ("133282800000000000", "Windows"),
        ("13328280000000000", "Chrome"),
        ("0", "before 2000"),
        ("-1683806400", "before 2000"),
        ("99999999999", "after 2100"),
        ("nan", "is not a time"),
        ("None", "is not a time"),
        ("inf", "is not a time"),
        ("", "is not a time"),
        ("12:00:00", "is not a time"),
        ("9999-12-31T23:59:59Z", "after 2100"),
        ("0001-01-01T00:00:00+14:00", "is not a time"),
    ],
)
def test_a_value_that_is_no_time_of_a_post_is_rejected_and_says_what_it_looks_like(
    tmp_path: Path, written: str, told: str
) -> None:
    for zone in (None, "Europe/Istanbul"):
        [item] = rows(tmp_path, f"id,created_at,text\n1,{written},oy\n", with_options(zone=zone))
        if written == "2023051112":
            # As seconds it is the year 2034: only the clock can tell, and the command looks at it.
            assert isinstance(item, Post)
            continue
        assert isinstance(item, Rejected), item
        assert (item.reason, told in item.detail) == ("bad_time", True), item.detail


@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("1683806400", {}),
        ("1683806400.0", {}),
        ("1683806400000.0", {}),
        ("1683806400000", {}),
        ("1683806400000000", {}),
        ("2023-05-11 15:00:00", {"zone": "+03:00"}),
        ("2023-05-11 15:00:00", {"zone": "+0300"}),
        ("2023-05-11 15:00:00", {"zone": "UTC+3"}),
        ("2023-05-11 15:00:00", {"zone": "Europe/Istanbul"}),
        ("2023-05-11 12:00:00", {"zone": "Z"}),
        ("2023-05-11 08:00:00 EDT", {}),
        ("2023-05-11 12:00:00 GMT", {}),
        ("2023-05-11 15:00:00 GMT+3", {}),
        ("2023-05-11 15:00:00 TRT", {"zone": "UTC"}),
        ("Thu May 11 15:00:00 TRT 2023", {}),
        ("2023/5/11 15:00", {"zone": "+03:00"}),
        ("2023-05-11 3:00:00 PM", {"zone": "+03:00"}),
        ("2023-05-11 12:00 pm UTC", {}),
        ("2023-05-11 8:00:00 EDT", {}),
        ("20230511 1200", {"time_format": "%Y%m%d %H%M", "zone": "UTC"}),
        ("45057.5", {"time_format": "excel", "zone": "UTC"}),
        ('"45057,625"', {"time_format": "excel", "zone": "+03:00"}),
        ("43595.5", {"time_format": "excel-1904", "zone": "UTC"}),
    ],
)
def test_a_time_is_the_same_instant_however_it_is_written(
    tmp_path: Path, written: str, options: dict[str, str]
) -> None:
    assert times(rows(tmp_path, f"id,time,text\n1,{written},oy\n", with_options(**options))) == [NOON_MS]


@pytest.mark.parametrize("written", ["2023-05-11 12:00:00 IST", "2023-05-11 12:00:00 XYZ"])
def test_a_zone_that_may_be_several_or_none_is_not_guessed(written: str) -> None:
    assert iso_ms(written, zone_of("+03:00")) is None
    assert mail_ms(f"Thu, 11 May 2023 12:00:00 {written[-3:]}", zone_of("+03:00")) is None


@pytest.mark.parametrize("zone", ["+25:00", "+03:75", "UTC+99"])
def test_a_distance_that_no_zone_has_is_a_usage_error(zone: str) -> None:
    with pytest.raises(UsageError, match="--zone"):
        with_options(zone=zone)


def test_a_day_in_one_column_and_an_hour_in_another_are_one_time(tmp_path: Path) -> None:
    text = "id,date,time,text\n1,2023-05-11,15:00:00,oy\n2,2023-05-11T12:00:00Z,15:00,oy\n"
    assert times(rows(tmp_path, text, with_options(zone="+03:00"))) == [NOON_MS, NOON_MS]

    text = "no;gün;saat;mesaj\n1;11.05.2023;15:00;oy\n"
    columns = "id=no,time=gün,time_of_day=saat,text=mesaj"
    options = with_options(columns=columns, zone="+03:00", time_format="%d.%m.%Y %H:%M")
    assert times(rows(tmp_path, text, options)) == [NOON_MS]


NOTHING = [
    "None",
    "NaN",
    "nan",
    "NULL",
    "null",
    "0",
    "False",
    r"\N",
    "",
    '"None"',
    "'NULL'",
    "N/A",
    "<NA>",
    "0.0",
]


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_programs_write_for_nothing_is_no_id(tmp_path: Path, nothing: str) -> None:
    text = f"id,time,text,author_id,retweeted_id,in_reply_to_id,lang\n7,1683806400,oy{f',{nothing}' * 4}\n"
    assert rows(tmp_path, text) == [Post("t:7", "t", NOON_MS, "oy")]

    [post] = rows(tmp_path, f"id,time,text\n{nothing},1683806400,oy\n")
    assert isinstance(post, Post)
    assert post.id.startswith("t:1-")


@given(st.sampled_from(NOTHING[:-1]), st.sampled_from([str.lower, str.upper, str.title]))
def test_nothing_is_nothing_in_any_case(word: str, case: object) -> None:
    written = case(word.strip("\"'"))  # type: ignore[operator]
    assert native_id(written) is None
    assert not written or is_nothing(written)


@pytest.mark.parametrize(
    ("columns", "cells", "repeats"),
    [
        ("is_retweet", "True", "t:@ali"),
        ("is_retweet", "1", "t:@ali"),
        ("is_retweet", "False", None),
        ("retweeted_id", "17", "t:17"),
        ("retweeted_id", "17.0", "t:17"),
        ("retweeted_id", "True", "t:@ali"),
        ("retweeted_id", "None", None),
        ("likes", "3", "t:@ali"),
    ],
)
def test_a_repost_is_what_a_column_says_or_else_the_text(
    tmp_path: Path, columns: str, cells: str, repeats: str | None
) -> None:
    [post] = rows(tmp_path, f"id,time,text,{columns}\n1,1683806400,RT @ali: oy,{cells}\n")
    assert isinstance(post, Post)
    assert post.repost_of == repeats


def a_table(ids: list[str], authors: list[str] | None = None) -> str:
    cells = [
        f"{post_id},{1_683_806_400 + at},oy,{authors[at] if authors else 'ayse'}"
        for at, post_id in enumerate(ids)
    ]
    return "\n".join(["id,time,text,user_id", *cells, ""])


def rounded_to(digits: int, native: str) -> str:
    return native[:digits] + "0" * (len(native) - digits)


@given(st.lists(REAL_IDS, min_size=2, max_size=80, unique=True), st.sampled_from([15, 16, 17]))
def test_a_column_that_a_program_rounded_is_refused_whole(ids: list[str], digits: int) -> None:
    judge = Rounded(are_unique=True)
    made = [rounded_to(digits, one) for one in ids]
    for one in made:
        judge.see(one)
    if digits < 17 or len(ids) >= 4:
        assert all(map(judge, made))


@given(st.lists(REAL_IDS, min_size=1, max_size=200, unique=True))
def test_ids_that_nobody_rounded_are_never_refused(ids: list[str]) -> None:
    judge = Rounded(are_unique=True)
    for one in ids:
        judge.see(one)
    assert not any(judge(one) for one in ids if not is_doubtful(one))
    assert sum(map(judge, ids)) in (0, sum(map(is_doubtful, ids)))


def test_one_id_that_ends_in_zeros_among_many_is_an_id(tmp_path: Path) -> None:
    ids = [str(1_656_700_000_000_000_000 + number) for number in range(0, 900_000, 997)]
    found = rows(tmp_path, a_table(ids))
    assert sum(map(is_doubtful, ids)) > 0
    assert [item.id for item in found if isinstance(item, Post)] == [f"t:{one}" for one in ids]


def test_one_id_alone_proves_nothing_but_the_same_twice_does(tmp_path: Path) -> None:
    assert [type(item) for item in rows(tmp_path, a_table(["1656700000000010000"]))] == [Post]
    assert [type(item) for item in rows(tmp_path, a_table(["1656700000000010000"] * 2))] == [Rejected] * 2


def test_rounded_ids_after_many_that_are_not_are_refused_from_the_first(tmp_path: Path) -> None:
    good = [str(1_656_700_000_000_000_000 + 4_194_304 * number + 3) for number in range(2 * JUDGED_IDS)]
    bad = [rounded_to(15, str(int(one) + 10**12)) for one in good[:100]]
    found = rows(tmp_path, a_table(good + bad))
    assert [isinstance(item, Post) for item in found] == [True] * len(good) + [False] * len(bad)


@pytest.mark.parametrize("written", ["9.06e+17", "1.65E+18", '"1,65E+18"', "1656700000000000000.0", "1e18"])
def test_an_id_that_shows_by_itself_that_digits_are_missing_is_refused(tmp_path: Path, written: str) -> None:
    [item] = rows(tmp_path, a_table([written]))
    assert isinstance(item, Rejected)
    assert (item.reason, "ids as text" in item.detail) == ("bad_columns", True)


@pytest.mark.parametrize(("written", "meant"), [("1.0", "t:1"), ("17.00", "t:17"), ("1.5", "t:1.5")])
def test_an_id_from_a_column_of_floats_is_the_whole_number(tmp_path: Path, written: str, meant: str) -> None:
    [post] = rows(tmp_path, a_table([written]))
    assert isinstance(post, Post)
    assert post.id == meant


@pytest.mark.parametrize("written", ["9.06e+17", "906000000000000000"])
def test_authors_whose_ids_were_rounded_are_never_one_author(tmp_path: Path, written: str) -> None:
    other = {"9.06e+17": "9.06e+17", "906000000000000000": "907000000000000000"}[written]
    text = (
        "external_author_id,author,time,text\n"
        f"{written},ALI,1683806400,oy\n{other},VELI,1683806401,oy\n17,CAN,1683806402,oy\n"
    )
    found = rows(tmp_path, text)
    assert [item.author_id for item in found if isinstance(item, Post)] == ["ALI", "VELI", "17"]
    assert [item.reason for item in found if isinstance(item, Skipped)] == ["notice"]

    nameless = rows(tmp_path, text.replace("author,", "x,"))
    assert [item.author_id for item in nameless if isinstance(item, Post)] == [None, None, "17"]


def test_more_cells_than_columns_are_a_text_that_is_not_quoted(tmp_path: Path) -> None:
    short, long, empty = rows(
        tmp_path, "id,time,text\n1,1683806400,oy\n2,1683806400,oy, ver\n3,1683806400,oy,,\n"
    )
    assert isinstance(short, Post)
    assert isinstance(long, Rejected)
    assert (long.reason, "4 columns, not 3" in long.detail) == ("bad_columns", True)
    assert isinstance(empty, Post)
