"""Local servers that speak the protocols of live sources, and misbehave on demand."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

EPOCH_US = 1_683_828_000_000_000


def a_frame(number: int) -> dict[str, Any]:
    """Return the v1 frame of post `number`, written and seen that many seconds after the epoch."""
    return {
        "did": "did:plc:ayse",
        "time_us": EPOCH_US + number * 1_000_000,
        "kind": "commit",
        "commit": {
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": f"r{number}",
            "record": {"createdAt": "2023-05-11T18:00:00Z", "text": f"oy {number}"},
        },
    }


def a_v2_frame(number: int) -> dict[str, Any]:
    """Return the v2 frame of post `number`, which is also its sequence number."""
    commit = a_frame(number)["commit"]
    about = {"seq": number, "did": "did:plc:ayse", "time": "2023-05-11T18:00:00.000001Z"}
    payload = {"$type": "network.bsky.jetstream.subscribeEvents#commit", **about, **commit}
    return {"$type": "message", "payload": payload}


def a_status(number: int) -> dict[str, Any]:
    """Return the status `number`, with an id as Mastodon gives it."""
    return {
        "id": str((1_683_828_000_000 + number * 1_000) << 16),
        "uri": f"https://ornek.example/users/ayse/statuses/{number}",
        "created_at": "2023-05-11T18:00:00.000Z",
        "content": f"<p>oy {number}</p>",
        "visibility": "public",
        "account": {"acct": "ayse", "url": "https://ornek.example/@ayse"},
    }


#: What a server does with one connection: the request's parameters, and a way to send.
Script = Callable[["Talk"], Awaitable[None]]


@dataclass
class Talk:
    """One connection, seen from the server."""

    query: dict[str, str]
    send: Callable[[str], Awaitable[None]]
    request: web.Request
    send_bytes: Callable[[bytes], Awaitable[None]] | None = None


@dataclass
class FakeServer:
    """Plays one script a connection; the last one for all that follow. `queries` says what was asked."""

    scripts: Sequence[Script]
    queries: list[dict[str, str]] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    def _next(self, request: web.Request) -> tuple[Script, dict[str, str]]:
        self.queries.append(dict(request.query))
        return self.scripts[min(len(self.queries), len(self.scripts)) - 1], dict(request.query)

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        script, query = self._next(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await script(Talk(query, socket.send_str, request, socket.send_bytes))
        await socket.close()
        return socket

    async def events(self, request: web.Request) -> web.StreamResponse:
        script, query = self._next(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)

        async def send(text: str) -> None:
            await response.write(text.encode())

        await script(Talk(query, send, request))
        return response

    async def page(self, request: web.Request) -> web.Response:
        """Answer like a timeline: what is newer than min_id, the oldest of it, newest first."""
        after, limit = int(request.query["min_id"]), int(request.query["limit"])
        found = sorted((s for s in self.timeline if int(s["id"]) > after), key=lambda s: int(s["id"]))[:limit]
        return web.json_response(found[::-1])


@asynccontextmanager
async def serving(server: FakeServer, tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeServer]:
    """Run the server on a free port until the body ends."""
    app = web.Application()

    # Asked for at every request: a test may change what the server does while it runs.
    def answer(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            found: web.StreamResponse = await getattr(server, name)(request)
            return found

        return handle

    app.router.add_get("/subscribe", answer("websocket"))
    app.router.add_get("/xrpc/network.bsky.jetstream.subscribeEvents", answer("websocket"))
    app.router.add_get("/api/v1/streaming/public", answer("events"))
    app.router.add_get("/api/v1/timelines/public", answer("page"))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


async def stay(_: Talk | None = None) -> None:
    """Keep the connection open, in silence."""
    await asyncio.Event().wait()


def cut(talk: Talk) -> None:
    """End the connection without a word, wherever it is."""
    assert talk.request.transport is not None
    talk.request.transport.abort()


def sending_bytes(*messages: bytes) -> Script:
    """Send binary messages, and stay."""

    async def script(talk: Talk) -> None:
        assert talk.send_bytes
        for message in messages:
            await talk.send_bytes(message)
        await stay()

    return script


def frames(*numbers: int) -> list[str]:
    """Return the v1 frames as text."""
    return [json.dumps(a_frame(number)) for number in numbers]


def event(name: str, payload: object) -> str:
    """Return one server-sent event."""
    data = payload if isinstance(payload, str) else json.dumps(payload)
    return f"event: {name}\ndata: {data}\n\n"


def sending(*messages: str, then_cut: bool = False) -> Script:
    async def script(talk: Talk) -> None:
        for message in messages:
            await talk.send(message)
        if then_cut:
            cut(talk)
        else:
            await stay()

    return script


def oy(*numbers: int) -> list[str]:
    return [f"oy {number}" for number in numbers]
