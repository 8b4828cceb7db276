"""A dashboard without Kafka: what it would have read is put into its model."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from sandik.clock import SystemClock
from sandik.dashboard.service import Board
from sandik.dashboard.web import create_web
from sandik.settings import Settings

#: How many streams the page has at once.
STREAMS = 20

Client = TestClient[Request, Application]


@pytest.fixture
async def board() -> Board:
    return Board(Settings(broker="127.0.0.1:1"), SystemClock(), from_ms=None, hides_texts=True, tell=print)


@pytest.fixture
async def client(board: Board) -> AsyncIterator[Client]:
    async for one in serving(board):
        yield one


async def serving(board: Board, origins: frozenset[str] = frozenset()) -> AsyncIterator[Client]:
    """Serve the board on a real socket."""
    stopping = asyncio.Event()
    app = create_web(board, origins=origins, is_local=True, streams=STREAMS, stopping=stopping)
    async with TestClient(TestServer(app)) as client:
        yield client
        stopping.set()
        board.notify()
