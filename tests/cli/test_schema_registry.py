"""`sandik schemas register`: what a schema registry is told, and what it refuses afterwards."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sandik.broker import probe
from tests.support.command import refused, sandik


@contextmanager
def answering(code: int, content: bytes) -> Iterator[tuple[str, list[str]]]:
    """Lend the address of a server that always answers so, and what it was sent as Authorization."""
    sent: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            sent.append(self.headers.get("Authorization", ""))
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("code", "content", "said"),
    [
        (401, b"", b"SANDIK_SCHEMA_REGISTRY_LOGIN"),
        (404, b"<html>", b"/apis/ccompat/v7"),
        (409, b'{"error_code": 409, "message": "field x"}', b"409: field x. To mend it: the subject has"),
        (500, b"[1]", b"see the registry's log"),
        (200, b"<html>", b"no schema registry answers"),
    ],
)
def test_who_is_refused_is_told_why_and_what_to_do(code: int, content: bytes, said: bytes) -> None:
    with answering(code, content) as (url, _):
        done = sandik("schemas", "register", url)

    assert done.returncode == 1
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_login_is_sent_and_not_shown() -> None:
    login = {"SANDIK_SCHEMA_REGISTRY_LOGIN": "ali:gizli"}
    with answering(500, b"") as (url, sent):
        done = sandik("schemas", "register", url, environment=login)

    assert sent == ["Basic YWxpOmdpemxp"]
    assert b"gizli" not in done.stdout + done.stderr + sandik("config", environment=login).stdout


def test_where_nobody_answers_that_is_said() -> None:
    refused(
        *("schemas", "register", f"http://127.0.0.1:{probe.free_port()}"),
        says="no schema registry answers",
        code=1,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["register"], b"sandik schemas register URL"),
        (["counts", "http://it"], b"sandik schemas register URL"),
        (["register", "http://it", "--asyncapi"], b"sandik schemas register URL"),
        (["register", "it:8081"], b"such as http://registry:8081"),
        (["register", "file:///etc/passwd"], b"such as http://registry:8081"),
        (["register", "http://ali:gizli@it"], b"no password in an address"),
    ],
)
def test_what_is_no_address_is_refused(words: list[str], said: bytes) -> None:
    done = sandik("schemas", *words)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert b"gizli" not in done.stderr
