"""The SQL of the recipes, run by DuckDB, SQLite and an embedded ClickHouse on real counts."""

import json
import random
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.recipe import Counted, blocks, hourly_shares
from tests.support.command import sandik
from tests.support.workers import environment

pytestmark = pytest.mark.broker

COLUMNS = (
    "window_start_ms",
    "window_end_ms",
    "language",
    "tag",
    "count",
    "late_count",
    "revision",
    "is_final",
)
CELLS = (
    "SELECT window_start_ms, window_end_ms, language, tag, count, late_count, revision, is_final FROM counts"
)
CLICKHOUSE_CELLS = """
    SELECT
        toUnixTimestamp64Milli(window_start) AS window_start_ms,
        toUnixTimestamp64Milli(window_end) AS window_end_ms,
        language, tag, count, late_count, revision, is_final
    FROM sandik.counts FINAL"""
INSERT = "INSERT INTO sandik.counts_topic SETTINGS input_format_skip_unknown_fields = 1 FORMAT JSONEachRow\n"


@pytest.fixture(scope="module")
def file(counted: Counted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the recipe's command writes."""
    assert blocks("duckdb", "sh") == ["sandik counts --once --json > counts.jsonl\n"]
    done = sandik("counts", "--once", "--json", environment=environment(counted.settings))
    path = tmp_path_factory.mktemp("duckdb") / "counts.jsonl"
    path.write_bytes(done.stdout)
    return path


@pytest.fixture
def duck(file: Path) -> Iterator[Any]:
    """A database with the view of the recipe."""
    # Not at the top: what pytest keeps alive to the end, DuckDB would report as leaked.
    with pytest.importorskip("duckdb").connect() as database:
        database.execute(blocks("duckdb", "sql")[0].replace("counts.jsonl", str(file)))
        yield database


def test_duckdb_keeps_the_highest_revision(counted: Counted, duck: Any) -> None:
    found = duck.execute(CELLS).fetchall()

    assert sorted(found) == _wanted(counted)


def test_duckdb_rolls_up_by_adding_counts(counted: Counted, duck: Any) -> None:
    rows = duck.execute(blocks("duckdb", "sql")[1]).fetchall()

    assert [(_ms(hour), *rest) for hour, *rest, _ in rows] == hourly_shares(counted.cells)
    assert [share for *_, share in rows] == [_ratio(both, election) for *_, election, both, _ in rows]


def test_duckdb_lets_the_revision_decide(counted: Counted, duck: Any) -> None:
    fill = blocks("duckdb", "sql")[2]
    duck.execute(fill)
    duck.execute("UPDATE cells SET count = -1, revision = revision + 1 WHERE tag = 'both'")
    duck.execute("UPDATE cells SET count = -1, revision = revision - 1 WHERE tag = 'all'")

    duck.execute(fill)

    by_tag = dict(duck.execute("SELECT tag, min(count) FROM cells GROUP BY tag").fetchall())
    assert by_tag["both"] == -1
    assert by_tag["all"] == min(cell["count"] for cell in counted.cells.values() if cell["tag"] == "all")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_upsert_without_connect_lets_the_revision_decide(counted: Counted, seed: int) -> None:
    make, upsert = blocks("jdbc", "sql")
    counts = [json.loads(value) for _, value in counted.records] * 2
    random.Random(seed).shuffle(counts)
    database = sqlite3.connect(":memory:")
    database.execute(make)

    database.executemany(upsert, counts)

    found = database.execute(CELLS).fetchall()
    assert sorted(found) == _wanted(counted)


@pytest.fixture(scope="module")
def clickhouse(counted: Counted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """ClickHouse with the tables of the recipe and real records in them, shuffled and twice.

    The embedded one has no thread for Kafka: a table without an engine stands in for the topic.
    """
    session = pytest.importorskip("chdb.session").Session(str(tmp_path_factory.mktemp("clickhouse")))
    target, topic, view, _ = blocks("clickhouse", "sql")
    for statement in target.strip().rstrip(";").split(";"):
        session.query(statement)
    session.query(re.sub(r"ENGINE = Kafka.*", "ENGINE = Null", topic, flags=re.DOTALL))
    session.query(view)
    values = [value.decode() for _, value in counted.records]
    for half in (values, random.Random(1).sample(values, len(values))):
        session.query(INSERT + "\n".join(half))
    yield session
    session.close()


def test_clickhouse_keeps_the_highest_revision(counted: Counted, clickhouse: Any) -> None:
    found = [tuple(row.values()) for row in _rows(clickhouse, CLICKHOUSE_CELLS)]

    assert sorted(found) == _wanted(counted)


def test_clickhouse_rolls_up_by_adding_counts(counted: Counted, clickhouse: Any) -> None:
    rows = _rows(clickhouse, blocks("clickhouse", "sql")[3].rstrip().rstrip(";"))

    assert [
        (_ms(row["hour"]), row["language"], row["election"], row["both"]) for row in rows
    ] == hourly_shares(counted.cells)


def test_the_query_of_the_grafana_panel_runs(counted: Counted, clickhouse: Any) -> None:
    [query] = blocks("grafana", "sql")
    macro = "window_start BETWEEN '2023-05-11 00:00:00' AND '2023-05-12 00:00:00'"
    rows = _rows(clickhouse, query.replace("$__timeFilter(window_start)", macro))

    wanted = [one for one in hourly_shares(counted.cells, 300_000) if one[0] < 1_683_849_600_000]
    assert sorted((_ms(row["time"]), row["language"], row["share"]) for row in rows if row["share"]) == [
        (start_ms, language, pytest.approx(both / election))
        for start_ms, language, election, both in wanted
        if both
    ]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("", ""), "Shutdown was called"),  # all that is wrong is that there is no thread for it
        (("kafka_num_consumers", "kafka_consumers"), "kafka_consumers"),
        (("input_format_skip_unknown_fields", "input_format_skip_unknown"), "input_format_skip_unknown"),
        (("Int64", "Integer64"), "Integer64"),
    ],
)
def test_clickhouse_understands_the_kafka_table(
    clickhouse: Any, change: tuple[str, str], complaint: str
) -> None:
    topic = blocks("clickhouse", "sql")[1].replace("counts_topic", "another").replace(*change)
    clickhouse.query("DROP TABLE IF EXISTS sandik.another")

    with pytest.raises(Exception, match=complaint):
        clickhouse.query(topic)


def _rows(session: Any, query: str) -> list[dict[str, Any]]:
    settings = "SETTINGS output_format_json_quote_64bit_integers = 0"
    answer = str(session.query(f"{query} {settings}", "JSONEachRow"))
    return [json.loads(line) for line in answer.splitlines()]


def _wanted(counted: Counted) -> list[tuple[Any, ...]]:
    return sorted(tuple(cell[name] for name in COLUMNS) for cell in counted.cells.values())


def _ms(time: datetime | str) -> int:
    naive = datetime.fromisoformat(time) if isinstance(time, str) else time
    return int(naive.replace(tzinfo=UTC).timestamp() * 1000)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
