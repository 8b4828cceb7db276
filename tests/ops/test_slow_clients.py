"""Slow and hostile clients of both HTTP servers, on real sockets."""

import asyncio
import logging
import os
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web

from sandik import http_server
from sandik.broker.probe import free_port
from sandik.worker.ops_server import routes
from tests.ops.served import well
from tests.support.slow_clients import MANY, UNFINISHED, exchange, get, half_open

pytestmark = pytest.mark.timeout(300)

PAGES = {"ops": "/healthz", "dashboard": "/"}


class Server(NamedTuple):
    """A process that serves, and where it writes what it has to say."""

    kind: str
    port: int
    process: "subprocess.Popen[str]"
    log: Path

    def said(self) -> str:
        """Return what it has logged so far."""
        return self.log.read_text("utf-8")


def with_few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[Server]:
    port, log = free_port(), folder / "log"
    command = {
        "ops": ["tests.ops.served", str(port)],
        "dashboard": ["sandik", "dashboard", "--port", str(port)],
    }[kind]
    environment = {
        **os.environ,
        "SANDIK_BROKER": "127.0.0.1:1",
    }  # nobody is there, and it serves all the same
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
            preexec_fn=with_few_files,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline() != "", log.read_text("utf-8")
            yield Server(kind, port, process, log)
        finally:
            process.kill()


@pytest.fixture(params=PAGES, scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(request.param, tmp_path_factory.mktemp("server")) as one:
        yield one


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=list(UNFINISHED))
def test_while_many_requests_are_half_open_an_honest_one_is_answered(server: Server, sent: bytes) -> None:
    before = len(server.said())
    with half_open(server.port, sent) as opened:
        for _ in range(3):
            assert get(server.port, PAGES[server.kind])[0] == 200
        assert len(opened) == MANY

    said = server.said()[before:]
    assert "Traceback" not in said
    assert said.count(" connections are in use") <= 2
    assert len(said) < 5_000


def test_a_connection_that_was_answered_a_moment_ago_outlives_older_ones(server: Server) -> None:
    request = f"GET {PAGES[server.kind]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    places = {"ops": 64, "dashboard": 256}[server.kind]
    with half_open(server.port, b"GET /", places - 1), half_open(server.port, request, 1) as [honest]:
        assert honest.recv(1) == b"H"
        with half_open(server.port, b"GET /", places // 2):
            honest.sendall(request)
            assert b"200 OK" in honest.recv(100_000) + honest.recv(100_000)


def test_a_page_that_follows_keeps_following_whatever_others_do(tmp_path: Path) -> None:
    request = b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serving("dashboard", tmp_path) as one, half_open(one.port, request, 1) as [page]:
        assert b"text/event-stream" in page.recv(100_000)
        with half_open(one.port, b"GET /"):
            assert get(one.port, "/api/status")[0] == 200
            # The heartbeat: every ten seconds a status, whatever else there is.
            assert b"event: status" in page.recv(100_000) + page.recv(100_000)


@asynccontextmanager
async def listening(app: web.Application | None = None) -> AsyncIterator[int]:
    """Serve the pages of a worker, or another app; lend the port."""
    served = app or routes(well(), is_local=True)
    runner = await http_server.listen(served, "127.0.0.1", 0, places=64, stop_s=1)
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def answer_to(sent: bytes, port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=list(UNFINISHED))
async def test_a_request_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_server, "READ_S", 0.2)
    async with listening() as port:
        answer = await answer_to(sent, port)

    # A body is not read, so the answer to such a request comes without it.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


async def test_an_idle_connection_is_closed_after_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "READ_S", 0.2)
    async with listening() as port:
        answer = await answer_to(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", port)

    assert answer.startswith(b"HTTP/1.1 200")


async def test_a_client_that_takes_nothing_of_its_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "STALLED_S", 0.2)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        finally:
            ended.set()

    ended = asyncio.Event()
    app = web.Application()
    app.router.add_get("/", endless)
    async with listening(app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(ended.wait(), 30)
        writer.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (None, 200),
        ("localhost", 200),
        ("LocalHost:8081", 200),
        ("127.0.0.1:8081", 200),
        ("127.0.0.2", 200),
        ("[::1]:8081", 200),
        ("[::1]", 200),
        ("evil.example:8081", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("10.0.0.5:8081", 421),
        ("", 421),
    ],
)
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_on_this_machine_it_answers_to_this_machines_names_only(
    path: str, host: str | None, status: int
) -> None:
    name = "" if host is None else f"Host: {host}\r\n"
    version = "1.0" if host is None else "1.1"
    request = f"GET {path} HTTP/{version}\r\n{name}Connection: close\r\n\r\n".encode()
    async with listening() as port:
        answer = await asyncio.to_thread(exchange, port, request)

    assert answer.split(b" ", 2)[1] == str(status).encode()
    assert (b"sandik_ready" in answer) == (path == "/metrics" and status == 200)


async def test_where_others_reach_it_probes_may_call_it_by_its_address() -> None:
    async with listening(routes(well(), is_local=http_server.is_local("10.0.0.5"))) as port:
        found = [
            await asyncio.to_thread(get, port, "/readyz", host)
            for host in ("10.0.0.5:8081", "worker-0.sandik.svc:8081")
        ]

    assert [status for status, _, _ in found] == [200, 200]


def test_no_answer_tells_a_version(server: Server) -> None:
    page = PAGES[server.kind].encode()
    answers = [
        exchange(server.port, b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path, host))
        for path, host in [(page, b"localhost"), (b"/nowhere", b"localhost"), (page, b"evil.example")]
    ]
    answers.append(
        exchange(server.port, b"DELETE %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % page)
    )
    answers.append(exchange(server.port, b"GET / HTTP/1.1\r\nno header\r\n\r\n"))

    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200", b"404", b"421", b"405", b"400"]
    for answer in answers:
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert b"server: sandik" in head
        assert b"aiohttp" not in answer.lower()
        assert b"python" not in head


@pytest.mark.parametrize("kind", PAGES)
def test_what_is_no_http_does_not_fill_the_log(kind: str, tmp_path: Path) -> None:
    with serving(kind, tmp_path) as server:  # its own: another test's lines would count
        for number in range(200):
            exchange(server.port, b"GET /%d HTTP/1.1\r\nno header\r\n\r\n" % number)

        said = server.said()
    assert "Traceback" not in said
    assert said.count("invalid HTTP request") in (1, 2)


def test_lines_that_were_left_out_are_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now_s = [0.0]
    monkeypatch.setattr("sandik.http_server.time.monotonic", lambda: now_s[0])
    log = logging.getLogger("sparing")
    log.addFilter(http_server._Sparing())
    for second in range(12):
        now_s[0] = float(second)
        log.warning("again: %d", second)
        log.warning("another")

    assert [record.getMessage() for record in caplog.records] == [
        "again: 0",
        "another",
        "again: 10 (9 similar lines were suppressed)",
        "another (9 similar lines were suppressed)",
    ]


async def test_an_address_that_is_taken_leaves_nothing_running() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        before = asyncio.all_tasks()
        app, port = routes(well(), is_local=True), taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            await http_server.listen(app, "127.0.0.1", port, places=64, stop_s=1)

        assert asyncio.all_tasks() == before
