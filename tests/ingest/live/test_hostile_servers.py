"""Servers that mean harm, or are broken: nothing endless is held, nobody is followed to another host."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from sandik.ingest.decoding.frames import MAX_EVENT_BYTES
from sandik.ingest.items import Rejected
from sandik.ingest.live import mastodon
from sandik.ingest.live.cursor import Cursor, load, save
from sandik.ingest.live.errors import SourceError
from sandik.ingest.live.follow import MAX_WAITING_CHARACTERS, LiveSource, Waiting
from sandik.ingest.live.jetstream import Jetstream
from sandik.ingest.live.mastodon import Mastodon
from sandik_schemas.post import Post
from tests.ingest.live.follower import Follower, followed
from tests.ingest.live.servers import FakeServer, Talk, a_status, event, frames, oy, sending, serving, stay
from tests.support.kafka import wait_until


def sse(server: FakeServer, query: str = "") -> str:
    return f"http://127.0.0.1:{server.port}/api/v1/streaming/public{query}"


def update(number: int) -> str:
    return event("update", a_status(number))


async def first_post(source: LiveSource, told: list[str], cursor: Path | None = None) -> Follower:
    return await followed(source, told, 1, cursor)


@pytest.mark.parametrize("piece", ["data: " + "x" * 9_000 + "\n", "data:\n" * 2_000, "x" * 9_000])
async def test_an_event_or_a_line_without_an_end_is_let_go_and_the_stream_tried_again(piece: str) -> None:
    async def endless(talk: Talk) -> None:
        while True:
            await talk.send(piece)

    told: list[str] = []
    async with serving(FakeServer([endless, sending(update(1))])) as server:
        follower = await first_post(Mastodon(sse(server), None, told.append), told)

    assert follower.texts == oy(1)
    assert any("an event is longer than" in line or "an endless line" in line for line in told)


async def test_a_websocket_message_that_is_too_long_is_let_go() -> None:
    async def long(talk: Talk) -> None:
        await talk.send("x" * (MAX_EVENT_BYTES + 1))
        await stay()

    told: list[str] = []
    async with serving(FakeServer([long, sending(*frames(1))])) as server:
        source = Jetstream(f"ws://127.0.0.1:{server.port}/subscribe", told.append)
        follower = await first_post(source, told)

    assert follower.texts == oy(1)
    assert any("trying again" in line for line in told)


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense",
        b'{"error": "bakim"}',
        b"[" + b"[" * 5_000,
        b'["x", 7, null]',
        b"[" + b"1," * (MAX_EVENT_BYTES // 2) + b"1]",
    ],
)
async def test_a_timeline_that_is_none_costs_the_gap_and_not_the_stream(
    tmp_path: Path, answer: bytes
) -> None:
    async def timeline(_: web.Request) -> web.StreamResponse:
        return web.Response(body=answer, content_type="application/json")

    cursor, told = tmp_path / "cursor.json", list[str]()
    async with serving(FakeServer([sending(update(1)), sending(update(3))])) as server:
        await first_post(Mastodon(sse(server), None, told.append), told, cursor)
        server.page = timeline  # type: ignore[method-assign, assignment]
        follower = await first_post(Mastodon(sse(server), None, told.append), told, cursor)

    assert follower.texts == oy(3)
    assert any(isinstance(item, Rejected) for item in follower.items)


@pytest.mark.parametrize("where", ["timeline", "stream"])
async def test_an_answer_that_is_packed_is_not_unpacked(tmp_path: Path, where: str) -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000)

    async def packed(_: web.Request) -> web.StreamResponse:
        kind = "application/json" if where == "timeline" else "text/event-stream"
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"}, content_type=kind)

    cursor, told = tmp_path / "cursor.json", list[str]()
    async with serving(FakeServer([sending(update(1)), sending(update(2))])) as server:
        await first_post(Mastodon(sse(server), None, told.append), told, cursor)
        setattr(server, "page" if where == "timeline" else "events", packed)
        follower = Follower(Mastodon(sse(server), None, told.append), told, cursor)
        reading = asyncio.create_task(follower.until(1))
        await wait_until(lambda: any("compresses its answers" in line for line in told), 60, "the refusal")
        reading.cancel()


async def test_a_timeline_without_an_end_is_left_for_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mastodon, "MAX_PAGES", 3)
    asked: list[str] = []

    async def growing(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["min_id"])
        return web.json_response([a_status(10 + len(asked))])

    cursor, told = tmp_path / "cursor.json", list[str]()
    async with serving(FakeServer([sending(update(1)), sending(update(90))])) as server:
        await first_post(Mastodon(sse(server), None, told.append), told, cursor)
        server.page = growing  # type: ignore[method-assign, assignment]
        follower = await followed(Mastodon(sse(server), None, told.append), told, 4, cursor)

    assert follower.texts == oy(11, 12, 13, 90)
    assert len(asked) == 3


def redirecting(to: str) -> Any:
    async def redirect(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": to})

    return redirect


@pytest.mark.parametrize("to", ["http://localhost:1/x", "//ornek.example/x", "ftp://127.0.0.1/x"])
@pytest.mark.parametrize("kind", ["mastodon", "jetstream"])
async def test_nobody_is_followed_to_another_host(kind: str, to: str) -> None:
    told: list[str] = []
    server = FakeServer([stay])
    server.events = server.websocket = redirecting(to)  # type: ignore[method-assign]
    async with serving(server):
        source: LiveSource = (
            Mastodon(sse(server, "?access_token=gizli"), "anahtar", told.append)
            if kind == "mastodon"
            else Jetstream(f"ws://ali:parola@127.0.0.1:{server.port}/subscribe?k=gizli", told.append)
        )
        with pytest.raises(SourceError, match="redirects to") as raised:
            await first_post(source, told)

    assert not any(secret in str(raised.value) + str(told) for secret in ("gizli", "parola", "anahtar"))


async def test_secrets_of_an_address_are_in_neither_reports_nor_the_cursor_file(tmp_path: Path) -> None:
    cursor, told = tmp_path / "cursor.json", list[str]()
    async with serving(
        FakeServer([sending("nonsense", *frames(1), then_cut=True), sending(*frames(1, 2))])
    ) as server:
        url = f"ws://ali:parola@127.0.0.1:{server.port}/subscribe?token=gizli"
        follower = await followed(Jetstream(url, told.append), told, 2, cursor)

    assert follower.texts == oy(1, 2)
    everything = f"{told} {follower.items} {cursor.read_text()}"
    assert not any(secret in everything for secret in ("gizli", "parola"))


def test_a_cursor_file_of_before_is_read_and_written_without_secrets(tmp_path: Path) -> None:
    path, url, known_as = (
        tmp_path / "cursor.json",
        "wss://h.example/s?token=gizli",
        "wss://h.example/s?token=…#1",
    )
    save(path, Cursor(url, 7, ["a"]))
    assert load(path, known_as, url) == Cursor(known_as, 7, ["a"])


async def test_what_waits_for_kafka_is_bounded_by_its_text() -> None:
    waiting = Waiting(10_000)
    big = Post("a:1", "a", 1, "x" * (MAX_WAITING_CHARACTERS // 4))
    for number in range(4):
        waiting.put_nowait((number, [big]))
    putting = asyncio.create_task(waiting.put((4, [big])))
    await asyncio.sleep(0)
    assert not putting.done()
    waiting.get_nowait()
    await putting
    assert waiting.full()
    assert json.dumps(waiting.qsize()) == "4"
