"""How to connect to Kafka: servers, encryption, login. The only place that reads a password."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Container, Iterable, Mapping
from contextlib import asynccontextmanager
from logging import INFO, getLogger
from typing import Any

from aiokafka import AIOKafkaClient, AIOKafkaConsumer, TopicPartition
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from sandik.errors import BrokerError, ClockError, TopicError, UsageError
from sandik.kafka.token_login import TokenFile
from sandik.kafka.unpacking import install
from sandik.settings import Settings

#: How long a server may take to say why it refuses the connection.
_ASK_AGAIN_MS = 5_000
#: The rights that a user needs, by Kafka's error.
_RIGHTS = {
    TopicAuthorizationFailedError: "Describe the topic, and to Read, Write or Create it",
    GroupAuthorizationFailedError: "Read the consumer group",
    ClusterAuthorizationFailedError: "Write or Create the topic",
    TransactionalIdAuthorizationFailed: "Describe and Write the transactional id",
}
SEE_TOPICS = f"grant the right to {_RIGHTS[TopicAuthorizationFailedError]}"
#: How long Kafka may take to answer.
_ANSWER_S = 10.0
#: A consumer leaves in much less time, if the broker answers.
_STOP_S = 1.0

# Every connection may read batches that strangers have compressed.
install()
# At DEBUG it logs every request, including the login: with PLAIN, the password.
getLogger("aiokafka.conn").setLevel(INFO)


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the options of every aiokafka client.

    Raises:
        UsageError: a file cannot be read, a name, password or token is missing, or the servers are not
            host:port.
    """
    try:
        collect_hosts(settings.broker)
    except ValueError as error:
        raise UsageError(f"SANDIK_BROKER={settings.broker} is not host:port, separated by commas") from error
    options: dict[str, Any] = {"bootstrap_servers": settings.broker}
    protocol = settings.security_protocol
    if protocol != "PLAINTEXT":
        options["security_protocol"] = protocol
    if protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = _ssl_context(settings)
    if protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        options |= {"sasl_mechanism": settings.sasl_mechanism, **_login(settings)}
    return options


def _login(settings: Settings) -> dict[str, Any]:
    if settings.sasl_mechanism == "OAUTHBEARER":
        if settings.sasl_token_file is None:
            raise UsageError("SANDIK_SASL_MECHANISM=OAUTHBEARER needs SANDIK_SASL_TOKEN_FILE")
        tokens = TokenFile(settings.sasl_token_file)
        tokens.read()  # at the start a missing token is a mistake; later it may be about to be replaced
        return {"sasl_oauth_token_provider": tokens}
    if settings.sasl_username is None or settings.sasl_password is None:
        raise UsageError(
            f"SANDIK_SECURITY_PROTOCOL={settings.security_protocol} needs SANDIK_SASL_USERNAME and _PASSWORD"
        )
    return {
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": settings.sasl_password.get_secret_value(),
    }


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile)
        if settings.ssl_certfile is not None:
            # With a password, even an empty one, OpenSSL does not ask for it at the terminal.
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, password="")
    except (OSError, ssl.SSLError) as error:
        files = [file for file in (settings.ssl_cafile, settings.ssl_certfile, settings.ssl_keyfile) if file]
        raise UsageError(f"TLS cannot be set up from {', '.join(map(str, files))}: {error}") from error
    return context


async def unreachable(options: Mapping[str, Any], error: Exception) -> BrokerError:
    """Return the error for a client with these options that met `error`: what is wrong, and what to do.

    Asks each server once more, because a client only logs why a server refused it, and raises that none
    accepted.
    """
    if isinstance(error, InvalidTimestampError):
        return ClockError("Kafka")
    silent: list[str] = []
    for host, port, _ in collect_hosts(options["bootstrap_servers"], randomize=False):
        refusal = await _greeted(host, port, options)
        if refusal is None:
            answer = denial(error) or f"answers, but the request failed: {error}"
            return BrokerError(f"Kafka at {host}:{port} {answer}")
        if advice := _advice(refusal, options.get("sasl_mechanism")):
            return BrokerError(f"Kafka at {host}:{port} refuses the connection: {advice}")
        silent.append(_why_silent(refusal))
    return BrokerError(
        f"Kafka at {options['bootstrap_servers']} does not answer ({'; '.join(dict.fromkeys(silent))}): "
        "start one with `sandik broker`, or set SANDIK_BROKER to yours"
    )


async def answers(options: Mapping[str, Any]) -> bool:
    """Return whether any of the servers answers, even if it refuses the connection. Logs nothing."""
    for host, port, _ in collect_hosts(options["bootstrap_servers"], randomize=False):
        refusal = await _greeted(host, port, options)
        if refusal is None or _advice(refusal, options.get("sasl_mechanism")):
            return True
    return False


def denial(error: BaseException) -> str | None:
    """Return what Kafka denies, if that is the error, and the missing right."""
    for kind, right in _RIGHTS.items():
        if isinstance(error, kind):
            return f"denies the request to this user ({error}): grant the right to {right}"
    return None


async def hidden_topics(send: Callable[[Any], Awaitable[Any]], names: Iterable[str]) -> list[str]:
    """Return which of the topics this user may not see, whether or not they exist. `send` asks any server.

    Kafka omits them from lists; only a request for one by name is denied.
    """
    return hidden_in(await send(MetadataRequest([*names], allow_auto_topic_creation=False)))


def hidden_in(answer: Any) -> list[str]:
    """Return the topics that this user may not see, of an answer for topics by name."""
    return [topic for code, topic, *_ in answer.topics if for_code(code) is TopicAuthorizationFailedError]


async def check_topics(
    send: Callable[[Any], Awaitable[Any]], servers: str, wanted: Iterable[str], found: Container[str]
) -> None:
    """Raise if one of the topics was not found. `send` asks any server.

    Raises:
        BrokerError: this user may not see one of them.
        TopicError: the topic does not exist.
    """
    missing = [name for name in wanted if name not in found]
    if not missing:
        return
    check_none_hidden(servers, await hidden_topics(send, missing))
    raise TopicError(f"Kafka at {servers} has no topic {', '.join(missing)}: run `sandik topics create`")


def check_none_hidden(servers: str, hidden: Collection[str]) -> None:
    """Raise BrokerError if there are topics that this user may not see."""
    if hidden:
        raise BrokerError(
            f"Kafka at {servers} has no topic {', '.join(hidden)} that this user may see: {SEE_TOPICS}. "
            "Without it, sandik cannot tell whether the topic exists"
        )


async def _greeted(host: str, port: int, options: Mapping[str, Any]) -> Exception | None:
    """Return None if the server answers, else why it does not."""
    login = {name: value for name, value in options.items() if name != "bootstrap_servers"}
    try:
        connection = await create_conn(host, port, request_timeout_ms=_ASK_AGAIN_MS, **login)
    except (OSError, KafkaError) as refusal:
        if _is_closed(refusal) and (other := await _other_protocol(host, port, options)):
            return OtherProtocolError(other)
        return refusal
    try:
        await connection.send(MetadataRequest([]))
    except KafkaConnectionError as refusal:
        # It answered so far: every client may ask for the supported requests.
        return OtherProtocolError("it requires a login") if _is_closed(refusal) else refusal
    except (OSError, KafkaError) as refusal:
        return refusal
    finally:
        connection.close()
    return None


def _is_closed(refusal: Exception) -> bool:
    """Return whether the connection was closed and nothing says why."""
    return isinstance(refusal, KafkaConnectionError | ConnectionResetError) and not _advice(refusal, None)


async def _other_protocol(host: str, port: int, options: Mapping[str, Any]) -> str | None:
    """Return which protocol a server speaks that closed the connection, if it differs from ours."""
    try:
        async with asyncio.timeout(_ASK_AGAIN_MS / 1000):
            if "ssl_context" in options:
                (await create_conn(host, port, request_timeout_ms=_ASK_AGAIN_MS)).close()
                return "it does not speak TLS"
            anybody = ssl.create_default_context()
            anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
            _, writer = await asyncio.open_connection(host, port, ssl=anybody)
            writer.close()
    except ssl.SSLError as error:
        # An alert is TLS; anything else, or an early end, is not.
        return "it speaks TLS" if "ALERT" in (error.reason or "") else None
    except (OSError, KafkaError):
        return None
    return "it speaks TLS"


def _why_silent(refusal: Exception) -> str:
    match refusal:
        case ConnectionRefusedError():
            return "nothing listens there"
        case socket.gaierror():
            return f"unknown host: {refusal.strerror}"
        case TimeoutError():
            return f"no answer within {_ASK_AGAIN_MS // 1000} s"
        case KafkaConnectionError() | ConnectionResetError():
            return (
                "it closes the connection without an answer: it may be starting or stopping, a proxy without "
                "a broker behind it, or not Kafka"
            )
    return str(refusal)


class OtherProtocolError(KafkaError):  # type: ignore[misc]  # aiokafka has no types
    """The server answers, but not in the configured protocol."""

    def __str__(self) -> str:
        return str(self.args[0])


def _advice(refusal: Exception, mechanism: str | None) -> str | None:
    """Return what the refusal of a running server means; None if there may be no server."""
    match refusal:
        case KafkaConnectionError(__cause__=UsageError() as mistake):
            return str(mistake)
        case ssl.SSLCertVerificationError():
            return (
                f"its certificate cannot be trusted ({refusal.verify_message}). Set SANDIK_SSL_CAFILE to the "
                "authority that signed it, and use the name in the certificate for SANDIK_BROKER"
            )
        case ssl.SSLError(reason=reason) | KafkaConnectionError(__cause__=ssl.SSLError(reason=reason)):
            return (
                f"TLS failed ({reason}). Check SANDIK_SECURITY_PROTOCOL, and set SANDIK_SSL_CERTFILE if the "
                "server asks for a certificate"
            )
        case SaslAuthenticationFailed() if mechanism == "OAUTHBEARER":
            return f"{refusal}. Check the token in SANDIK_SASL_TOKEN_FILE: it may have expired"
        case SaslAuthenticationFailed():
            return f"{refusal}. Check SANDIK_SASL_USERNAME and SANDIK_SASL_PASSWORD"
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return "it does not support this login. Check SANDIK_SECURITY_PROTOCOL and SANDIK_SASL_MECHANISM"
        case OtherProtocolError():
            return f"{refusal}. Check SANDIK_SECURITY_PROTOCOL"
    return None


async def check_answers(consumer: AIOKafkaConsumer, *tps: TopicPartition) -> None:
    """Send a request with a timeout: the client itself would wait forever for a lost broker.

    Raises:
        KafkaError: it does not answer.
    """
    try:
        async with asyncio.timeout(_ANSWER_S):
            await consumer.end_offsets(tps)
    except TimeoutError as error:
        raise KafkaTimeoutError(f"no answer within {_ANSWER_S:.0f} s") from error


@asynccontextmanager
async def asking(settings: Settings) -> AsyncIterator[Callable[[Any], Awaitable[Any]]]:
    """Lend what sends a request to any server, for those that aiokafka has no function for.

    Raises:
        KafkaError: none answers.
    """
    client = AIOKafkaClient(**client_options(settings))
    try:
        await client.bootstrap()
        yield lambda request: client.send(client.get_random_node(), request)
    finally:
        await client.close()


async def let_go(consumer: AIOKafkaConsumer) -> None:
    """Stop the consumer, whatever state it is in."""
    # Without a broker, stopping raises the cancellation of aiokafka's own fetching, which would look like a
    # cancellation of this task: so it runs in its own task. aiokafka also forgets to close its connections.
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=_STOP_S)
    if stopping.cancelled():
        # Without that name, they are closed when the consumer is forgotten.
        client = getattr(consumer, "_client", None)
        if client is not None:
            await client.close()
    elif stopping.done():
        stopping.exception()
