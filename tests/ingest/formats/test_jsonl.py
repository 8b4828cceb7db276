import json
from collections.abc import Iterable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.decoding.frames import json_objects
from sandik.ingest.formats.jsonl import read_each
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik_schemas.post import Post


def read(lines: Iterable[bytes]) -> Iterator[Item]:
    return read_each(json_objects(iter(lines)))


BAD_LINES = {
    b"sandik": RejectReason.NOT_JSON,
    b'{"id": "a:1", "source": "a", "created_at_ms": 1, "text": "cut of': RejectReason.NOT_JSON,
    b'{"id": "a:1", "source": "a", "created_at_ms": 1, "text": "\\x0b"}': RejectReason.NOT_JSON,
    b'{"id": "a:1", "source": "a", "created_at_ms": 1, "text": "x", "z": ' + b"[" * 9999: (
        RejectReason.NOT_JSON
    ),
    b'{"id": "a:1", "source": "a", "created_at_ms": 1, "text": "se\xe7im"}': RejectReason.NOT_UTF8,
    b"[]": RejectReason.NOT_A_POST,
    b'{"source": "a", "created_at_ms": 1, "text": "no id"}': RejectReason.NOT_A_POST,
    b'{"id": "", "source": "a", "created_at_ms": 1, "text": "empty id"}': RejectReason.NOT_A_POST,
    b'{"id": "a:1", "source": "a", "created_at_ms": "1", "text": "x"}': RejectReason.NOT_A_POST,
    b'{"id": "a:1", "source": "a", "created_at_ms": 1, "text": null}': RejectReason.NOT_A_POST,
}


def a_line(number: int) -> bytes:
    return json.dumps({"id": f"a:{number}", "source": "a", "created_at_ms": number, "text": "oy"}).encode()


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.items())
def test_a_bad_line_is_reported_with_its_number_and_reason(line: bytes, reason: RejectReason) -> None:
    items = list(read([a_line(1) + b"\n", b"\n", line + b"\n", a_line(4)]))

    assert [item.id for item in items if isinstance(item, Post)] == ["a:1", "a:4"]
    [unreadable] = [item for item in items if isinstance(item, Rejected)]
    assert (unreadable.where, unreadable.reason) == ("line 3", reason)
    assert unreadable.detail


@given(st.lists(st.sampled_from(["good", "bad", "blank"])))
def test_every_line_is_a_post_or_reported_or_blank(kinds: list[str]) -> None:
    lines = {"bad": b"{x", "blank": b" \t\r"}
    items = list(read(lines.get(kind, a_line(number)) + b"\n" for number, kind in enumerate(kinds, start=1)))

    found = [item.id if isinstance(item, Post) else item.where for item in items]
    assert found == [
        f"line {number}" if kind == "bad" else f"a:{number}"
        for number, kind in enumerate(kinds, start=1)
        if kind != "blank"
    ]


posts = st.builds(
    Post,
    id=st.text(min_size=1, max_size=20),
    source=st.text(min_size=1, max_size=20),
    created_at_ms=st.integers(0, 2**53),
    text=st.text(),
)


@given(posts)
def test_a_post_that_was_read_can_be_written_and_read_again(post: Post) -> None:
    [once] = read([msgspec.json.encode(post)])
    assert isinstance(once, Post)
    assert list(read([msgspec.json.encode(once)])) == [once]
    assert (once.id, once.created_at_ms) == (post.id, post.created_at_ms)


def test_half_an_emoji_does_not_lose_the_post() -> None:
    [post] = read([rb'{"id": "a:1", "source": "a", "created_at_ms": 1, "text": "oy \ud83d"}'])

    assert isinstance(post, Post)
    assert post.text == "oy \ufffd"


def test_a_byte_order_mark_and_unknown_fields_are_ignored() -> None:
    [post] = read([b'\xef\xbb\xbf{"id": "a:1", "source": "a", "created_at_ms": 1, "text": "oy", "likes": 3}'])

    assert post == Post(id="a:1", source="a", created_at_ms=1, text="oy")


def test_an_event_time_in_seconds_is_left_to_the_workers() -> None:
    [post] = read([b'{"id": "a:1", "source": "a", "created_at_ms": 1683828000, "text": "oy"}'])

    assert isinstance(post, Post)
    assert post.created_at_ms == 1_683_828_000
