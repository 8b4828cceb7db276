"""The feed of bursts: what a feed reader makes of it."""

import feedparser  # type: ignore[import-untyped]  # ships no types

from sandik.dashboard.feed import MOST_ENTRIES, bursts_feed
from sandik.dashboard.service import Board
from sandik.figures.rollup import Row
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count
from tests.dashboard.conftest import Client

ADDRESS = "http://127.0.0.1:8080/api/bursts.atom?rollup_ms=60000"


def a_row(minute: int, *bursts: str, language: str = "tr", posts: int = 40) -> Row:
    start_ms = BASE_MS + minute * MINUTE_MS
    counts = dict.fromkeys(bursts, posts)
    return Row(start_ms, start_ms + MINUTE_MS, language, counts, {}, {}, 0, None, [*bursts])


def test_bursts_come_newest_first_each_with_a_link_to_its_time() -> None:
    rows = [a_row(1, "both"), a_row(2), a_row(3, "both", "election", language="*")]

    feed = feedparser.parse(bursts_feed(rows, "http://127.0.0.1:8080/", ADDRESS))

    assert not feed.bozo
    assert [(one.rel, one.href) for one in feed.feed.links] == [("self", ADDRESS)]
    assert [entry.title for entry in feed.entries] == [
        "all languages, both: 40 posts",
        "all languages, election: 40 posts",
        "Turkish, both: 40 posts",
    ]
    start_ms = BASE_MS + MINUTE_MS
    assert feed.entries[2].link == (
        f"http://127.0.0.1:8080/?span=custom&from={start_ms}&to={start_ms + MINUTE_MS}&languages=tr"
    )


def test_a_burst_of_a_source_is_another_and_links_to_that_source() -> None:
    rows = [a_row(1, "both")]
    of_all, of_one = (
        feedparser.parse(bursts_feed(rows, "http://x/", ADDRESS, sources)).entries[0]
        for sources in (frozenset[str](), frozenset({"x", "telegram"}))
    )

    assert of_one.link == f"{of_all.link}&source=telegram%2Cx"
    assert of_one.id != of_all.id


def test_a_burst_that_grows_is_the_same_entry() -> None:
    small, large = (
        feedparser.parse(bursts_feed([a_row(1, "both", posts=n)], "http://x/", ADDRESS)) for n in (40, 50)
    )

    assert small.entries[0].id == large.entries[0].id
    assert small.entries[0].title != large.entries[0].title


def test_hostile_names_and_many_bursts_leave_a_feed() -> None:
    rows = [a_row(minute, "<b>\x00&", language="x\x1b") for minute in range(MOST_ENTRIES + 9)]

    feed = feedparser.parse(bursts_feed(rows, "http://x/", ADDRESS))

    assert (feed.bozo, len(feed.entries)) == (False, MOST_ENTRIES)


async def test_it_is_served(board: Board, client: Client) -> None:
    quiet = [a_count(tag, minute=minute, count=5) for minute in range(30) for tag in ("all", "election")]
    board.model.add([*quiet, *(a_count(tag, minute=30, count=90) for tag in ("all", "election"))], 0)

    async with client.get("/api/bursts.atom", params={"language": "tr"}) as response:
        assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = feedparser.parse(await response.read())

    assert [entry.title for entry in feed.entries] == ["Turkish, election: 90 posts"]
