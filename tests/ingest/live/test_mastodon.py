"""Mastodon's streams, followed through every fault: what a gap lost is fetched, what comes twice left out."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from sandik.errors import UsageError
from sandik.ingest.items import Rejected, Skipped
from sandik.ingest.live import is_live, live_source
from sandik.ingest.live.errors import SourceError
from sandik.ingest.live.mastodon import Mastodon
from sandik_schemas.post import Post
from tests.ingest.live.follower import Follower, followed
from tests.ingest.live.servers import FakeServer, Talk, a_status, event, oy, sending, serving, stay


async def following(
    server: FakeServer, posts: int, cursor: Path | None = None, token: str | None = None
) -> Follower:
    told: list[str] = []
    return await followed(Mastodon(url(server), token), told, posts, cursor)


def url(server: FakeServer) -> str:
    return f"http://127.0.0.1:{server.port}/api/v1/streaming/public"


def updates(*numbers: int) -> list[str]:
    return [event("update", a_status(number)) for number in numbers]


async def test_statuses_edits_and_deletions_arrive_and_a_deletion_finds_its_post() -> None:
    messages = [
        ":thump\n",
        *updates(1),
        event("status.update", {**a_status(1), "content": "<p>oy 1b</p>"}),
        event("delete", a_status(1)["id"]),
        event("filters_changed", "undefined"),
    ]
    async with serving(FakeServer([sending(*messages)])) as server:
        follower = await following(server, 3)

    posts = [item for item in follower.items if isinstance(item, Post)]
    assert [(post.op, post.text) for post in posts] == [
        ("create", "oy 1"),
        ("update", "oy 1b"),
        ("delete", ""),
    ]
    assert len({post.id for post in posts}) == 1


async def test_what_was_posted_during_a_gap_is_fetched_from_the_timeline_once() -> None:
    scripts = [sending(*updates(1), then_cut=True), sending(*updates(100, 101))]
    server = FakeServer(scripts, timeline=[a_status(number) for number in range(1, 101)])
    async with serving(server):
        follower = await following(server, 101)

    assert follower.texts == oy(*range(1, 102))
    assert {item.reason for item in follower.items if isinstance(item, Skipped)} == {"duplicate"}


async def test_an_event_that_is_cut_in_the_middle_is_fetched_whole() -> None:
    half = updates(2)[0][:60]
    scripts = [sending(*updates(1), half, then_cut=True), sending(*updates(3))]
    server = FakeServer(scripts, timeline=[a_status(1), a_status(2)])
    async with serving(server):
        follower = await following(server, 3)

    assert follower.texts == oy(1, 2, 3)
    assert not [item for item in follower.items if isinstance(item, Rejected)]


async def test_an_event_may_come_in_any_pieces() -> None:
    async def drop_by_drop(talk: Talk) -> None:
        for letter in "".join(updates(1, 2)):
            await talk.send(letter)
            await asyncio.sleep(0)
        await stay()

    async with serving(FakeServer([drop_by_drop])) as server:
        follower = await following(server, 2)

    assert follower.texts == oy(1, 2)


async def test_garbage_is_rejected_and_what_follows_is_read() -> None:
    messages = [event("update", "nonsense"), event("update", {"id": 7}), "\x00\xff\n\n", *updates(1)]
    async with serving(FakeServer([sending(*messages)])) as server:
        follower = await following(server, 1)

    assert [type(item) for item in follower.items] == [Rejected, Rejected, Post]


async def test_a_restart_goes_on_where_the_cursor_file_says_and_repeats_nothing(tmp_path: Path) -> None:
    cursor = tmp_path / "cursor.json"
    server = FakeServer([sending(*updates(1, 2)), sending(*updates(2, 5))])
    server.timeline = [a_status(number) for number in range(1, 5)]
    async with serving(server):
        await following(server, 2, cursor)
        second = await following(server, 3, cursor)

    assert second.texts == oy(3, 4, 5)


async def test_the_token_is_sent_and_its_refusal_stops_it() -> None:
    async def needs_token(talk: Talk) -> None:
        assert talk.request.headers.get("Authorization") == "Bearer gizli"
        await talk.send(updates(1)[0])
        await stay()

    async def refuse(_: web.Request) -> web.StreamResponse:
        raise web.HTTPUnauthorized

    async with serving(FakeServer([needs_token])) as server:
        assert (await following(server, 1, token="gizli")).texts == oy(1)  # noqa: S106 - none of anybody's
    server = FakeServer([])
    server.events = refuse  # type: ignore[method-assign, assignment]
    async with serving(server):
        with pytest.raises(SourceError, match="401: the token is missing"):
            await following(server, 1)


async def test_a_server_in_trouble_is_tried_again() -> None:
    async def once(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if len(asked) == 1:
            raise web.HTTPServiceUnavailable
        return await working(request)

    asked: list[str] = []
    server = FakeServer([sending(*updates(1))])
    working = server.events
    server.events = once  # type: ignore[method-assign]
    async with serving(server):
        follower = await following(server, 1)

    assert any("answers 503" in line for line in follower.told)


async def test_a_page_that_is_no_stream_is_refused() -> None:
    async def page(_: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = FakeServer([])
    server.events = page  # type: ignore[method-assign, assignment]
    async with serving(server):
        with pytest.raises(SourceError, match="is not a stream but application/json"):
            await following(server, 1)


@pytest.mark.parametrize(
    ("stream", "timeline"),
    [
        ("public", "https://a.example/api/v1/timelines/public"),
        ("public/local", "https://a.example/api/v1/timelines/public?local=true"),
        ("hashtag?tag=seçim", "https://a.example/api/v1/timelines/tag/seçim"),
        ("list?list=7", "https://a.example/api/v1/timelines/list/7"),
        ("user", "https://a.example/api/v1/timelines/home"),
        ("direct", None),
    ],
)
def test_each_stream_has_the_timeline_of_its_name(stream: str, timeline: str | None) -> None:
    assert Mastodon(f"https://a.example/api/v1/streaming/{stream}", None)._timeline() == timeline


def test_live_sources_are_told_from_files_by_their_names(tmp_path: Path) -> None:
    names = ["jetstream", "mastodon:a.example", "wss://a.example/subscribe", "https://a.example/x"]
    assert all(map(is_live, names))
    assert not any(map(is_live, ["jetstream.jsonl", "-", "mastodon.json", "dump/*.zst"]))

    assert (
        live_source("mastodon:a.example", None, None, print).url
        == "https://a.example/api/v1/streaming/public"
    )
    with pytest.raises(UsageError, match="not a live source"):
        live_source("https://a.example/feed.xml", None, None, print)
    with pytest.raises(UsageError, match="token-file"):
        live_source("mastodon:a.example", tmp_path / "missing", None, print)
