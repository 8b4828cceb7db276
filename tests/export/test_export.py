"""`sandik export`: pandas, polars and DuckDB read back what is in the topics, with types and zones."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pandas as pd
import polars as pl
import pytest

from sandik.broker import EmbeddedKafka
from sandik.export.rows import Choice, What, table_of
from sandik.ingest.authors import post_pseudonym, pseudonym
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.mention import Mention, Term
from sandik_schemas.post import Post
from tests.support.command import sandik
from tests.support.kafka import produce
from tests.support.workers import environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

DAY_MS = 86_400_000
NOON_MS = 1_683_806_400_123  # 2023-05-11T12:00:00.123Z
KEY = "a key of the tests"
POSTS = [
    Post(f"t:kişi-1/{number}", "t", NOON_MS + number * DAY_MS, text, "kişi-1", url="https://t.example/kişi-1/1",
         repost_of="t:kişi-1/0" if number else None, reply_to="t:kişi-1/0" if number else None)
    for number, text in enumerate(['Seçim, "sandık"\nve oy', "Выборы", ""])
]  # fmt: skip
HIDDEN = [post_pseudonym(post.id, KEY) for post in POSTS]
MENTIONS = [
    Mention(1, post.id, "t", post.created_at_ms, "tr", 0.5, ("election",), (Term("seçim", "election", 0, 5),),
            "lex-1", "det-1", 0, number)
    for number, post in enumerate(POSTS[:2])
]  # fmt: skip
COUNT = Count(1, "2023-05-11T12:00:00Z", "2023-05-11T12:01:00Z", 1_683_806_400_000, 1_683_806_460_000, "tr",
              "election", 3, 4, 0.75, 0, 9, True, "lex-1", "det-1", NOON_MS)  # fmt: skip


@pytest.fixture(scope="module")
def settings(kafka: EmbeddedKafka) -> Settings:
    found = quick_settings(kafka.bootstrap_servers)
    asyncio.run(fill(found))
    return found


async def fill(settings: Settings) -> None:
    await create(settings, all_topics(settings.model_copy(update={"sources": "x"})))
    values: dict[str, list[tuple[bytes, bytes | None]]] = {
        "posts": [*((post.id.encode(), msgspec.json.encode(post)) for post in POSTS), (b"bad", b"no post")],
        # The first one twice, as after a crash.
        "mentions": [(one.id.encode(), msgspec.json.encode(one)) for one in [MENTIONS[0], *MENTIONS]],
        "counts": [
            (COUNT.key, msgspec.json.encode(COUNT)),
            (COUNT.key, msgspec.json.encode(msgspec.structs.replace(COUNT, revision=7, count=1))),
        ],
        "counts.sources": [
            (one.key, msgspec.json.encode(one))
            for one in (
                msgspec.structs.replace(COUNT, source=name, count=n) for name, n in (("x", 2), ("other", 1))
            )
        ],
    }
    for topic, records in values.items():
        now = [(key, value, 0, None) for key, value in records]
        await produce(settings.broker, settings.topic(topic), now)


def export(settings: Settings, *arguments: str, key: str | None = KEY, expected: int = 0) -> bytes:
    variables = environment(settings) | ({"SANDIK_AUTHOR_KEY": key} if key else {})
    done = sandik("export", *arguments, environment=variables)
    assert done.returncode == expected, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stderr


def read_all(path: Path) -> list[list[dict[str, Any]]]:
    """The rows, by three libraries."""
    suffix = path.suffix.removeprefix(".")
    in_polars: dict[str, Any] = {"parquet": pl.read_parquet, "jsonl": pl.read_ndjson, "csv": pl.read_csv}
    in_pandas: dict[str, Any] = {
        "parquet": pd.read_parquet,
        "jsonl": lambda file: pd.read_json(file, lines=True, convert_dates=False, dtype=False),
        "csv": lambda file: pd.read_csv(file, keep_default_na=False),
    }
    by_duckdb = {"parquet": "read_parquet", "jsonl": "read_json", "csv": "read_csv"}[suffix]
    relation = duckdb.connect().execute(f"SET TimeZone='UTC'; SELECT * FROM {by_duckdb}('{path}')")  # noqa: S608
    assert relation.description is not None
    names = [column[0] for column in relation.description]
    return [
        in_polars[suffix](path).to_dicts(),
        in_pandas[suffix](path).to_dict("records"),
        [dict(zip(names, row, strict=True)) for row in relation.fetchall()],
    ]


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("what", ["posts", "mentions", "counts", "sources"])
def test_three_libraries_read_the_same_back(
    settings: Settings, tmp_path: Path, what: What, suffix: str
) -> None:
    out = tmp_path / f"{what}.{suffix}"
    export(settings, what, str(out))
    known: dict[str, tuple[str, list[tuple[int, dict[str, Any]]]]] = {
        "posts": (
            "created_at",
            [
                (post.created_at_ms, {"id": hidden, "text": post.text})
                for post, hidden in zip(POSTS, HIDDEN, strict=True)
            ],
        ),
        "mentions": (
            "created_at",
            [
                (one.created_at_ms, {"id": hidden, "language": "tr"})
                for one, hidden in zip(MENTIONS, HIDDEN, strict=False)
            ],
        ),
        "counts": ("window_start", [(COUNT.window_start_ms, {"count": 3, "revision": 9, "share": 0.75})]),
        "sources": (
            "window_start",
            [(COUNT.window_start_ms, {"source": name, "count": n}) for name, n in (("other", 1), ("x", 2))],
        ),
    }
    time, expected = known[what]
    columns = list(table_of(what, Choice(authors="pseudonym", key=KEY)).columns)
    told = json.loads((tmp_path / f"{out.name}.dictionary.json").read_text("utf-8"))

    assert columns == [column["name"] for column in told["columns"]]
    assert all(column["meaning"] for column in told["columns"])
    for rows in read_all(out):
        assert [columns] * len(expected) == [list(row) for row in rows]
        for row, (time_ms, fields) in zip(rows, expected, strict=True):
            # DuckDB and pandas take an empty field of a CSV file for NULL or an empty text.
            assert fields == {name: row[name] if row[name] is not None else "" for name in fields}
            assert time_ms == instant_ms(row[time])


def instant_ms(value: Any) -> int:
    """A time with a zone; or one without, which is UTC, as DuckDB tells ISO times of JSON and CSV."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def test_parquet_has_types_and_zones(settings: Settings, tmp_path: Path) -> None:
    export(settings, "mentions", str(tmp_path / "m.parquet"))
    schema = pl.read_parquet_schema(tmp_path / "m.parquet")

    assert schema["created_at"] == pl.Datetime("ms", "UTC")
    assert schema["source_offset"] == pl.Int64
    assert schema["tags"] == pl.List(pl.String)
    assert pl.read_parquet(tmp_path / "m.parquet")["terms"][0][0]["term"] == "seçim"


def test_nothing_leads_to_an_author_unless_it_is_asked_for(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    key_file = ("--author-key-file", str(tmp_path / "key"))
    export(settings, "posts", str(tmp_path / "file.jsonl"), *key_file, key=None)
    export(settings, "posts", str(tmp_path / "env.jsonl"))
    export(settings, "posts", str(tmp_path / "drop.jsonl"), "--no-texts", key=None)
    export(settings, "posts", str(tmp_path / "keep.jsonl"), "--authors", "keep")
    [by_file, by_env, dropped, kept] = [
        rows_of(tmp_path / f"{name}.jsonl") for name in ("file", "env", "drop", "keep")
    ]

    assert by_file == by_env
    assert {row["author_id"] for row in by_file} == {pseudonym("t", "kişi-1", KEY)}
    assert [row["id"] for row in by_file] == HIDDEN
    assert not {"author_id", "url", "text"} & dropped[0].keys()
    assert "kişi-1" not in json.dumps([by_file, dropped], ensure_ascii=False)
    assert (kept[0]["author_id"], kept[0]["url"]) == ("kişi-1", "https://t.example/kişi-1/1")
    assert [row["id"] for row in kept] == [post.id for post in POSTS]
    for rows in (by_file, dropped, kept):
        first, *later = [row["id"] for row in rows]
        assert len({first, *later}) == len(POSTS)
        assert [(row["repost_of"], row["reply_to"]) for row in rows] == [(None, None), *[(first, first)] * 2]


def test_mentions_name_posts_as_the_posts_are_exported(settings: Settings, tmp_path: Path) -> None:
    export(settings, "mentions", str(tmp_path / "hidden.jsonl"))
    export(settings, "mentions", str(tmp_path / "plain.jsonl"), key=None)
    export(settings, "mentions", str(tmp_path / "drop.jsonl"), "--authors", "drop", key=None)
    [hidden, plain, dropped] = [
        [row["id"] for row in rows_of(tmp_path / f"{name}.jsonl")] for name in ("hidden", "plain", "drop")
    ]

    assert hidden == HIDDEN[:2]
    assert plain == [one.id for one in MENTIONS]
    assert "kişi-1" not in str(dropped)
    assert not set(dropped) & {*hidden, *plain}


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_folder_has_a_part_for_each_day(settings: Settings, tmp_path: Path) -> None:
    export(settings, "posts", str(tmp_path / "days"), "--by-day")
    found = duckdb.connect().execute(
        f"SELECT CAST(day AS VARCHAR), id FROM read_parquet('{tmp_path}/days/*/*.parquet', "  # noqa: S608
        "hive_partitioning=true) ORDER BY 1"
    )

    assert list(zip(["2023-05-11", "2023-05-12", "2023-05-13"], HIDDEN, strict=True)) == found.fetchall()


def test_a_range_is_of_event_time_and_half_open(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "range.csv"
    start, end = "2023-05-11T12:00:00.123Z", "2023-05-13T15:00:00.123+03:00"
    assert b"2 rows" in export(settings, "posts", str(out), "--from", start, "--to", end)


@pytest.mark.parametrize("value", [b"not ours", b'{"schema_version": 1}', b"[" * 5_000, b'"\xff"'])
@pytest.mark.parametrize("topic", ["mentions", "counts"])
def test_a_record_that_is_not_of_sandik_is_named_and_nothing_is_written(
    settings: Settings, tmp_path: Path, topic: str, value: bytes
) -> None:
    other = quick_settings(settings.broker)
    asyncio.run(fill(other))
    asyncio.run(produce(other.broker, other.topic(topic), [(b"k", value, 0, None)]))
    said = export(other, topic, str(tmp_path / "x.csv"), expected=1).decode()

    offset = {"mentions": 3, "counts": 2}[topic]
    assert f"topic {other.topic(topic)}, partition 0, offset {offset}: not a record of sandik" in said
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["posts", "x.txt"], b".parquet"),
        (["posts", "nowhere/x.csv"], b"no such folder"),
        (["posts", "x.csv", "--authors", "pseudonym"], b"need a key"),
        (["posts", "x.csv", "--author-key-file", "nowhere"], b"No such file"),
        (["posts", "x.csv", "--author-key-file", "/dev/null"], b"openssl rand -hex 32"),
        (["posts", "x", "--by-day", "--format", "xls"], b"xls"),
        (["posts", "README.md"], b"already exists"),
    ],
)
def test_what_cannot_be_written_is_refused(settings: Settings, arguments: list[str], says: bytes) -> None:
    assert says in export(settings, *arguments, key=None, expected=2)
    assert not list(Path().glob("*x.*"))
