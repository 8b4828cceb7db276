"""`/api/stream`: nothing is lost, nothing is queued, and nobody waits for a slow reader."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from sandik.dashboard.service import Board
from sandik.figures.rollup import MAX_CHANGED_ROWS
from tests.dashboard.builders import a_count
from tests.dashboard.conftest import STREAMS, Client
from tests.dashboard.test_api import ask, validate
from tests.support.kafka import wait_until

DEADLINE_S = 30


class Event(NamedTuple):
    kind: str
    id: str
    data: Any


@asynccontextmanager
async def streaming(client: Client, **parameters: str) -> AsyncIterator[AsyncIterator[Event]]:
    headers = {"Last-Event-ID": parameters.pop("last_event_id")} if "last_event_id" in parameters else {}
    async with client.get("/api/stream", params=parameters, headers=headers) as response:
        assert response.content_type == "text/event-stream"
        yield events(response.content)


async def events(content: asyncio.StreamReader | Any) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in content:
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(": ")
            fields[name] = value
        elif fields:
            yield Event(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            fields = {}


async def next_of(found: AsyncIterator[Event], kind: str) -> Event:
    async with asyncio.timeout(DEADLINE_S):
        async for event in found:
            if event.kind == kind:
                return event
    raise AssertionError(f"the stream ended without {kind}")


def change(board: Board, minute: int, count: int) -> None:
    board.model.add([a_count(minute=minute, count=count, revision=2 * count)], 0)
    board.notify()


def counts_of(event: Event) -> dict[tuple[str, int], int]:
    return {(row["language"], row["start_ms"]): row["current"]["all"] for row in event.data["rows"]}


async def test_a_change_comes_as_an_event_with_the_rows_that_changed(board: Board, client: Client) -> None:
    change(board, 0, 1)
    change(board, 40, 1)
    async with streaming(client, language="tr") as found:
        validate("status", (await next_of(found, "status")).data)
        change(board, 40, 2)
        event = await next_of(found, "rows")

    validate("counts", event.data)
    assert list(counts_of(event).values()) == [2]
    assert event.id == event.data["version"] == str(board.model.version)


async def test_no_proxy_holds_events_back(client: Client) -> None:
    async with client.get("/api/stream") as response:
        assert response.headers["X-Accel-Buffering"] == "no"


async def test_more_streams_than_there_are_places_for_are_told_when_to_come_again(
    board: Board, client: Client
) -> None:
    change(board, 0, 1)
    async with AsyncExitStack() as open_ones:
        for _ in range(STREAMS - 1):
            await open_ones.enter_async_context(streaming(client))
        async with streaming(client):
            async with client.get("/api/stream") as refused:
                assert refused.status == 503
                assert int(refused.headers["Retry-After"]) > 0
                assert "/api/counts" in await refused.text()
            assert (await ask(client, "/api/counts"))["rows"]
        change(board, 0, 2)  # at the next event the server sees that one has gone

        async def is_served() -> bool:
            async with client.get("/api/stream") as again:
                return again.status == 200

        await wait_until(is_served, DEADLINE_S, "the place of the one that went is free")


async def test_what_happened_while_the_connection_was_lost_comes_first(board: Board, client: Client) -> None:
    change(board, 0, 1)
    async with streaming(client, language="tr") as found:
        change(board, 1, 1)
        last = (await next_of(found, "rows")).id
    for minute in range(40, 45):
        change(board, minute, 7)

    async with streaming(client, language="tr", last_event_id=last) as found:
        event = await next_of(found, "rows")

    assert list(counts_of(event).values()) == [7] * 5


async def test_since_the_answer_of_counts_nothing_is_missing(board: Board, client: Client) -> None:
    change(board, 0, 1)
    version = (await ask(client, "/api/counts"))["version"]
    change(board, 0, 5)

    async with streaming(client, language="tr", since=version) as found:
        assert list(counts_of(await next_of(found, "rows")).values()) == [5]


async def test_a_version_of_another_dashboard_means_start_again(board: Board, client: Client) -> None:
    change(board, 0, 1)
    for last in ("0123456789ab-7", "nonsense", f"{board.model.version.epoch}-999"):
        async with streaming(client, last_event_id=last) as found:
            event = await next_of(found, "reset")
            validate("reset", event.data)
            assert [event async for event in found] == []  # and it was the last


async def test_one_who_is_too_far_behind_is_told_to_start_again(board: Board, client: Client) -> None:
    change(board, 0, 1)
    last = str(board.model.version)
    board.model.add([a_count(minute=minute, revision=9) for minute in range(MAX_CHANGED_ROWS + 1)], 0)

    async with streaming(client, language="tr", last_event_id=last) as found:
        assert (await next_of(found, "reset")).id == str(board.model.version)


async def test_a_slow_reader_holds_up_nobody_and_costs_no_memory(board: Board, client: Client) -> None:
    """It reads nothing while more changes than its connection holds; then it is told how it all ended."""
    languages = [f"x{number}" for number in range(40)]

    def change_all(count: int) -> None:
        board.model.add(
            [
                a_count(language=one, minute=minute, count=count, revision=2 * count)
                for one in languages
                for minute in range(60)
            ],
            0,
        )
        board.notify()

    change_all(1)
    async with slow_reader(client) as slow, streaming(client, language=",".join(languages)) as quick:
        for count in range(2, 14):  # half a megabyte each
            change_all(count)
            assert set(counts_of(await next_of(quick, "rows")).values()) == {count}
        seen = await read_until(slow, 13)

    assert len(seen) <= 4, "it was sent each change: they were kept for it"


@asynccontextmanager
async def slow_reader(client: Client) -> AsyncIterator[socket.socket]:
    """Ask for the stream, and read nothing yet: not even into buffers of our own."""
    assert client.port is not None
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, ("127.0.0.1", client.port))
        await loop.sock_sendall(connection, b"GET /api/stream HTTP/1.0\r\nHost: localhost\r\n\r\n")
        yield connection


async def read_until(connection: socket.socket, count: int) -> list[int]:
    """Read at last; return the counts of the events, up to the one with `count`."""
    received = asyncio.StreamReader(limit=1 << 24)
    seen: list[int] = []

    async def receive() -> None:
        while chunk := await asyncio.get_running_loop().sock_recv(connection, 1 << 16):
            received.feed_data(chunk)
        received.feed_eof()

    receiving = asyncio.create_task(receive())
    await received.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(DEADLINE_S):
        async for event in events(received):
            if event.kind == "rows":
                seen.append(min(counts_of(event).values()))
            if event.kind == "reset" or seen[-1:] == [count]:
                break
    receiving.cancel()
    return seen
