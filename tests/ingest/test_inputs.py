import gzip
from hashlib import blake2b
from pathlib import Path

import pytest

from sandik.errors import UsageError
from sandik.ingest.formats.ira_tsv import HEADER
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Rejected
from sandik.ingest.recognise.detect import recognise
from sandik.ingest.recognise.samples import sample
from sandik_schemas.post import Post

POST_LINE = b'{"id": "a:1", "source": "a", "created_at_ms": 1, "text": "oy"}\n'
IRA_FILE = HEADER + b"\n2016-11-08 21:15:00\ta\tRussian\t\t0\t\toy\n"
TELEGRAM_FILE = b'{\n "name": "Kanal", "id": 77, "messages": []}'


def ids(paths: list[Path]) -> list[str]:
    items = read([open_source(str(path), None) for path in paths])
    return [item.id if isinstance(item, Post) else item.where for item in items]


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("posts.jsonl", b"", "jsonl"),
        ("posts.ndjson.gz", b"", "jsonl"),
        ("posts.json", POST_LINE, "jsonl"),
        ("posts", POST_LINE, "jsonl"),
        ("result.json", TELEGRAM_FILE, "telegram"),
        ("result.json", b'{"name": "Kanal", "id": 77, "messages": []}', "telegram"),
        ("channel.json", b'[\n {"message_id": 1, "sender_id": -1001, "date": "2023", "te', "telegram"),
        ("tweets.tsv", IRA_FILE, "ira-tsv"),
        ("tweets.tsv", HEADER + b"\r\n", "ira-tsv"),
        ("tweets.tsv", b"tweet_id\tcontent\n", "tsv"),
        ("tweets.txt", b"tweet_id\tcontent\n", None),
        ("tweets.txt", b"tweet_id;created_at;content\n", "csv"),
        ("posts.csv.zst", b"", "csv"),
        ("posts.parquet", b"PAR1\x15\x04", "parquet"),
        ("posts.json", b"", None),
        ("posts.json", b'{"neither": 1}', None),
    ],
)
def test_the_format_follows_from_name_and_first_bytes(name: str, head: bytes, expected: str | None) -> None:
    assert recognise(sample(name, head)).name == (expected or "")


def test_a_format_nobody_can_tell_names_the_choices(tmp_path: Path) -> None:
    path = tmp_path / "posts.txt"
    path.write_bytes(b"id,text\n")

    with pytest.raises(
        UsageError, match=r"cannot tell the format of .*posts\.txt: it has id, text.*--format FILE\.toml"
    ):
        open_source(str(path), None)


@pytest.mark.parametrize("content", [POST_LINE, IRA_FILE])
def test_compressed_and_plain_files_yield_the_same(tmp_path: Path, content: bytes) -> None:
    plain, packed = tmp_path / "plain.json", tmp_path / "packed.json.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))

    assert ids([plain]) == ids([packed]) != []


def test_a_given_format_overrides_what_the_file_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(IRA_FILE)

    [item] = read([open_source(str(path), "ira-tsv")])
    assert isinstance(item, Post)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_opened_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        open_source(str(tmp_path / name), None)


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="docx"):
        open_source("-", "docx")


def test_unreadable_lines_say_in_which_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_bytes(POST_LINE + b"x\n")
    second.write_bytes(b"x\n" + POST_LINE)

    items = read([open_source(str(path), None) for path in (first, second)])
    assert [item.where for item in items if isinstance(item, Rejected)] == [f"{first}:2", f"{second}:1"]


def test_files_are_read_in_the_order_given(tmp_path: Path) -> None:
    late, early = tmp_path / "late.jsonl", tmp_path / "early.jsonl"
    late.write_bytes(POST_LINE.replace(b"a:1", b"late").replace(b"1,", b"9,"))
    early.write_bytes(POST_LINE)

    assert ids([late, early]) == ["late", "a:1"]


def test_a_truncated_archive_yields_what_it_has_and_then_says_so(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl.gz"
    lines = [
        POST_LINE.replace(b"oy", blake2b(bytes([i % 256, i // 256])).hexdigest().encode())
        for i in range(9000)
    ]
    path.write_bytes(gzip.compress(b"".join(lines))[:-8])

    *posts, broken = read([open_source(str(path), None)])
    assert len(posts) == 9000
    assert all(isinstance(item, Post) for item in posts)
    assert isinstance(broken, Rejected)
    assert (broken.reason, broken.where) == ("broken_off", str(path))
