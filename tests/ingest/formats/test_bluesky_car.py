"""Repositories, encoded here: blocks behind their lengths, named by their hashes."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libipld
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.formats.bluesky_car import read
from sandik.ingest.inputs import open_source
from sandik.ingest.inputs import read as read_sources
from sandik.ingest.items import Rejected, Skipped
from sandik_schemas.post import Post

DID = "did:plc:a"


class Car:
    def __init__(self) -> None:
        self.blocks: dict[bytes, bytes] = {}

    def add(self, value: object) -> bytes:
        data = libipld.encode_dag_cbor(value)
        cid = b"\x01\x71\x12\x20" + hashlib.sha256(data).digest()
        self.blocks[cid] = data
        return cid

    def node(self, entries: list[tuple[str, bytes]], left: bytes | None = None) -> bytes:
        """Add a node of the tree; keys keep what they share with the one before."""
        told, before = [], b""
        for key, value in entries:
            data = key.encode()
            shared = next(
                (n for n, (a, b) in enumerate(zip(before, data, strict=False)) if a != b),
                min(len(before), len(data)),
            )
            told.append({"p": shared, "k": data[shared:], "v": value, "t": None})
            before = data
        return self.add({"l": left, "e": told})

    def to_bytes(self, root: bytes) -> bytes:
        commit = self.add({"did": DID, "version": 3, "data": root, "rev": "3k", "prev": None, "sig": b"x"})
        header = libipld.encode_dag_cbor({"roots": [commit], "version": 1})
        parts = [header, *(cid + data for cid, data in self.blocks.items())]
        return b"".join(varint(len(part)) + part for part in parts)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def a_record(text: str) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2023-05-11T18:00:00Z", "langs": ["tr"]}


def a_repository() -> bytes:
    car = Car()
    like = car.add({"$type": "app.bsky.feed.like", "createdAt": "2023-05-11T18:00:00Z"})
    left = car.node([("app.bsky.feed.like/3a", like), ("app.bsky.feed.post/3k", car.add(a_record("Sandık")))])
    root = car.node(
        [("app.bsky.feed.post/3l", car.add(a_record("Oy"))), ("app.bsky.feed.post/3m", car.add({"x": 1}))],
        left,
    )
    return car.to_bytes(root)


def test_the_posts_of_a_repository_come_in_the_order_of_their_keys(tmp_path: Path) -> None:
    path = tmp_path / "repo.car"
    path.write_bytes(a_repository())
    found = list(read_sources([open_source(str(path), None)]))

    assert [(item.id, item.text) for item in found if isinstance(item, Post)] == [
        ("bluesky:at://did:plc:a/app.bsky.feed.post/3k", "Sandık"),
        ("bluesky:at://did:plc:a/app.bsky.feed.post/3l", "Oy"),
    ]
    assert [item.detail for item in found if isinstance(item, Skipped)] == ["app.bsky.feed.like"]
    assert [item.detail for item in found if isinstance(item, Rejected)] == ["no record.text"]


def test_it_is_recognised_without_its_name(tmp_path: Path) -> None:
    path = tmp_path / "repo"
    path.write_bytes(a_repository())

    assert open_source(str(path), None).format == "bluesky-car"


def broken() -> Iterator[bytes]:
    whole = a_repository()
    yield from (whole[:at] for at in range(0, len(whole), 37))


def test_a_repository_that_is_cut_off_is_rejected_or_has_less_in_it() -> None:
    for data in broken():
        assert all(isinstance(item, (Post, Rejected, Skipped)) for item in read(data))


@given(st.integers(0, 600), st.binary(min_size=1, max_size=4))
def test_any_bytes_in_a_repository_yield_items(at: int, bad: bytes) -> None:
    whole = a_repository()
    data = whole[:at] + bad + whole[at + len(bad) :]

    assert all(isinstance(item, (Post, Rejected, Skipped)) for item in read(data))
