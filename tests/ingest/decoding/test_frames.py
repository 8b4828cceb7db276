import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.decoding import frames
from sandik.ingest.decoding.frames import EventParser, json_objects, lines, read_each, server_sent_events
from sandik.ingest.decoding.json_access import MissingError
from sandik.ingest.decoding.json_values import TooLongError
from sandik.ingest.items import Item, Rejected
from sandik_schemas.post import Post


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
    monkeypatch.setattr(frames, "MAX_DOCUMENT_BYTES", 100)
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


@pytest.mark.parametrize("first", [b"{", b'{"data": [', b"window.YTD.tweets.part0 = {"])
def test_what_only_opens_is_a_document_of_many_lines(first: bytes) -> None:
    [(where, document)] = objects(first, b"1", b"2")

    assert (where, document.split(b"\n")[1:3]) == ("document", [b"1", b"2"])
    assert not document.startswith(b"window")


@pytest.mark.parametrize("first", [b"[", b"window.YTD.tweets.part0 = ["])
def test_of_an_array_of_many_lines_each_element_is_an_object(first: bytes) -> None:
    assert objects(first, b'{"a": 1},', b"{", b'"b": "}"', b"}", b"]") == [
        ("document, element 1", b'{"a": 1}'),
        ("document, element 2", b'{\n"b": "}"\n}'),
    ]


JSON_OBJECTS = st.lists(
    st.dictionaries(
        st.text(max_size=3),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
            ),
            max_leaves=4,
        ),
        max_size=3,
    ),
    min_size=1,
    max_size=5,
)


@given(JSON_OBJECTS, st.sampled_from([None, 0, 2]), st.sampled_from(["array", "in a row", "one a line"]))
def test_the_layout_of_json_does_not_change_what_is_in_it(
    values: list[dict[str, object]], indent: int | None, layout: str
) -> None:
    if layout == "array":
        text = json.dumps(values, indent=indent, ensure_ascii=False)
    else:
        between = "\n" if layout == "one a line" else ""
        text = between.join(json.dumps(value, indent=indent, ensure_ascii=False) for value in values)
    found = [json.loads(data) for _, data in json_objects(iter(text.encode().split(b"\n")))]

    assert (found[0] if found and isinstance(found[0], list) else found) == values


def test_json_that_is_cut_off_gives_what_is_whole_and_then_what_is_not() -> None:
    assert [data for _, data in objects(b"[", b'{"a": 1},', b'{"b": ')] == [b'{"a": 1}', b'{"b": \n']


def test_elements_of_a_list_say_which_they_are() -> None:
    def convert(value: object) -> Iterator[Item]:
        if value != 1:
            raise MissingError(f"{value} is not 1")
        yield Post("a:1", "a", 1, "oy")

    first, second, third = read_each(json_objects(iter([b"[1, 2]", b"3"])), convert)
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
