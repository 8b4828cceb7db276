"""The tables of docs/performance.md are those of docs/bench.json."""

from pathlib import Path

import orjson

from bench.report import documented
from bench.tables import tables

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "performance.md").read_text(encoding="utf-8")
SECTIONS = orjson.loads((DOCS / "bench.json").read_bytes())


def test_the_tables_are_what_was_measured() -> None:
    assert documented(TEXT, SECTIONS) == TEXT


def test_every_table_has_its_place_in_the_document() -> None:
    names = [table.name for table in tables(SECTIONS)]
    assert names
    for name in names:
        assert TEXT.count(f"<!-- {name} -->\n") == 2, name


def test_another_figure_would_be_noticed() -> None:
    other = orjson.loads((DOCS / "bench.json").read_bytes())
    other["engines"]["runs"][0]["posts_per_cpu_s"] *= 2

    assert documented(TEXT, other) != TEXT
