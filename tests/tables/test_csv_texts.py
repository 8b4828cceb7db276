"""CSV for people with spreadsheets: nothing of a stranger's runs, and nothing is lost."""

import csv
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.replay.read_results import rows_of
from sandik.tables.csv_texts import guarded, unguarded
from sandik.tables.dictionary import GUARDED, RAW, dictionary_path
from sandik.tables.writers import CsvForm, write_table

COLUMNS = {"id": "text", "count": "int", "share": "float", "is_final": "bool", "tags": "texts"}
#: What a spreadsheet runs, blanks that it may skip, and what is harmless.
HOSTILE = st.text(st.sampled_from("=+-@＝＋－＠ \t\r\n\x00\xa0\u200b\ufeff;,'\"|aş1"), max_size=12)
TEXTS = st.one_of(HOSTILE, st.text(max_size=8))


@given(TEXTS)
def test_no_cell_of_a_guarded_text_begins_a_formula(text: str) -> None:
    for cell in re.split(r"[;\t\r\n]", guarded(text)):
        assert not re.match(r"[\s\x00\u200b\ufeff]*[=+\-@＝＋－＠]", cell)
    assert not guarded(text).startswith(("\t", "\r", "\n"))


@given(TEXTS)
def test_a_guard_can_be_taken_off(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.text(st.characters(exclude_characters="=+-@＝＋－＠﹢﹣﹦﹫\t\r\n")))
def test_a_text_without_what_begins_a_formula_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+90 212", "'+90 212"),
        ("-5", "'-5"),
        ("@aday", "'@aday"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("x;=1", "x;'=1"),
        ("x\n- y", "x\n'- y"),
        ("a=b, c-d @e", "a=b, c-d @e"),
        ("'quoted'", "'quoted'"),
    ],
)
def test_the_guard_stands_where_a_formula_would_begin(text: str, expected: str) -> None:
    assert guarded(text) == expected


def a_row(text: str) -> dict[str, Any]:
    return {"id": text, "count": -5, "share": -0.25, "is_final": True, "tags": (text, "b")}


@given(TEXTS)
def test_a_table_is_read_back_as_it_was_written_and_numbers_are_numbers(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    for form in (CsvForm(), CsvForm(has_bom=True), CsvForm(is_raw=True)):
        write_table(path, COLUMNS, [a_row(text)], form=form)
        dictionary_path(path).write_text(json.dumps({"csv_texts": RAW if form.is_raw else GUARDED}))
        [row] = rows_of(path)
        assert (row["id"], json.loads(row["tags"])) == (text, [text, "b"])
        assert (row["count"], row["share"], row["is_final"]) == ("-5", "-0.25", "true")
        assert path.read_bytes().startswith(b"\xef\xbb\xbf") == form.has_bom


@given(TEXTS)
def test_any_reader_of_csv_finds_the_fields(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_table(path, COLUMNS, [a_row(text)] * 2)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))

    assert [list(COLUMNS), *[[guarded(text), "-5", "-0.25", "true", rows[1][4]]] * 2] == rows
