import bz2
import gzip
import json
import zlib

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import MAX_DETAIL_CHARACTERS, Rejected, decode
from sandik.counting.foreign_formats import disguise_of
from sandik_schemas.post import Post

POST = {"id": "a:1", "source": "a", "created_at_ms": 1_683_828_000_000, "text": "oy"}
PLAIN = json.dumps(POST).encode()

DISGUISED = {
    b"\0\0\0\0\x2a" + PLAIN: "schema 42, JSON",
    b"\0\0\0\0\x07\x06a:1\x02a": "schema 7, Avro",
    gzip.compress(PLAIN): "packed with gzip",
    bytes(cramjam.zstd.compress(PLAIN)): "packed with zstd",
    zlib.compress(PLAIN): "packed with zlib",
    bz2.compress(PLAIN): "packed with bzip2",
    b"\x82SNAPPY\x00\x00\x00": "packed with snappy",
    json.dumps(
        {"schema": {"type": "struct"}, "payload": POST}
    ).encode(): "value.converter.schemas.enable=false",
    json.dumps({"before": None, "after": POST, "op": "c"}).encode(): "ExtractNewRecordState",
    json.dumps({"specversion": "1.0", "type": "x", "data": POST}).encode(): "CloudEvents",
    json.dumps(PLAIN.decode()).encode(): "encoded twice",
    b"[" + PLAIN + b"]": "one object a record",
    b"\xef\xbb\xbf" + PLAIN: "byte order mark",
    PLAIN.decode().encode("utf-16"): "UTF-16",
}


@pytest.mark.parametrize(("value", "told"), DISGUISED.items(), ids=list(DISGUISED.values()))
def test_a_letter_says_what_its_value_is_and_what_to_set(value: bytes, told: str) -> None:
    rejected = decode(value, POST["created_at_ms"], 0)  # type: ignore[arg-type]

    assert isinstance(rejected, Rejected)
    assert told in rejected.detail
    assert len(rejected.detail) <= MAX_DETAIL_CHARACTERS


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\0\0\0\0{}", b"nonsense", b'{"id": 1}', b"{", b"null"])
def test_what_is_only_broken_is_not_explained(value: bytes) -> None:
    assert disguise_of(value) == ""


@given(st.binary(max_size=40))
def test_any_value_at_all_has_an_answer(value: bytes) -> None:
    decoded = decode(value, 0, 0)

    assert isinstance(decoded, Post) or len(decoded.detail) <= MAX_DETAIL_CHARACTERS
