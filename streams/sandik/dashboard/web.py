"""The HTTP side: routes, and headers that let a browser trust nothing but this very page."""

import asyncio
from pathlib import Path

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandik import __version__
from sandik.dashboard.api_types import check_parameters, parse_by, parse_limit
from sandik.dashboard.event_stream import stream
from sandik.dashboard.openapi import SCHEMA, openapi
from sandik.dashboard.service import Board
from sandik.errors import UsageError
from sandik.figures.rollup import Query
from sandik.http_server import addresses_this_machine

STATIC = Path(__file__).parent / "static"

#: A single chart, and the one page that others may frame: it has nothing to be clicked by mistake.
EMBED = "/embed"

#: Only files of our own run, and nothing is sent anywhere else.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
#: When one that found all streams taken should ask again.
_RETRY_AFTER_S = 30


def create_web(
    board: Board, *, origins: frozenset[str], is_local: bool, streams: int, stopping: asyncio.Event
) -> web.Application:
    """Return the application. It has so many `streams` at once at most, which end when `stopping` is set.

    `origins` are other sites that may ask `/api`. With `is_local` only this machine's own names may address
    it, so that a hostile site cannot pass for it by DNS.
    """
    site = _Site(board, origins, streams, stopping)
    app = web.Application(middlewares=[_guard(origins, is_local)])
    app.add_routes(
        [
            web.get("/", _file(STATIC / "index.html")),
            web.get(EMBED, _file(STATIC / "embed.html")),
            web.get("/method", _file(STATIC / "method.html")),
            web.get("/api/counts", site.counts),
            web.get("/api/bursts.atom", site.bursts),
            web.get("/api/headline", site.headline),
            web.get("/api/stream", site.stream),
            web.get("/api/status", site.status),
            web.get("/api/posts", site.posts),
            web.get("/api/where", site.where),
            web.get("/api/terms", site.terms),
            web.get("/api/schema", _file(SCHEMA)),
            web.get("/api/openapi.json", site.openapi),
            web.static("/static", STATIC),
        ]
    )
    return app


class _Site:
    def __init__(self, board: Board, origins: frozenset[str], streams: int, stopping: asyncio.Event) -> None:
        self._board, self._origins, self._stopping = board, origins, stopping
        self._free_streams = streams

    def _query(self, request: web.Request) -> Query:
        return self._board.query(request.query)

    async def counts(self, request: web.Request) -> web.StreamResponse:
        return _json(self._board.counts_answer(self._query(request)))

    async def bursts(self, request: web.Request) -> web.StreamResponse:
        body = self._board.bursts_answer(self._query(request), f"{request.url.origin()}/", str(request.url))
        return web.Response(body=body, content_type="application/atom+xml", charset="utf-8")

    async def headline(self, request: web.Request) -> web.StreamResponse:
        return _json(self._board.headline_answer(self._query(request)))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        query = self._query(request)
        if self._free_streams == 0:
            raise web.HTTPServiceUnavailable(
                text="too many pages follow this dashboard: try again later, or poll /api/counts",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            )
        headers = {**_HEADERS, **_cors(request, self._origins)}
        self._free_streams -= 1
        try:
            return await stream(request, self._board, query, headers, self._stopping)
        finally:
            self._free_streams += 1

    async def status(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002
        return _json(msgspec.json.encode(self._board.status()))

    async def where(self, request: web.Request) -> web.StreamResponse:
        by, limit = parse_by(request.query), parse_limit(request.query, 6, 100)
        return _json(self._board.where_answer(self._query(request), by, limit))

    async def openapi(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002
        return _json(msgspec.json.encode(openapi(__version__)))

    async def posts(self, request: web.Request) -> web.StreamResponse:
        limit = parse_limit(request.query, 20, 100)
        return _json(await self._board.posts_answer(self._query(request), limit))

    async def terms(self, request: web.Request) -> web.StreamResponse:
        return _json(self._board.terms_answer(self._query(request), parse_limit(request.query, 20, 200)))


def _guard(origins: frozenset[str], is_local: bool) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_local and not addresses_this_machine(request):
            raise web.HTTPMisdirectedRequest(text="this dashboard answers only for localhost; see --host")
        try:
            check_parameters(request.path, [*request.query.items()])
            response = await handler(request)
        except UsageError as error:
            response = _json(msgspec.json.encode({"error": str(error)}), status=400)
        if not response.prepared:
            own = {"Content-Security-Policy": f"{_POLICY}*"} if request.path == EMBED else {}
            response.headers.update({**_HEADERS, **own, **_cors(request, origins)})
        return response

    return guard


def _cors(request: web.Request, origins: frozenset[str]) -> dict[str, str]:
    if not request.path.startswith("/api/") or not origins:
        return {}
    origin = request.headers.get("Origin", "")
    allowed = "*" if "*" in origins else origin if origin in origins else None
    return {"Vary": "Origin", **({"Access-Control-Allow-Origin": allowed} if allowed else {})}


def _file(path: Path) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
        return web.FileResponse(path)

    return answer


def _json(body: bytes, status: int = 200) -> web.Response:
    response = web.Response(body=body, status=status, content_type="application/json")
    if len(body) > 4_096:
        response.enable_compression()
    return response
