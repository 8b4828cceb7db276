"""Half an emoji is mended in the same way by ingest, by the workers and by annotate."""

import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.cli.annotate import Line, Numbered, _decoded
from sandik.counting.decode import Rejected, decode, decode_all
from sandik.counting.fingerprint import of_value
from sandik.counting.surrogates import decode_mended
from sandik.ingest.formats import READERS, Content
from sandik.ingest.formats.table import TableOptions
from sandik_schemas.post import Post

NOW_MS = 1_700_000_000_000
#: Texts with halves of surrogate pairs, in any order.
BROKEN = st.text(alphabet=st.sampled_from('ab\\u"\ud83d\ude00\udfff\ud800ş'), max_size=12)


def a_post(text: str, **fields: object) -> bytes:
    post = {"id": "a:1", "source": "a", "created_at_ms": NOW_MS, "text": text} | fields
    return json.dumps(post).encode()


def ingested(value: bytes) -> Post:
    content = Content(io.BufferedReader(io.BytesIO(value)), io.FileIO("/dev/null"), "x", TableOptions())
    [post] = READERS["jsonl"](content)
    assert isinstance(post, Post), post
    return post


def mended(text: str) -> str:
    """Say it in another way: pairs are joined, what is left over is replaced."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return "".join("\ufffd" if 0xD800 <= ord(one) <= 0xDFFF else one for one in joined)


@given(BROKEN)
def test_all_three_read_the_same_text(text: str) -> None:
    value = a_post(text)
    worker, annotated = decode(value, NOW_MS, 0), _decoded(Numbered(1, value))

    assert isinstance(worker, Post)
    assert isinstance(annotated, Line)
    assert worker.text == annotated.text == ingested(value).text == mended(text)


@given(st.lists(BROKEN, max_size=5))
def test_a_batch_is_read_as_each_of_its_records_alone(texts: list[str]) -> None:
    values = [a_post(text) for text in texts]
    found = decode_all(values, [NOW_MS] * len(values), 0)
    assert [*found.posts] == [decode(value, NOW_MS, 0) for value in values]
    assert [*found.rejected] == []


@given(BROKEN)
def test_what_was_ingested_is_read_as_it_was_and_needs_no_mending(text: str) -> None:
    value = msgspec.json.encode(ingested(a_post(text)))
    assert decode_mended(msgspec.json.Decoder(Post).decode, value)[1] is False


def test_records_stay_apart_by_the_bytes_that_kafka_has() -> None:
    one, other = a_post("\ud83d"), a_post("\ud83e")
    assert of_value(one) != of_value(other)


@pytest.mark.parametrize("half", [0xD83D, 0xDE00])
def test_an_id_is_not_mended_since_it_would_be_that_of_another(half: int) -> None:
    value = a_post("oy", id=f"a:{chr(half)}")
    rejected = decode(value, NOW_MS, 0)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "not_a_post"

    content = Content(io.BufferedReader(io.BytesIO(value)), io.FileIO("/dev/null"), "x", TableOptions())
    assert [type(item).__name__ for item in READERS["jsonl"](content)] == ["Rejected"]


def test_what_is_no_json_for_another_reason_stays_none() -> None:
    rejected = decode(a_post("\ud83d")[:-1], NOW_MS, 0)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "not_json"
