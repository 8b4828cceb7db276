"""What clients are given to reach Kafka, from the settings alone."""

import logging
import ssl
import traceback
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka.errors import KafkaConnectionError, KafkaError
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import ValidationError

from sandik.errors import UsageError
from sandik.kafka.connection import client_options, unreachable
from sandik.settings import Settings
from sandik.worker.app import create_app
from tests.support.command import refused, sandik

SECRETS = {"sasl_password": "gizli-9f2c61", "author_key": "anahtar-71d0e8-9c3fa2"}
PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]


def settings(**values: Any) -> Settings:
    return Settings(**{"broker": "k1:9092,k2:9092", "sasl_username": "sayim", **SECRETS, **values})


def options(**values: Any) -> dict[str, Any]:
    return client_options(settings(**values))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_client_is_given_what_its_protocol_needs_and_no_more(protocol: str) -> None:
    given = options(security_protocol=protocol)

    assert given.pop("bootstrap_servers") == "k1:9092,k2:9092"
    assert given.pop("security_protocol", "PLAINTEXT") == protocol
    assert isinstance(given.pop("ssl_context", None), ssl.SSLContext) == ("SSL" in protocol.split("_"))
    assert given == (
        {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "sayim",
            "sasl_plain_password": "gizli-9f2c61",
        }
        if protocol.startswith("SASL")
        else {}
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_worker_logs_in_as_every_other_client(protocol: str, mechanism: str) -> None:
    chosen = settings(security_protocol=protocol, sasl_mechanism=mechanism)
    ours = client_options(chosen)
    app = create_app(chosen, "test", 1)

    for theirs in (app.reader.options, app.writer.options):
        same = {name: theirs[name] for name in ours.keys() - {"ssl_context"}}
        assert {**ours, **same} == ours
        assert isinstance(theirs.get("ssl_context"), ssl.SSLContext) == ("ssl_context" in ours)


def test_the_server_must_be_who_it_says_by_the_authority_that_was_set(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    context = options(security_protocol="SSL", ssl_cafile=tmp_path / "ca.pem")["ssl_context"]

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.get_ca_certs(binary_form=True) == [
        ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
    ]


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_worker_logs_in_with_the_token_as_every_other_client(protocol: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a.b.c")
    chosen = settings(
        security_protocol=protocol, sasl_mechanism="OAUTHBEARER", sasl_token_file=tmp_path / "token"
    )
    ours, app = client_options(chosen), create_app(chosen, "test", 1)

    for theirs in (app.reader.options, app.writer.options):
        for name in ("security_protocol", "sasl_mechanism", "sasl_oauth_token_provider"):
            assert theirs[name] == ours[name]
        assert isinstance(theirs.get("ssl_context"), ssl.SSLContext) == (protocol == "SASL_SSL")
    assert not [name for name in ours if "plain" in name]


async def test_each_connection_is_given_the_token_that_the_file_holds_by_then(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("first\n")
    tokens = options(security_protocol="SASL_SSL", sasl_mechanism="OAUTHBEARER", sasl_token_file=token_file)[
        "sasl_oauth_token_provider"
    ]
    assert await tokens.token() == "first"

    token_file.write_text("second\n")
    assert await tokens.token() == "second"

    token_file.unlink()
    with pytest.raises(KafkaConnectionError, match="SANDIK_SASL_TOKEN_FILE"):  # which is tried again
        await tokens.token()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "does not hold a token"),
        (b"\n", "does not hold a token"),
        (b'{"access_token": "gizli"}', "does not hold a token"),
        (b"gizli\x01auth=Bearer other", "does not hold a token"),
        (b"gizli\nother", "does not hold a token"),
        ("gizli-şifre".encode(), "does not hold a token"),
        (b"gizli\xff", "does not hold a token"),
    ],
)
def test_a_file_without_a_token_is_a_usage_error_that_does_not_show_it(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    token_file = tmp_path / "token"
    if content is not None:
        token_file.write_bytes(content)

    with pytest.raises(
        UsageError, match=f"SANDIK_SASL_TOKEN_FILE={token_file} cannot be used: .*{why}"
    ) as error:
        options(security_protocol="SASL_SSL", sasl_mechanism="OAUTHBEARER", sasl_token_file=token_file)

    shown = "".join(traceback.format_exception(error.value))
    assert "gizli" not in shown


def test_a_login_by_token_needs_its_file() -> None:
    with pytest.raises(UsageError, match="OAUTHBEARER needs SANDIK_SASL_TOKEN_FILE"):
        options(security_protocol="SASL_SSL", sasl_mechanism="OAUTHBEARER")


@pytest.mark.broker
async def test_a_kafka_that_answers_is_not_said_to_be_away(worker_settings: Settings) -> None:
    error = await unreachable(client_options(worker_settings), KafkaError("not authorized"))

    assert "answers" in str(error)
    assert "not authorized" in str(error)
    assert "does not answer" not in str(error)


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
@pytest.mark.parametrize("missing", ["sasl_username", "sasl_password"])
def test_a_login_without_name_or_password_is_a_usage_error(protocol: str, missing: str) -> None:
    with pytest.raises(UsageError, match=f"{protocol} needs SANDIK_SASL_USERNAME and _PASSWORD"):
        options(**{"security_protocol": protocol, missing: None})


@pytest.mark.parametrize(
    "command", [["topics", "create"], ["ingest", "--format", "jsonl", "-"], ["worker"], ["counts", "--once"]]
)
def test_a_usage_error_ends_each_command_with_exit_code_2(command: list[str]) -> None:
    variables = {"SANDIK_SECURITY_PROTOCOL": "SASL_SSL", "SANDIK_SASL_PASSWORD": SECRETS["sasl_password"]}

    done = sandik(*command, environment=variables)

    assert done.returncode == 2, done.stderr
    assert done.stderr.decode().splitlines() == [
        "sandik: SANDIK_SECURITY_PROTOCOL=SASL_SSL needs SANDIK_SASL_USERNAME and _PASSWORD"
    ]


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("not a certificate")
    trustme.CA().issue_cert("a").cert_chain_pems[0].write_to_path(tmp_path / "keyless.pem")

    for values in (
        {"ssl_cafile": tmp_path / "missing.pem"},
        {"ssl_cafile": tmp_path / "text.pem"},
        {"ssl_certfile": tmp_path / "keyless.pem"},
    ):
        [file] = values.values()
        with pytest.raises(UsageError, match=f"TLS cannot be set up from {file}"):
            options(security_protocol="SSL", **values)


def test_a_key_that_asks_for_a_password_is_refused_instead_of_waiting_for_one(tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("a")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    key = load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"parola"))
    (tmp_path / "key.pem").write_bytes(locked)

    with pytest.raises(UsageError, match=r"key\.pem"):
        options(
            security_protocol="SSL",
            ssl_certfile=tmp_path / "certificate.pem",
            ssl_keyfile=tmp_path / "key.pem",
        )


def test_servers_that_are_not_host_and_port_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="SANDIK_BROKER=k1:9x is not host:port"):
        options(broker="k1:9x")


def test_settings_show_no_secret() -> None:
    shown = f"{settings()!r} {settings()} {settings().model_dump()} {settings().model_dump_json()}"

    assert "sasl_password" in shown
    assert not [secret for secret in SECRETS.values() if secret in shown]


def test_requests_are_not_logged_whatever_the_level(caplog: pytest.LogCaptureFixture) -> None:
    """One of them is the login, with the password in it."""
    caplog.set_level(logging.DEBUG)

    assert logging.getLogger("aiokafka").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("aiokafka.conn").isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize("name", ["author_key", "sasl_password"])
def test_an_empty_secret_is_refused(name: str) -> None:
    """It is one that was not mounted; taking it for none would write author ids in clear."""
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: ""})


def test_a_weak_author_key_ends_every_command_and_is_not_quoted() -> None:
    weak = "gizli-gizli-gizli-gizli-"
    ran = refused(
        "config",
        environment={"SANDIK_AUTHOR_KEY": weak},
        says="SANDIK_AUTHOR_KEY: the key for pseudonyms repeats the same characters",
    )
    assert weak.encode() not in ran.stderr
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate({"author_key": weak})
    assert weak not in str(raised.value)
