"""Clients that open connections and do not finish their requests."""

import contextlib
import http.client
import resource
import socket
from collections.abc import Iterator, Sequence

#: More than the 1,024 files that most systems grant a process.
MANY = 1_100
#: Far below the minute for which such clients could keep others out, far above what an answer takes.
PATIENCE_S = 30

#: What a slow client has sent so far.
UNFINISHED = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "headers without an end": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "a body that does not come": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx",
}


@contextlib.contextmanager
def many_files() -> Iterator[None]:
    """Let this process open as many as the system allows, for as long as the block lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def half_open(port: int, sent: bytes, count: int = MANY) -> Iterator[Sequence[socket.socket]]:
    """Open so many connections, send each the beginning of a request, and keep them open on this side."""
    with many_files(), contextlib.ExitStack() as closing:
        opened = []
        for _ in range(count):
            one = closing.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            with contextlib.suppress(ConnectionError):  # closed again already
                one.sendall(sent)
            opened.append(one)
        yield opened


def get(port: int, path: str, host: str | None = None) -> tuple[int, bytes, str]:
    """Return status, body and `Server` of an honest request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers={} if host is None else {"Host": host})
        response = connection.getresponse()
        return response.status, response.read(), response.headers["Server"]
    finally:
        connection.close()


def exchange(port: int, sent: bytes) -> bytes:
    """Send these bytes and return all that comes until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as one:
        one.sendall(sent)
        return one.makefile("rb").read()
