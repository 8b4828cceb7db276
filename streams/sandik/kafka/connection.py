"""How to reach Kafka: servers, encryption, and who we are. The only place that reads a password."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from logging import INFO, getLogger
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
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

#: How long a server may take to say why it does not let us in.
_ASK_AGAIN_MS = 5_000
#: What a user needs to be let do what an error of Kafka's is about.
_RIGHTS = {
    TopicAuthorizationFailedError: "Describe the topic, and to Read, Write or Create it",
    GroupAuthorizationFailedError: "Read the consumer group",
    ClusterAuthorizationFailedError: "Write or Create the topic",
    TransactionalIdAuthorizationFailed: "Describe and Write the transactional id",
}
SEE_TOPICS = f"give it the right to {_RIGHTS[TopicAuthorizationFailedError]}"
#: How long Kafka may take to answer.
_ANSWER_S = 10.0
#: A consumer says goodbye in much less, if there is anybody to say it to.
_STOP_S = 1.0

# Whoever connects reads what strangers have packed.
install()
# At DEBUG it logs every request as it is sent, those of the login included: with PLAIN, the password.
getLogger("aiokafka.conn").setLevel(INFO)


def client_options(settings: Settings) -> dict[str, Any]:
    """Return what every aiokafka client is given.

    Raises:
        UsageError: a file cannot be read, a name, password or token is missing, or the servers are not
            host:port.
    """
    try:
        collect_hosts(settings.broker)
    except ValueError as error:
        raise UsageError(f"SANDIK_BROKER={settings.broker} is not host:port, comma separated") from error
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
        tokens.read()  # at the start a missing one is a mistake; later it may be about to come
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
            # With a password, though an empty one, OpenSSL does not stop to ask the terminal for it.
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, password="")
    except (OSError, ssl.SSLError) as error:
        files = [file for file in (settings.ssl_cafile, settings.ssl_certfile, settings.ssl_keyfile) if file]
        raise UsageError(f"TLS cannot be set up from {', '.join(map(str, files))}: {error}") from error
    return context


async def unreachable(options: Mapping[str, Any], error: Exception) -> BrokerError:
    """Return the error for a client with these options that met `error`: what is wrong, and what to do.

    Each server is asked once more, because a client logs why a server did not let it in, and raises only
    that none did.
    """
    if isinstance(error, InvalidTimestampError):
        return ClockError("Kafka")
    silent: list[str] = []
    for host, port, _ in collect_hosts(options["bootstrap_servers"], randomize=False):
        refusal = await _greeted(host, port, options)
        if refusal is None:
            answer = denial(error) or f"answers, but did not do what was asked of it: {error}"
            return BrokerError(f"Kafka at {host}:{port} {answer}")
        if advice := _advice(refusal, options.get("sasl_mechanism")):
            return BrokerError(f"Kafka at {host}:{port} does not let us in: {advice}")
        silent.append(_why_silent(refusal))
    return BrokerError(
        f"Kafka at {options['bootstrap_servers']} does not answer ({'; '.join(dict.fromkeys(silent))}): "
        "start one with `sandik broker`, or set SANDIK_BROKER to yours"
    )


async def answers(options: Mapping[str, Any]) -> bool:
    """Say whether any of the servers answers, be it that it does not let us in. Nothing is logged."""
    for host, port, _ in collect_hosts(options["bootstrap_servers"], randomize=False):
        refusal = await _greeted(host, port, options)
        if refusal is None or _advice(refusal, options.get("sasl_mechanism")):
            return True
    return False


def denial(error: BaseException) -> str | None:
    """Return what Kafka does not allow, if that is the error, and the right that is missing."""
    for kind, right in _RIGHTS.items():
        if isinstance(error, kind):
            return f"does not allow this user what was asked of it ({error}): give it the right to {right}"
    return None


async def hidden_topics(send: Callable[[Any], Awaitable[Any]], names: Iterable[str]) -> list[str]:
    """Return which of the topics this user may not see, be they there or not. `send` asks any server.

    Kafka leaves those out: only who asks for one by its name is told so.
    """
    answer = await send(MetadataRequest([*names], allow_auto_topic_creation=False))
    return [topic for code, topic, *_ in answer.topics if for_code(code) is TopicAuthorizationFailedError]


async def check_topics(
    send: Callable[[Any], Awaitable[Any]], servers: str, wanted: Iterable[str], found: Container[str]
) -> None:
    """Raise if one of the topics is not among those that were found. `send` asks any server.

    Raises:
        BrokerError: this user may not see one.
        TopicError: there is no such topic.
    """
    missing = [name for name in wanted if name not in found]
    if not missing:
        return
    if hidden := await hidden_topics(send, missing):
        raise BrokerError(
            f"Kafka at {servers} has no topic {', '.join(hidden)} that this user may see: {SEE_TOPICS}. "
            "Without that, nobody can tell whether it is there"
        )
    raise TopicError(f"Kafka at {servers} has no topic {', '.join(missing)}: run `sandik topics create`")


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
        # Until here it answered: whoever connects may ask which requests there are.
        return OtherProtocolError("it asks for a login") if _is_closed(refusal) else refusal
    except (OSError, KafkaError) as refusal:
        return refusal
    finally:
        connection.close()
    return None


def _is_closed(refusal: Exception) -> bool:
    """Say whether the connection was closed and nothing says why."""
    return isinstance(refusal, KafkaConnectionError | ConnectionResetError) and not _advice(refusal, None)


async def _other_protocol(host: str, port: int, options: Mapping[str, Any]) -> str | None:
    """Return which protocol the server speaks that closed the connection, if it is another than ours."""
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
        # An alert is one of TLS; anything else, and an end in the middle, are not.
        return "it speaks TLS" if "ALERT" in (error.reason or "") else None
    except (OSError, KafkaError):
        return None
    return "it speaks TLS"


def _why_silent(refusal: Exception) -> str:
    match refusal:
        case ConnectionRefusedError():
            return "nothing listens there"
        case socket.gaierror():
            return f"there is no host of that name: {refusal.strerror}"
        case TimeoutError():
            return f"no word within {_ASK_AGAIN_MS // 1000} s"
        case KafkaConnectionError() | ConnectionResetError():
            return (
                "it closes the connection without a word, as a broker that starts or stops, a proxy before "
                "one that is not there, or something else than Kafka"
            )
    return str(refusal)


class OtherProtocolError(KafkaError):  # type: ignore[misc]  # aiokafka has no types
    """The server speaks, but not the protocol that was set."""

    def __str__(self) -> str:
        return str(self.args[0])


def _advice(refusal: Exception, mechanism: str | None) -> str | None:
    """Return what the refusal of a server that is there means; None when there may be no server."""
    match refusal:
        case KafkaConnectionError(__cause__=UsageError() as mistake):
            return str(mistake)
        case ssl.SSLCertVerificationError():
            return (
                f"its certificate cannot be trusted ({refusal.verify_message}). Set SANDIK_SSL_CAFILE to the "
                "authority that signed it, and call the server in SANDIK_BROKER as the certificate does"
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
            return "it has no such login. Check SANDIK_SECURITY_PROTOCOL and SANDIK_SASL_MECHANISM"
        case OtherProtocolError():
            return f"{refusal}. Check SANDIK_SECURITY_PROTOCOL"
    return None


async def check_answers(consumer: AIOKafkaConsumer, *tps: TopicPartition) -> None:
    """Ask Kafka something: the client itself waits in silence, and for ever, for a broker that has gone.

    Raises:
        KafkaError: it does not answer.
    """
    try:
        async with asyncio.timeout(_ANSWER_S):
            await consumer.end_offsets(tps)
    except TimeoutError as error:
        raise KafkaTimeoutError(f"nothing within {_ANSWER_S:.0f} s") from error


async def let_go(consumer: AIOKafkaConsumer) -> None:
    """Stop the consumer, whatever state it is in."""
    # Without a broker, stopping raises what aiokafka has cancelled its fetching with, and that would look as
    # if it were we who are to stop: so in a task of its own. It also forgets to close its connections then.
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=_STOP_S)
    if stopping.cancelled():
        await consumer._client.close()
    elif stopping.done():
        stopping.exception()
