"""A quotation mark that nobody closed costs its own row; one that is closed costs nothing."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.ingest.formats import quoted
from sandik.ingest.formats.quoted import Rows
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item, Rejected
from sandik_schemas.post import Post

CELLS = st.text(alphabet='a,;"\n \tş', max_size=8)


def rows(tmp_path: Path, data: str | bytes, name: str = "t.csv") -> list[Item]:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(read([open_source(str(path), None, TableOptions())]))


def texts(items: list[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Post)]


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8))
def test_what_a_program_quoted_is_read_as_it_was(table: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(table)
    lines = written.getvalue().splitlines(keepends=True)
    reader = Rows(iter(lines), ",", 1, is_tsv=False)
    reader.columns = 3
    assert [row for _, row in reader] == table


@given(st.integers(0, 19), st.sampled_from(['"oy ver', 'oy,"ver', '"oy ""ver""', '"']))
def test_an_open_mark_costs_one_row_wherever_it_is(at: int, broken: str) -> None:
    lines = [f"{number},{1_683_806_400 + number},oy {number}\n" for number in range(20)]
    lines[at] = f"{at},{1_683_806_400 + at},{broken}\n"
    reader = Rows(iter(lines), ",", 2, is_tsv=False)
    reader.columns, reader.is_row = 3, lambda row: row[1].isdecimal()
    found = list(reader)
    assert [line for line, row in found if isinstance(row, Rejected)] == [at + 2]
    assert len(found) == 20


@pytest.mark.parametrize(
    "behind",
    [
        "",  # to the end of the file
        '5,1683806405,"tamam"\n',  # the next mark opens a field
        '"5","1683806405","tamam"\n',
        '5,1683806405,"\n',  # two rows with the same mistake
    ],
)
def test_the_rows_behind_an_open_mark_are_read(tmp_path: Path, behind: str) -> None:
    text = f'id,time,text\n1,1683806401,"Seçim dedi\n2,1683806402,iki\n3,1683806403,üç\n{behind}'
    found = rows(tmp_path, text)
    first = found[0]
    assert isinstance(first, Rejected)
    assert (first.reason, first.where, "line 2" in first.detail) == (
        "bad_columns",
        f"{tmp_path}/t.csv:2",
        True,
    )
    assert texts(found)[:2] == ["iki", "üç"]
    assert len(found) == 3 + bool(behind)


def test_a_text_of_many_lines_is_one_text(tmp_path: Path) -> None:
    text = 'id,time,text\n1,1683806401,"Seçim, ""dedi""\n\n- bir, iki\n- üç"\n2,1683806402,iki\n'
    assert texts(rows(tmp_path, text)) == ['Seçim, "dedi"\n\n- bir, iki\n- üç', "iki"]


def test_marks_that_are_not_doubled_are_read_where_the_row_is_whole(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,time,text\n1,1683806401,"Dedi "oy" ver"\n2,1683806402,"Dedi "oy, ver"\n')
    assert [type(item) for item in found] == [Post, Rejected]


def test_nul_is_left_out_and_a_return_inside_a_text_ends_no_row(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,time,text\r\n1,1683806401,"Se\0çim\r\nvar"\r\n2,1683806402,oy\rver\r\n')
    assert texts(found) == ["Seçim\r\nvar", "oy\rver"]
    assert texts(rows(tmp_path, "id,time,text\r1,1683806401,oy\r2,1683806402,ver\r")) == ["oy", "ver"]
    assert texts(rows(tmp_path, "id\ttime\ttext\n1\t1683806401\toy\rver\n", "t.tsv")) == ["oy\rver"]


def test_tabs_and_breaks_inside_quotes_are_read_where_the_columns_say_so(tmp_path: Path) -> None:
    text = (
        'id\ttime\ttext\n1\t1683806401\t"oy\tver"\n2\t1683806402\t"yalnız\n3\t1683806403\t"üç"\n'
        '"dört\nbeş"\t1683806404\toy\n'
    )
    assert texts(rows(tmp_path, text, "t.tsv")) == ["oy\tver", '"yalnız', '"üç"', "oy"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;\r"])
def test_a_line_may_say_the_separator(tmp_path: Path, first: str) -> None:
    assert texts(rows(tmp_path, f"{first}\nid;time;text\n1;1683806401;a,b,c,d\n")) == ["a,b,c,d"]


def test_lines_above_the_header_are_passed_over_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    text = 'Rapor:,Seçim\n"Kimden:","a\nb"\n\nid,time,text\n1,1683806401,oy\nx\n'
    posts = rows(tmp_path, text)
    assert texts(posts) == ["oy"]
    assert isinstance(posts[1], Rejected)
    assert posts[1].where == f"{tmp_path}/t.csv:7"


def test_a_header_with_an_open_mark_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="quotation mark on line 1 is not closed"):
        rows(tmp_path, 'id,"time,text\n1,1683806401,oy\n')


def test_a_row_that_never_ends_is_rejected_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandik.ingest.formats import delimited

    monkeypatch.setattr(quoted, "MAX_ROW_CHARACTERS", 100)
    monkeypatch.setattr(delimited, "MAX_ROW_CHARACTERS", 100)
    # The limit of the csv module holds for the whole process, other tests included.
    monkeypatch.setattr("csv.field_size_limit", lambda _: None)
    text = f"id,time,text\n1,1683806401,{'x' * 1_000}\n2,1683806402,oy\n"
    found = rows(tmp_path, text)
    assert isinstance(found[0], Rejected)
    assert (found[0].reason, texts(found)) == ("too_large", ["oy"])
