"""How to reach Kafka: servers, encryption, and who we are. The only place that reads a password."""

import asyncio
import ssl
from collections.abc import Mapping
from logging import INFO, getLogger
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.errors import BrokerError, ClockError, UsageError
from streams.settings import Settings
from streams.token_login import TokenFile
from streams.unpacking import install

#: How long a server may take to say why it does not let us in.
_ASK_AGAIN_MS = 5_000
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
    servers = options["bootstrap_servers"]
    login = {name: value for name, value in options.items() if name != "bootstrap_servers"}
    for host, port, _ in collect_hosts(servers, randomize=False):
        try:
            connection = await create_conn(host, port, request_timeout_ms=_ASK_AGAIN_MS, **login)
            try:
                await connection.send(MetadataRequest([]))
            finally:
                connection.close()
        except (OSError, KafkaError) as refusal:
            if advice := _advice(refusal, login.get("sasl_mechanism")):
                return BrokerError(f"Kafka at {host}:{port} does not let us in: {advice}")
        else:
            return BrokerError(f"Kafka at {host}:{port} answers, but not to what was asked of it: {error}")
    return BrokerError(
        f"Kafka at {servers} does not answer ({error}): start one with `sandik broker`, "
        "or set SANDIK_BROKER to yours"
    )


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
        case KafkaConnectionError() | ConnectionResetError():
            return (
                "it closed the connection, as servers of another protocol do. Check SANDIK_SECURITY_PROTOCOL"
            )
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
