"""`/healthz`, `/readyz`, `/metrics`, from a thread of their own: they answer while the worker is busy."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from sandik.errors import UsageError
from sandik.http_server import addresses_this_machine, is_local, listen, reason
from sandik.telemetry.health import Answer
from sandik.worker.vitals import Vitals

#: Clients are few and their requests are short: probes, Prometheus, `sandik top`, a few people.
PLACES = 64


def routes(vitals: Vitals, *, is_local: bool) -> web.Application:
    """Return the pages. With `is_local` they answer only to this machine's own names."""

    async def healthz(_: web.Request) -> web.Response:
        return _page(vitals.alive)

    async def readyz(_: web.Request) -> web.Response:
        return _page(vitals.ready)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(vitals.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_local and not addresses_this_machine(request):
            raise web.HTTPMisdirectedRequest(text="this answers only for localhost; see SANDIK_OPS_HOST")
        return await handler(request)

    app = web.Application(middlewares=[guard])
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app


@contextmanager
def served(vitals: Vitals, host: str, port: int) -> Iterator[None]:
    """Serve the pages for as long as the block lasts. Port 0: not at all.

    Raises:
        UsageError: the port is taken, or the address is not this machine's. A worker without these pages
            would be unnoticed until somebody needs them.
    """
    if port == 0:
        yield
        return
    loop = asyncio.new_event_loop()
    app = routes(vitals, is_local=is_local(host))
    try:
        runner = loop.run_until_complete(listen(app, host, port, places=PLACES, stop_s=1))
    except OSError as error:
        loop.close()
        raise UsageError(
            f"cannot serve health and metrics on {host}:{port} ({reason(error)}): set SANDIK_OPS_PORT to a "
            "free port, one for each worker of a machine, or to 0 to serve nothing; set SANDIK_OPS_HOST to "
            "an address of this machine"
        ) from error
    thread = Thread(target=loop.run_forever, name="ops", daemon=True)
    thread.start()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _page(answer: Answer) -> web.Response:
    return web.json_response(answer.as_json(), status=200 if answer.is_ok else 503)
