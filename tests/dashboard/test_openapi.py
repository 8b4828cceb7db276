"""Whatever a program may ask by the OpenAPI document, the answer is one of those that it names."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from aiohttp.web import AppRunner, TCPSite
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from sandik.clock import SystemClock
from sandik.dashboard.openapi import openapi
from sandik.dashboard.service import Board
from sandik.dashboard.web import create_web
from sandik.settings import Settings
from tests.dashboard.test_api import fill
from tests.support.examples import examples

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
#: A stream has no end to be looked at.
OPERATIONS = ["/api/counts", "/api/headline", "/api/posts", "/api/terms", "/api/where", "/api/status"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve a board with some counts from a thread: schemathesis asks over a real socket."""
    loop, ready, addresses = asyncio.new_event_loop(), threading.Event(), []

    async def serve() -> AppRunner:
        board = Board(
            Settings(broker="127.0.0.1:1"), SystemClock(), from_ms=None, hides_texts=True, tell=print
        )
        fill(board)
        app = create_web(board, origins=frozenset(), is_local=True, streams=1, stopping=asyncio.Event())
        runner = AppRunner(app)
        await runner.setup()
        await TCPSite(runner, "127.0.0.1", 0).start()
        addresses.append(runner.addresses[0][1])
        ready.set()
        return runner

    def run() -> None:
        runner = loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{addresses[0]}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@pytest.mark.parametrize("path", OPERATIONS)
def test_schemathesis_finds_no_fault(url: str, path: str) -> None:
    operation = schemathesis.openapi.from_url(f"{url}/api/openapi.json")[path]["GET"]
    honest, hostile = (
        operation.as_strategy(generation_mode=mode)
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    )

    @settings(examples(20), suppress_health_check=list(HealthCheck))
    @given(case=honest | hostile if operation.query else honest)
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()


def test_the_document_is_openapi_and_names_every_address() -> None:
    document = openapi("1.0")

    assert set(document["paths"]) == {*OPERATIONS, "/api/bursts.atom", "/api/stream"}
    assert "#/$defs" not in str(document)
