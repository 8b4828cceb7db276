import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.decoding import json_walk
from sandik.ingest.decoding.json_values import TooLongError
from sandik.ingest.decoding.json_walk import BrokenJsonError, Walk
from tests.ingest.decoding.test_frames import InPieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def values(walk: Walk) -> list[bytes]:
    return [walk.value() for _ in walk.each_item()]


def pieces(data: bytes, size: int) -> InPieces:
    return InPieces([data[at : at + size] for at in range(0, len(data), size)])


@given(st.lists(VALUES, max_size=5), st.integers(1, 9), st.booleans())
def test_elements_are_the_same_however_the_document_is_cut(
    elements: list[object], size: int, is_pretty: bool
) -> None:
    data = json.dumps(elements, indent=1 if is_pretty else None, ensure_ascii=False).encode()
    walk = Walk(pieces(data, size))
    assert [*map(json.loads, values(walk))] == elements
    assert walk.peek() == ""


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5), st.integers(1, 9))
def test_members_are_the_same_however_the_document_is_cut(members: dict[str, object], size: int) -> None:
    walk = Walk(pieces(json.dumps(members).encode(), size))
    assert {key: json.loads(walk.value()) for key in walk.each_key()} == members


@given(st.integers(1, 9))
def test_an_escape_that_json_does_not_have_is_read_however_it_is_cut(size: int) -> None:
    walk = Walk(pieces(rb'["a\x0bb\\x41\\\x1f"]', size))
    assert [json.loads(walk.value(), strict=False) for _ in walk.each_item()] == ["a\x0bb\\x41\\\x1f"]


@pytest.mark.parametrize("data", [b"", b"[", b"[1", b'["a', b"[1,", b"[1 2]", b"[tru]", b"[" * 100_000])
def test_what_is_no_list_to_its_end_is_broken(data: bytes) -> None:
    with pytest.raises(BrokenJsonError):
        values(Walk(io.BytesIO(data)))


def test_a_value_without_an_end_is_refused_before_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_walk, "MAX_VALUE_CHARACTERS", 1_000)
    given: list[int] = []

    class Endless:
        def read1(self, _: int = -1, /) -> bytes:
            given.append(1)
            return b'["' + b"x" * 100 if len(given) == 1 else b"x" * 100

    with pytest.raises(TooLongError):
        values(Walk(Endless()))
    assert len(given) < 100
