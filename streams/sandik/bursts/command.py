"""`sandik bursts`: run until Ctrl-C, and serve health and metrics."""

import asyncio
import logging
import sys
from functools import partial

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from sandik.bursts.keeper import Keeper
from sandik.bursts.webhook import deliver
from sandik.clock import SystemClock
from sandik.errors import UsageError
from sandik.http_server import address, addresses_this_machine, is_local, listen, why_not_listening
from sandik.kafka.connection import client_options
from sandik.progress import tell
from sandik.settings import Settings
from sandik.stopping import run_until_stopped
from sandik.telemetry.burst_metrics import BurstMetrics

_PLACES = 64


def run_bursts(settings: Settings, *, host: str, port: int, from_ms: int | None) -> None:
    """Run until interrupted. The address of the metrics goes to stdout, what happens to stderr.

    Raises:
        UsageError: the topic is not asked for, the address cannot be bound, or a setting is unusable. A Kafka
            that is away is no error: it goes on when it is back.
    """
    if settings.bursts != "on":
        raise UsageError("there is no topic `bursts`: set SANDIK_BURSTS=on and run `sandik topics create`")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the followers tell once what it repeats
    client_options(settings)  # a wrong setting is a mistake now, not a broker that is away
    asyncio.run(_run(settings, host, port, from_ms))


async def _run(settings: Settings, host: str, port: int, from_ms: int | None) -> None:
    metrics = BurstMetrics()
    keeper = Keeper(settings, SystemClock(), metrics, from_ms=from_ms, tell=tell)
    try:
        server = await listen(_routes(keeper, metrics, host), host, port, places=_PLACES, stop_s=1)
    except OSError as error:
        raise UsageError(why_not_listening(host, port, error)) from error
    try:
        sys.stdout.write(f"{address(host, server)}/metrics\n")
        sys.stdout.flush()
        await run_until_stopped(_work(keeper, metrics, settings), asyncio.Event())
    finally:
        await server.cleanup()


async def _work(keeper: Keeper, metrics: BurstMetrics, settings: Settings) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(keeper.run())
        if settings.bursts_webhook:
            url = settings.bursts_webhook.get_secret_value()
            group.create_task(deliver(settings, url, keeper.is_right, metrics, tell))


def _routes(keeper: Keeper, metrics: BurstMetrics, host: str) -> web.Application:
    async def page(request: web.Request, status: int, body: bytes) -> web.Response:
        if is_local(host) and not addresses_this_machine(request):
            raise web.HTTPMisdirectedRequest(text="this answers to localhost only; see --host")
        return web.Response(status=status, body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def ready(request: web.Request) -> web.Response:
        waits_for = keeper.why_not_ready
        return await page(request, 503 if waits_for else 200, (waits_for or "ready").encode())

    async def numbers(request: web.Request) -> web.Response:
        return await page(request, 200, generate_latest(metrics.registry))

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", partial(page, status=200, body=b"alive")),
            web.get("/readyz", ready),
            web.get("/metrics", numbers),
        ]
    )
    return app
