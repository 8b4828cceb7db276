"""What people see is counted: polls, and, where it is asked for, alt text and the titles of link cards."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.ingest.command import table_options
from sandik.ingest.decoding.markdown import markdown_to_text
from sandik.ingest.formats.mastodon import MAX_KNOWN, Known
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Skipped
from sandik_schemas.post import Post

A_STATUS = {
    "id": "110000000000000001",
    "uri": "https://o.example/1",
    "created_at": "2023-05-11T18:00:00Z",
    "content": "<p>Soru</p>",
    "visibility": "public",
    "account": {"acct": "a"},
}
A_THING = {"id": "abc", "subreddit": "Turkey", "created_utc": 1683828000, "author": "a", "title": "Soru"}


def with_options(*include: str) -> TableOptions:
    return table_options(None, None, None, None, "utf-8-sig", include)


def text(tmp_path: Path, value: object, options: TableOptions | None = None) -> str:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(value))
    [post] = read([open_source(str(path), None, options)])
    assert isinstance(post, Post), post
    return post.text


@pytest.mark.parametrize("boosted", [False, True])
def test_the_options_of_a_poll_on_mastodon_are_text(tmp_path: Path, boosted: bool) -> None:
    poll = {"poll": {"options": [{"title": "Evet"}, {"title": "Hayır"}, {}]}}
    status: dict[str, Any] = A_STATUS | poll
    if boosted:
        status = A_STATUS | {"uri": "https://o.example/2", "content": "", "reblog": status}
    assert text(tmp_path, status) == "Soru\n\nEvet\nHayır"


def test_the_options_of_a_poll_on_reddit_are_text(tmp_path: Path) -> None:
    poll = {"poll_data": {"options": [{"text": "Evet"}, {"text": "Hayır"}]}, "selftext": ""}
    assert text(tmp_path, A_THING | poll) == "Soru\n\nEvet\n\nHayır"


def test_what_describes_a_picture_and_a_link_is_text_where_it_is_asked_for(tmp_path: Path) -> None:
    status = A_STATUS | {
        "media_attachments": [{"description": "Sandık"}, {"description": None}],
        "card": {"title": "Haber"},
    }
    embed = {"images": [{"alt": "Sandık"}, {"alt": ""}], "external": {"title": "Haber"}}
    for part in (embed, {"media": embed}):
        record = {"text": "Soru", "createdAt": "2023-05-11T18:00:00Z", "embed": part}
        commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "1", "record": record}
        frame = {"did": "did:plc:x", "time_us": 1683828000000000, "kind": "commit", "commit": commit}
        for value in (status, frame):
            assert text(tmp_path, value) == "Soru"
            assert text(tmp_path, value, with_options("alt-text")) == "Soru\n\nSandık"
            assert text(tmp_path, value, with_options("link-cards")) == "Soru\n\nHaber"
            both = text(tmp_path, value, with_options("alt-text", "link-cards"))
            assert both == "Soru\n\nSandık\n\nHaber"


def test_what_can_be_included_is_named() -> None:
    with pytest.raises(UsageError, match="--include pictures: write one of alt-text, link-cards"):
        with_options("pictures")


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("Seçim &gt; oy &amp; söz", "Seçim > oy & söz"),
        ("&amp;#x200B;", ""),
        ("a &amp;amp; b", "a & b"),
        ("**büyük** *eğik* __kalın__ _alt_ ~~sil~~ `kod`", "büyük eğik kalın alt sil kod"),
        ("**se**çim", "seçim"),
        ('[oy ver](https://x.example/deepfake_(a) "b")', "oy ver"),
        ("![gif](giphy|abc) son", "gif son"),
        ("> alıntı\n\n# Başlık\n#Seçim", "alıntı\n\nBaşlık\n#Seçim"),
        ("&gt;!gizli!&lt; ve ^(üst) x^2", "gizli ve üst x2"),
        (r"\*yıldız\* \#seçim", "*yıldız* #seçim"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("https://x.example/_a_?b=**c**", "https://x.example/_a_?b=**c**"),
        ("* bir\n* iki", "* bir\n* iki"),
    ],
)
def test_markup_of_reddit_is_gone_and_words_are_whole(tmp_path: Path, written: str, seen: str) -> None:
    assert markdown_to_text(written) == seen
    if seen:
        comment = {key: value for key, value in A_THING.items() if key != "title"} | {"body": written}
        assert text(tmp_path, comment) == seen


@given(st.text(alphabet=st.characters(exclude_characters="*_~`^>#\\[]()!|&-\u200b\u2060\ufeff")))
def test_a_text_without_marks_is_seen_as_it_is_written(written: str) -> None:
    assert markdown_to_text(written) == written.strip()


@given(st.text(alphabet="ab *_~`^>#\\[]()!|&-\n.", max_size=80))
def test_no_letter_is_lost_with_the_marks(written: str) -> None:
    assert [one for one in markdown_to_text(written) if one in "ab"] == [
        one for one in written if one in "ab"
    ]


def test_a_deletion_whose_id_holds_no_time_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"event":"delete","payload":"1234567"}\n')
    [item] = read([open_source(str(path), "mastodon")])
    assert isinstance(item, Skipped)
    assert item.reason == "untraceable_delete"


def test_of_ids_only_the_newest_are_remembered() -> None:
    known = Known()
    for number in range(MAX_KNOWN + 10):
        known[str(number)] = "x"
    assert len(known) == MAX_KNOWN
    assert "9" not in known
