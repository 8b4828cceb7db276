"""Jetstream, followed through every fault: each post once, none lost, and the place is remembered."""

import asyncio
import json
import ssl
from contextlib import aclosing
from pathlib import Path

import pytest
import trustme
from backports import zstd

from sandik.errors import UsageError
from sandik.ingest.authors import with_pseudonyms
from sandik.ingest.decoding.frames import MAX_EVENT_BYTES
from sandik.ingest.items import Rejected, Skipped
from sandik.ingest.live import LiveOptions, follow
from sandik.ingest.live.cursor import load
from sandik.ingest.live.errors import SourceError
from sandik.ingest.live.frames_zstd import Unzstd, load_unzstd
from sandik.ingest.live.jetstream import OVERLAP_US, Jetstream
from sandik.ingest.produce import Mark
from sandik_schemas.post import Post
from tests.ingest.live.follower import DEADLINE_S, Follower, followed
from tests.ingest.live.servers import (
    EPOCH_US,
    FakeServer,
    Talk,
    a_v2_frame,
    frames,
    oy,
    sending,
    sending_bytes,
    serving,
    stay,
)
from tests.support.kafka import wait_until


async def following(url: str, posts: int, cursor: Path | None = None) -> Follower:
    told: list[str] = []
    return await followed(Jetstream(url, told.append), told, posts, cursor)


def url(server: FakeServer, scheme: str = "ws") -> str:
    return f"{scheme}://127.0.0.1:{server.port}/subscribe"


async def test_with_pseudonyms_neither_posts_nor_reports_nor_the_cursor_file_name_an_author(
    tmp_path: Path,
) -> None:
    cursor, told = tmp_path / "cursor.json", list[str]()
    author = json.loads(frames(1)[0])["did"]
    scripts = [sending(*frames(1, 2), then_cut=True), sending(*frames(1, 2, 3))]
    async with serving(FakeServer(scripts)) as server:
        source = Jetstream(url(server), told.append)
        found = await followed(source, told, 3, cursor, lambda item: with_pseudonyms(item, "a test's key"))

    duplicates = [item for item in found.items if isinstance(item, Skipped)]
    assert found.texts == oy(1, 2, 3)
    assert len(duplicates) == 2
    assert len(load(cursor, url(server)).recent) == 3
    assert author not in f"{found.items} {told} {cursor.read_text()}"


async def test_posts_arrive_in_order_and_only_posts_are_asked_for() -> None:
    async with serving(FakeServer([sending(*frames(1, 2, 3))])) as server:
        follower = await following(url(server), 3)

    assert follower.texts == oy(1, 2, 3)
    assert server.queries == [{"wantedCollections": "app.bsky.feed.post"}]


async def test_after_a_cut_it_goes_on_from_the_overlap_and_leaves_out_what_comes_twice() -> None:
    scripts = [sending(*frames(1, 2), then_cut=True), sending(*frames(1, 2, 3))]
    async with serving(FakeServer(scripts)) as server:
        follower = await following(url(server), 3)

    assert follower.texts == oy(1, 2, 3)
    assert [item.where for item in follower.items if isinstance(item, Skipped)] == [
        f"bluesky:at://did:plc:ayse/app.bsky.feed.post/r{number}" for number in (1, 2)
    ]
    assert server.queries[1]["cursor"] == str(EPOCH_US + 2_000_000 - OVERLAP_US)


async def test_a_frame_that_is_cut_in_the_middle_comes_again_whole() -> None:
    async def half(talk: Talk) -> None:
        await talk.send(frames(1)[0])
        # The header of a text frame of 100 bytes, and a tenth of it.
        assert talk.request.transport is not None
        talk.request.transport.write(b"\x81\x64" + b'{"did":"d')
        await asyncio.sleep(0)
        talk.request.transport.close()

    async with serving(FakeServer([half, sending(*frames(1, 2))])) as server:
        follower = await following(url(server), 2)

    assert follower.texts == oy(1, 2)


async def test_garbage_is_rejected_and_what_follows_is_read() -> None:
    messages = ["nonsense", '{"kind": 7}', "[1]", *frames(1)]
    async with serving(FakeServer([sending(*messages)])) as server:
        follower = await following(url(server), 1)

    assert [type(item) for item in follower.items] == [Rejected, Rejected, Rejected, Post]


async def test_a_broken_websocket_frame_ends_the_connection_and_not_the_command() -> None:
    async def broken(talk: Talk) -> None:
        assert talk.request.transport is not None
        talk.request.transport.write(b"\xff\xff\xff\xff\xff")
        await stay()

    async with serving(FakeServer([broken, sending(*frames(1))])) as server:
        follower = await following(url(server), 1)

    assert follower.texts == oy(1)


async def test_a_slow_server_is_waited_for() -> None:
    async def slow(talk: Talk) -> None:
        for frame in frames(1, 2, 3):
            await asyncio.sleep(0.2)
            await talk.send(frame)
        await stay()

    async with serving(FakeServer([slow])) as server:
        follower = await following(url(server), 3)

    assert follower.texts == oy(1, 2, 3)
    assert len(server.queries) == 1


async def test_a_server_that_is_away_is_tried_again_with_growing_delays() -> None:
    async with serving(FakeServer([stay])) as server:
        gone = url(server)
    told: list[str] = []
    follower = Follower(Jetstream(gone, told.append), told)
    reading = asyncio.create_task(follower.until(1))
    await wait_until(lambda: len(told) >= 4, DEADLINE_S, "four attempts")
    reading.cancel()

    delays = [line.rpartition(" in ")[2] for line in told[:4]]
    assert delays == ["0.01 s", "0.02 s", "0.04 s", "0.08 s"]


async def test_a_restart_goes_on_where_the_cursor_file_says_and_repeats_nothing(tmp_path: Path) -> None:
    cursor = tmp_path / "cursor.json"
    async with serving(FakeServer([sending(*frames(1, 2)), sending(*frames(1, 2, 3))])) as server:
        await following(url(server), 2, cursor)
        second = await following(url(server), 1, cursor)

    assert second.texts == oy(3)
    assert server.queries[1]["cursor"] == str(EPOCH_US + 2_000_000 - OVERLAP_US)


async def test_a_place_that_kafka_has_not_confirmed_is_not_remembered(tmp_path: Path) -> None:
    cursor = tmp_path / "cursor.json"
    async with serving(FakeServer([sending(*frames(1))])) as server:
        options = LiveOptions(cursor, lambda item: item, lambda _: None)
        batches = follow(Jetstream(url(server), print), options)
        async with asyncio.timeout(DEADLINE_S), aclosing(batches):  # type: ignore[type-var]
            async for batch in batches:
                if any(isinstance(item, Mark) for item in batch):
                    break

    assert not cursor.exists()


async def test_v2_goes_on_from_its_sequence_number(tmp_path: Path) -> None:
    cursor = tmp_path / "cursor.json"
    v2 = [json.dumps(a_v2_frame(number)) for number in (1, 2, 3)]
    scripts = [sending(*v2[:2], then_cut=True), sending(*v2[1:])]
    async with serving(FakeServer(scripts)) as server:
        address = f"ws://127.0.0.1:{server.port}/xrpc/network.bsky.jetstream.subscribeEvents"
        follower = await following(address, 3, cursor)

    assert follower.texts == oy(1, 2, 3)
    assert server.queries == [
        {"kinds": "commit", "collections": "app.bsky.feed.post"},
        {"kinds": "commit", "collections": "app.bsky.feed.post", "cursor": "2"},
    ]
    assert load(cursor, address).position == 3


async def test_an_error_frame_of_v2_is_told_and_the_connection_made_again() -> None:
    too_slow = json.dumps({"$type": "error", "error": "ConsumerTooSlow", "message": "geride"})
    scripts = [sending(too_slow), sending(json.dumps(a_v2_frame(1)))]
    async with serving(FakeServer(scripts)) as server:
        address = f"ws://127.0.0.1:{server.port}/xrpc/network.bsky.jetstream.subscribeEvents"
        follower = await following(address, 1)

    assert any("ConsumerTooSlow: geride" in line for line in follower.told)


async def test_a_cursor_the_server_no_longer_has_stops_with_what_is_missing(tmp_path: Path) -> None:
    from aiohttp import web

    async def refuse(_: web.Request) -> web.StreamResponse:
        raise web.HTTPBadRequest

    cursor = tmp_path / "cursor.json"
    async with serving(FakeServer([sending(*frames(1))])) as server:
        await following(url(server), 1, cursor)
        server.websocket = refuse  # type: ignore[method-assign, assignment]
        other = FakeServer([])
        other.websocket = refuse  # type: ignore[method-assign, assignment]
        async with serving(other):
            moved = cursor.read_text().replace(f":{server.port}/", f":{other.port}/")
            cursor.write_text(moved)
            with pytest.raises(SourceError, match=r"no longer has what came after \d+.*Remove the cursor"):
                await following(url(other), 1, cursor)


async def test_a_gap_that_v1_keeps_silent_about_is_told(tmp_path: Path) -> None:
    cursor = tmp_path / "cursor.json"
    async with serving(FakeServer([sending(*frames(1)), sending(*frames(500))])) as server:
        await following(url(server), 1, cursor)
        follower = await following(url(server), 1, cursor)

    assert any("begins 499 s after" in line for line in follower.told)


async def test_a_certificate_that_cannot_be_trusted_stops_it() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with serving(FakeServer([stay]), context) as server:
        with pytest.raises(SourceError, match="certificate cannot be trusted"):
            await following(url(server, "wss"), 1)


async def test_tls_to_a_server_without_it_stops_it() -> None:
    async with serving(FakeServer([stay])) as server:
        with pytest.raises(SourceError, match="speaks no TLS"):
            await following(url(server, "wss"), 1)


@pytest.mark.parametrize("content", ["", "nonsense", '{"source": "wss://other", "position": 1}'])
async def test_a_cursor_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    cursor = tmp_path / "cursor.json"
    cursor.write_text(content)

    with pytest.raises(UsageError, match=r"cursor\.json"):
        await following("ws://127.0.0.1:1/subscribe", 1, cursor)


def a_dictionary() -> bytes:
    samples = [frame.encode() for number in range(500) for frame in frames(number)]
    return zstd.train_dict(samples, 4_096).dict_content


async def test_what_the_server_compresses_is_read_and_what_is_broken_is_rejected() -> None:
    dictionary = a_dictionary()
    packed = [zstd.compress(frame.encode(), zstd_dict=zstd.ZstdDict(dictionary)) for frame in frames(1, 2, 3)]
    bomb = zstd.compress(b" " * (MAX_EVENT_BYTES + 1))
    script = sending_bytes(packed[0], b"nonsense", packed[1][:-5], packed[1], bomb, packed[2])
    async with serving(FakeServer([script])) as server:
        source = Jetstream(url(server), print, Unzstd(dictionary))
        follower = await followed(source, [], 3)

    assert follower.texts == oy(1, 2, 3)
    assert sum(isinstance(item, Rejected) for item in follower.items) == 3
    assert server.queries[0]["compress"] == "true"


def test_a_file_that_is_no_dictionary_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "dictionary"
    path.write_bytes(b"no")

    for wrong in (path, tmp_path / "missing"):
        with pytest.raises(UsageError, match=f"--zstd-dictionary {wrong}"):
            load_unzstd(wrong)
