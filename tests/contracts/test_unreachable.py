"""What is said of a Kafka that cannot be reached: what is wrong there, not what might be elsewhere."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, TopicAuthorizationFailedError

from sandik.kafka import connection
from sandik.kafka.connection import answers, denial, unreachable

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]
PROTOCOLS = pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL"])


async def closes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As a proxy does before a broker that is not there."""
    writer.close()


async def listens_and_closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As a broker that is killed."""
    await reader.read(1)
    at_once = b"\1\0\0\0\0\0\0\0"
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


async def serves_pages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(1_000):
        pass
    writer.close()


@asynccontextmanager
async def listening(peer: Peer, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    server = await asyncio.start_server(peer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def options(servers: str, protocol: str = "PLAINTEXT") -> dict[str, Any]:
    tls = {"security_protocol": "SSL", "ssl_context": ssl.create_default_context()}
    return {"bootstrap_servers": servers, **(tls if protocol == "SSL" else {})}


@PROTOCOLS
@pytest.mark.parametrize(
    ("peer", "why"),
    [
        (closes, "without an answer"),
        (listens_and_closes, "without an answer"),
        (resets, "without an answer"),
        (says_nothing, "no answer within"),
    ],
)
async def test_a_broker_that_is_not_there_is_not_one_that_does_not_let_us_in(
    peer: Peer, why: str, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_ASK_AGAIN_MS", 500)
    async with listening(peer) as address:
        error = str(await unreachable(options(address, protocol), KafkaTimeoutError()))
        assert not await answers(options(address, protocol))

    assert f"Kafka at {address} does not answer (" in error
    assert why in error
    assert "SANDIK_BROKER" in error
    assert "SANDIK_SECURITY_PROTOCOL" not in error


@pytest.mark.parametrize(
    ("servers", "why"),
    [
        ("127.0.0.1:1", "nothing listens there"),
        ("nowhere.invalid:9092", "unknown host"),
        ("127.0.0.1:1,nowhere.invalid:9092", "nothing listens there; unknown host"),
    ],
)
async def test_why_nobody_answers_is_told(servers: str, why: str) -> None:
    error = str(await unreachable(options(servers), KafkaConnectionError("Unable to bootstrap")))

    assert f"Kafka at {servers} does not answer ({why}" in error
    assert "bootstrap" not in error


async def test_a_server_of_another_protocol_is_told_from_none() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with listening(listens_and_closes, context) as address:
        spoken = str(await unreachable(options(address), KafkaTimeoutError()))
    async with listening(serves_pages) as address:
        pages = str(await unreachable(options(address), KafkaTimeoutError()))

    assert "refuses the connection: it speaks TLS. Check SANDIK_SECURITY_PROTOCOL" in spoken
    assert "or not Kafka" in pages


def test_what_is_not_allowed_is_named_and_nothing_else_is_taken_for_it() -> None:
    assert "right to Describe" in (denial(TopicAuthorizationFailedError("posts")) or "")
    assert denial(KafkaTimeoutError()) is None
