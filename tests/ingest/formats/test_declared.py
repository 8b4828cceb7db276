"""A user's own format, `--columns` with paths, and the files that come with sandik."""

import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from sandik.errors import UsageError
from sandik.ingest.command import table_options
from sandik.ingest.formats.declared import catalogue, parsed
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item, Rejected
from sandik.ingest.recognise.detect import recognise
from sandik.ingest.recognise.samples import sample
from sandik_schemas.post import Post

FIXTURES = Path(__file__).parent.parent / "fixtures"
OWN = """
name = "forum"
title = "Our forum"
source = "forum"
records = "posts[]"
time_format = "%d.%m.%Y %H:%M"
zone = "Europe/Istanbul"
markup = "html"

[fields]
id = "no"
time = "sent"
title = "subject"
text = ["body.html", "body.plain"]
poll = "poll.options[]"
author = "user.name"

[[skip]]
reason = "removed"
when = { values = { state = "deleted" } }
"""


def written(tmp_path: Path, name: str, content: str) -> str:
    path = tmp_path / name
    path.write_text(content)
    return str(path)


def items(path: str, form: str | None = None, options: TableOptions | None = None) -> list[Item]:
    return list(read([open_source(path, form, options)]))


def test_a_file_of_ones_own_tells_a_format(tmp_path: Path) -> None:
    form = written(tmp_path, "forum.toml", OWN)
    posts = [
        {"no": 7, "sent": "11.05.2023 21:00", "subject": "Sandık", "body": {"html": "<p>Oy &amp; ötesi</p>"},
         "poll": {"options": ["A", "B"]}, "user": {"name": "ayse"}},
        {"no": 8, "sent": "11.05.2023 21:01", "body": {"plain": "Oy"}, "state": "deleted"},
        {"no": 9, "sent": "yarın", "body": {"plain": "Oy"}},
    ]  # fmt: skip
    first, skipped, rejected = items(written(tmp_path, "a.json", json.dumps({"posts": posts})), form)

    assert first == Post("forum:7", "forum", 1_683_828_000_000, "Sandık\n\nOy & ötesi\n\nA\n\nB", "ayse")
    assert [item.reason for item in (skipped, rejected) if not isinstance(item, Post)] == [
        "removed",
        "bad_time",
    ]


def test_a_table_is_told_in_the_same_way(tmp_path: Path) -> None:
    form = written(
        tmp_path,
        "panel.toml",
        'name = "panel"\ntitle = "A panel"\ncontainer = "table"\n[fields]\nid = "Nr"\ntime = "Sent at"\n'
        'text = ["Long", "Short"]\nis_repost = "Shared"\n',
    )
    row = "{};2023-05-11T18:00:00Z;Kısa;{};{}\n".format
    table = "Nr;Sent at;Short;Long;Shared\n" + row(1, "", "no") + row(2, "Uzun", "yes")

    assert items(written(tmp_path, "panel.csv", table), form) == [
        Post("panel:1", "panel", 1_683_828_000_000, "Kısa"),
        Post("panel:2", "panel", 1_683_828_000_000, "Uzun", repost_of="panel:unknown"),
    ]
    with pytest.raises(UsageError, match=r"panel needs a column Sent at; there are Nr, Text"):
        items(written(tmp_path, "other.csv", "Nr,Text\n1,oy\n"), form)


def test_the_text_says_that_it_is_a_repost_only_where_no_column_does(tmp_path: Path) -> None:
    row = "1,1,{},2023-05-11 18:00:00,1683828000{}\n".format
    without = "id,thread_id,body,timestamp,unix_timestamp\n" + row("RT @ali: Oy", "")
    with_it = "id,thread_id,body,timestamp,unix_timestamp,is_retweet\n" + row("RT @ali: Oy", ",no")

    found = [item for text in (without, with_it) for item in items(written(tmp_path, "t.csv", text))]
    assert [item.repost_of for item in found if isinstance(item, Post)] == ["t:@ali", None]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("name = 1", "Expected `str`, got `int`"),
        ('name = "a"\ntitle = "b"', r"\[fields\] is missing"),
        ('name = "a"\ntitle = "b"\n[fields]\ntime = "t"', "needs text"),
        ('name = "a"\ntitle = "b"\nfelds = 1', "unknown field `felds`"),
        ('name = "a"\ntitle = "b"\nzone = "Mars"\n[fields]\ntime = "t"\ntext = "x"', "Mars"),
        ('name = "a"\ntitle = "b"\nid_pattern = "("\n[fields]\ntime = "t"\ntext = "x"', "unterminated"),
        ("name = ", "Invalid value"),
    ],
)
def test_a_mistake_in_a_format_says_where(tmp_path: Path, toml: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_source("-", written(tmp_path, "x.toml", toml))


def test_a_format_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"--format missing\.toml"):
        open_source("-", "missing.toml")


@pytest.mark.parametrize("layout", ["lines", "array", "pretty"])
def test_columns_may_be_paths_into_json_in_any_layout(tmp_path: Path, layout: str) -> None:
    values: list[dict[str, Any]] = [
        {"data": {"id": str(n + 1), "createTime": 1_683_828_000 + n, "desc": "Oy"}, "x.y": n}
        for n in range(3)
    ]
    text = {
        "lines": "".join(json.dumps(value) + "\n" for value in values),
        "array": json.dumps(values),
        "pretty": "\n".join(json.dumps(value, indent=1) for value in values),
    }[layout]
    options = table_options(
        "text=data.desc,created_at=data.createTime,id=data.id,author=x.y", None, None, "t", "utf-8"
    )

    assert items(written(tmp_path, "a.json", text), None, options) == [
        Post(f"t:{n + 1}", "t", (1_683_828_000 + n) * 1000, "Oy", str(n) if n else None) for n in range(3)
    ]


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    options = table_options("text=data.desc,time=data.at", None, None, None, "utf-8")
    [rejected] = items(written(tmp_path, "a.jsonl", '{"data": {}}\n'), None, options)

    assert rejected == Rejected(rejected.reason, "neither data.at nor data.desc", rejected.where)  # type: ignore[union-attr, arg-type]


def test_every_format_says_where_its_shape_is_described_and_what_it_gives() -> None:
    for form in catalogue().values():
        assert all((form.id_note, form.time_note, form.text_note)), form.name
        assert form.facts or form.reader in ("csv", "tsv", "parquet", "xlsx"), form.name
        assert re.fullmatch(r"[a-z0-9-]+", form.name)


def test_what_is_unknown_to_a_format_file_is_refused_and_the_rest_is_read() -> None:
    assert parsed(OWN.encode(), "x").fields is not None


#: Of other people's making, and none of ours; each has been taken for something.
STRANGERS = [
    '{"participants": [{"name": "A"}], "messages": [{"sender_name": "A", "timestamp_ms": 1}]}',
    '{"guild": {"id": "1"}, "channel": {"id": "2"}, "messages": [{"id": "5", "content": "x"}]}',
    '{"messages": [{"role": "user", "content": "x"}]}',
    '{"cid": "5", "text": "x", "url": "y"}',
    '{"id": 5, "text": "x", "label": 1}',
    '{"chats": 3, "name": "x"}',
    '{"title": "x", "type": "video"}',
    '{"meta": {"page": 1}, "items": []}',
    '{"event": "click", "id": 3}',
    "[1, 2, 3]",
    '{"id": "a", "source": "b", "text": "c"}',
]


@pytest.mark.parametrize("text", STRANGERS)
def test_a_stranger_is_told_and_not_taken_for_another(tmp_path: Path, text: str) -> None:
    for name in ("x.json", "x.jsonl", "x.ndjson"):
        with pytest.raises(UsageError, match="cannot tell the format") as raised:
            open_source(written(tmp_path, name, text + "\n"), None)
        assert "Expected" not in str(raised.value)


def test_what_is_cut_off_in_its_first_object_is_recognised_all_the_same() -> None:
    chat = b'{"name": "K", "type": "public_channel", "id": 7, "mess'
    assert recognise(sample("result.json", b'{"about": "x", "chats": {"list": [' + chat)).name == "telegram"
    view = b'{"uri": "at://did:plc:a/app.bsky.feed.post/3k", "record": {"text": "x"}, "author": {"di'
    assert recognise(sample("x", b'{"feed": [{"post": ' + view)).name == "jetstream"


def test_broken_lines_before_the_first_object_do_not_hide_it() -> None:
    frame = b'{"did": "did:plc:a", "time_us": 1, "kind": "identity"}\n'
    assert recognise(sample("a.jsonl", b"bozuk\n" + frame)).name == "jetstream"
    assert recognise(sample("a.jsonl", b'{"did": "cut\n' + frame)).name == "jetstream"


def test_an_account_of_the_fediverse_is_read_from_its_archive(tmp_path: Path) -> None:
    path = tmp_path / "archive-20230511.tar.gz"
    likes = {"id": "likes.json", "type": "OrderedCollection", "orderedItems": ["https://m.example/1"]}
    with tarfile.open(path, "w:gz") as archive:
        archive.add(FIXTURES / "outbox.json", "outbox.json")
        for name, value in (("actor.json", {"type": "Person", "id": "a"}), ("likes.json", likes)):
            (tmp_path / name).write_text(json.dumps(value))
            archive.add(tmp_path / name, name)

    found = items(str(path))
    assert [item for item in found if isinstance(item, Post)] == [
        item for item in items(str(FIXTURES / "outbox.json")) if isinstance(item, Post)
    ]
    others = [item.where for item in found if not isinstance(item, Post) and item.reason == "other_file"]
    assert len(others) == 2
