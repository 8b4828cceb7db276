import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.post import Post
from streams.ingest import frames
from streams.ingest.frames import (
    EventParser,
    TooLongError,
    json_objects,
    lines,
    read_objects,
    server_sent_events,
)
from streams.ingest.items import Item, Rejected
from streams.ingest.shape import MissingError


class InPieces:
    """Gives its bytes in pieces of any size, as a pipe does."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def read1(self, _: int = -1, /) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


@given(st.lists(st.binary(max_size=8).map(lambda piece: piece.replace(b"\r", b"\n"))))
def test_lines_are_the_same_however_they_are_cut(pieces: list[bytes]) -> None:
    expected = b"".join(pieces).removesuffix(b"\n").split(b"\n") if any(pieces) else []
    if pieces and b"".join(pieces).startswith(b"\xef\xbb\xbf"):
        return

    assert list(lines(InPieces(pieces))) == expected


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert list(lines(io.BytesIO(b"\xef\xbb\xbf{}\n\xef\xbb\xbf"))) == [b"{}", b"\xef\xbb\xbf"]


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_LINE_BYTES", 100)
    asked: list[int] = []

    class Endless:
        def read1(self, _: int = -1, /) -> bytes:
            asked.append(1)
            return b"x" * 10

    with pytest.raises(TooLongError):
        next(lines(Endless()))
    assert len(asked) == 11


def objects(*written: bytes) -> list[tuple[str, bytes]]:
    return list(json_objects(iter(b"\n".join(written).split(b"\n"))))


def test_one_object_a_line_is_read_line_by_line_even_if_one_is_broken() -> None:
    assert objects(b"", b'{"a":1}', b" \r", b"{x", b'{"b":2}') == [
        ("line 2", b'{"a":1}'),
        ("line 4", b"{x"),
        ("line 5", b'{"b":2}'),
    ]


def test_a_broken_first_line_does_not_make_a_document_of_the_rest() -> None:
    assert objects(b'{"a": "cut of', b'{"b":2}') == [("line 1", b'{"a": "cut of'), ("line 2", b'{"b":2}')]


@pytest.mark.parametrize("first", [b"{", b"[", b'{"data": [', b'[{"a": 1},', b"window.YTD.tweets.part0 = ["])
def test_what_only_opens_is_a_document_of_many_lines(first: bytes) -> None:
    [(where, document)] = objects(first, b"1", b"2")

    assert (where, document.split(b"\n")[1:]) == ("document", [b"1", b"2"])
    assert not document.startswith(b"window")


def test_elements_of_a_list_say_which_they_are() -> None:
    def convert(value: object) -> Iterator[Item]:
        if value != 1:
            raise MissingError(f"{value} is not 1")
        yield Post("a:1", "a", 1, "oy")

    first, second, third = read_objects(iter([b"[1, 2]", b"3"]), convert)
    assert isinstance(first, Post)
    assert [item.where for item in (second, third) if isinstance(item, Rejected)] == [
        "line 1, element 2",
        "line 2",
    ]


def test_events_are_those_of_the_standard_and_half_of_one_is_none() -> None:
    stream = b":thump\nevent: a\ndata: 1\ndata:2\nid: 7\n\n\ndata: 3\r\n\r\nevent: b\n\nevent: c\ndata: cut"

    assert list(server_sent_events(stream.split(b"\n"))) == [
        {"event": "a", "payload": "1\n2"},
        {"event": "message", "payload": "3"},
    ]
    assert EventParser().feed(b"data: x") is None
