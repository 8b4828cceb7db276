from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sandik.errors import UsageError
from sandik.ingest.command import table_options
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item, Rejected
from sandik_schemas.post import Post

NINE_PM_MS = 1_683_828_000_000  # 2023-05-11T21:00:00+03:00


def rows(path: Path, format_name: str | None = None, options: TableOptions | None = None) -> list[Item]:
    return list(read([open_source(str(path), format_name, options)]))


def the_post(path: Path, format_name: str | None = None, options: TableOptions | None = None) -> Post:
    [post] = rows(path, format_name, options)
    assert isinstance(post, Post), post
    return post


def test_columns_zone_and_time_format_are_what_the_command_line_says(tmp_path: Path) -> None:
    path = tmp_path / "anket.csv"
    path.write_text("no;tarih;mesaj;date\n7;11.05.2023 21:00;oy;x\n")
    options = table_options(
        "id=no,time=tarih,text=mesaj", "Europe/Istanbul", "%d.%m.%Y %H:%M", "anket-2023", "utf-8"
    )

    assert the_post(path, None, options) == Post("anket-2023:7", "anket-2023", NINE_PM_MS, "oy")


def test_columns_given_by_number_need_no_header(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("1683828000\toy\n1683828001\tver\n")

    found = rows(path, "tsv", TableOptions(columns={"time": "1", "text": "2"}))
    assert [item.text for item in found if isinstance(item, Post)] == ["oy", "ver"]


def test_a_table_of_post_v1_keeps_ids_sources_and_operations(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(
        "id,source,created_at_ms,text,op,reply_to\n"
        "telegram:1:2,telegram,1683828000000,oy,create,telegram:1:1\n"
        "telegram:1:3,telegram,1683828000000,,delete,\n"
    )

    assert rows(path) == [
        Post("telegram:1:2", "telegram", NINE_PM_MS, "oy", reply_to="telegram:1:1"),
        Post("telegram:1:3", "telegram", NINE_PM_MS, "", op="delete"),
    ]


def test_a_row_without_an_id_has_one_that_only_its_content_and_place_decide(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("time,text\n1683828000,oy\n1683828000,oy\n")
    other.write_text("time,text\n1683828000,ver\n")
    options = TableOptions(source="x")

    first, second = rows(one, "csv", options)
    [third] = rows(other, "csv", options)
    assert len({item.id for item in (first, second, third) if isinstance(item, Post)}) == 3
    assert rows(one, "csv", options) == [first, second]


@pytest.mark.parametrize("encoding", ["windows-1254", "utf-16"])
def test_other_encodings_are_read_when_named_and_rejected_when_not(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("time,text\n1683828000,Seçim günü\n".encode(encoding))

    assert the_post(path, "csv", TableOptions(encoding=encoding)).text == "Seçim günü"
    if encoding == "windows-1254":
        [rejected] = rows(path, "csv")
        assert isinstance(rejected, Rejected)
        assert (rejected.reason, "--encoding" in rejected.detail) == ("not_utf8", True)


def test_an_encoding_nobody_knows_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("time,text\n1,oy\n")

    with pytest.raises(UsageError, match="--encoding utf-9"):
        rows(path, "csv", TableOptions(encoding="utf-9"))


@pytest.mark.parametrize("columns", ["time", "who=x", "time:x"])
def test_a_mapping_that_is_none_is_a_usage_error(columns: str) -> None:
    with pytest.raises(UsageError, match="--columns"):
        table_options(columns, None, None, None, "utf-8")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", ""])
def test_a_zone_that_is_none_is_a_usage_error(zone: str) -> None:
    with pytest.raises(UsageError, match="--zone"):
        table_options(None, zone, None, None, "utf-8")


def test_a_column_that_is_not_there_is_a_usage_error_that_lists_those_that_are(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(UsageError, match="time of a post among a, b: name it with --columns"):
        rows(path, "csv")
    with pytest.raises(UsageError, match="--columns time=c: there is no such column among a, b"):
        rows(path, "csv", TableOptions(columns={"time": "c", "text": "b"}))


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "posts.parquet"
    instant = datetime(2023, 5, 11, 18, tzinfo=UTC)
    table = pyarrow.table(
        {
            "skipped": [{"a": 1}] * 3,
            "tweet_id": [1, 2, None],
            "created_at": [instant, None, instant],
            "text": ["oy", "ver", None],
            "hashtags": [["Seçim"], [], None],
        }
    )
    parquet.write_table(table, path)

    first, second, third = rows(path)
    assert first == Post("posts:1", "posts", NINE_PM_MS, "oy", hashtags=("Seçim",))
    assert isinstance(second, Rejected)
    assert (second.reason, second.where) == ("bad_time", f"{path}:row 2")
    assert isinstance(third, Post)
    assert (third.text, third.id.startswith("posts:3-")) == ("", True)


def test_parquet_times_without_a_zone_need_one(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "posts.parquet"
    parquet.write_table(
        pyarrow.table({"id": [1], "date": [datetime(2023, 5, 11, 21)], "text": ["oy"]}),  # noqa: DTZ001
        path,
    )

    [rejected] = rows(path)
    assert isinstance(rejected, Rejected)
    assert the_post(path, None, TableOptions(zone=ZoneInfo("Europe/Istanbul"))).created_at_ms == NINE_PM_MS
