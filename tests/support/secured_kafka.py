"""A Kafka that lets in only who is known: by name and password, token or certificate, over TLS."""

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sandik.broker import EmbeddedKafka, jvm, probe
from sandik.broker.jars import class_path
from sandik.clock import SystemClock

USERNAME = "sayim"
PASSWORD = "gizli-9f2c61"  # noqa: S105 - of this broker alone
HOST = "127.0.0.1"
TOKEN_FILE = "token"  # noqa: S105 - a name


class SecuredKafka(NamedTuple):
    """A running broker, and the variables that let `sandik` in: the ways to log in, each at its own port."""

    kafka: EmbeddedKafka
    sasl_port: int
    tls_port: int
    files: Path

    @property
    def ways(self) -> dict[str, dict[str, str]]:
        server = {
            "SANDIK_BROKER": f"{HOST}:{self.sasl_port}",
            "SANDIK_SECURITY_PROTOCOL": "SASL_SSL",
            "SANDIK_SSL_CAFILE": str(self.files / "ca.pem"),
        }
        login = {**server, "SANDIK_SASL_USERNAME": USERNAME, "SANDIK_SASL_PASSWORD": PASSWORD}
        certificate = {
            "SANDIK_BROKER": f"{HOST}:{self.tls_port}",
            "SANDIK_SECURITY_PROTOCOL": "SSL",
            "SANDIK_SSL_CAFILE": str(self.files / "ca.pem"),
            "SANDIK_SSL_CERTFILE": str(self.files / "client.pem"),
        }
        token = {
            "SANDIK_SASL_MECHANISM": "OAUTHBEARER",
            "SANDIK_SASL_TOKEN_FILE": str(self.files / TOKEN_FILE),
        }
        return {
            "SCRAM-SHA-512": login,
            "PLAIN": {**login, "SANDIK_SASL_MECHANISM": "PLAIN"},
            "OAUTHBEARER": {**server, **token},
            "certificate": certificate,
        }


@contextmanager
def secured_kafka(directory: Path) -> Iterator[SecuredKafka]:
    """Run it, with certificates in `directory`, where `other.pem` is of an authority it has not."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    trustme.CA().cert_pem.write_to_path(directory / "other.pem")
    authority.issue_cert("client.test").private_key_and_cert_chain_pem.write_to_path(directory / "client.pem")
    write_keystore(authority.issue_cert(HOST), directory / "broker.pem")
    (directory / TOKEN_FILE).write_text(a_token(valid_for_s=3600) + "\n")
    port, controller_port, sasl_port, tls_port = _free_ports(4)
    listeners = f"PLAINTEXT://{HOST}:{port},SASL_SSL://{HOST}:{sasl_port},SSL://{HOST}:{tls_port}"
    kafka = EmbeddedKafka(
        directory / "kafka",
        port,
        controller_port,
        heap_mb=256,
        extra_config={**_config(directory), **_listening(listeners, controller_port)},
    )
    with kafka:
        add_scram_user(kafka, USERNAME, PASSWORD)
        yield SecuredKafka(kafka, sasl_port, tls_port, directory)


def _listening(listeners: str, controller_port: int) -> Mapping[str, str]:
    return {
        "listeners": f"{listeners},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": ",".join(
            ["CONTROLLER:PLAINTEXT", "PLAINTEXT:PLAINTEXT", "SASL_SSL:SASL_SSL", "SSL:SSL"]
        ),
    }


def _config(directory: Path) -> Mapping[str, str]:
    login = "listener.name.sasl_ssl"
    package = "org.apache.kafka.common.security"
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(directory / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(directory / "ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN,OAUTHBEARER",
        f"{login}.scram-sha-512.sasl.jaas.config": f"{package}.scram.ScramLoginModule required;",
        f"{login}.plain.sasl.jaas.config": (
            f'{package}.plain.PlainLoginModule required user_{USERNAME}="{PASSWORD}";'
        ),
        # Kafka's own default takes tokens that nobody has signed, but looks at their times like any other.
        f"{login}.oauthbearer.sasl.jaas.config": f"{package}.oauthbearer.OAuthBearerLoginModule required;",
    }


def a_token(valid_for_s: float) -> str:
    """Return a token that Kafka takes for so long, as a JSON Web Token without a signature."""
    now_s = SystemClock().now_ms() / 1000
    claims = {"sub": USERNAME, "iat": now_s, "exp": now_s + valid_for_s}
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
    return ".".join(part.decode().rstrip("=") for part in parts) + "."


def write_keystore(certificate: trustme.LeafCert, path: Path) -> None:
    """Write a broker's key and certificates as Kafka reads them: the key must be PKCS #8."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem + b"".join(part.bytes() for part in certificate.cert_chain_pems))


def add_scram_user(kafka: EmbeddedKafka, name: str, password: str) -> None:
    """Let a user log in by SCRAM-SHA-512."""
    main = ["kafka.admin.ConfigCommand", "--bootstrap-server", kafka.bootstrap_servers, "--alter"]
    main += ["--entity-type", "users", "--entity-name", name]
    main += ["--add-config", f"SCRAM-SHA-512=[password={password}]"]
    command = jvm.command(class_path(), main)
    done = subprocess.run(command, env=jvm.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _free_ports(count: int) -> list[int]:
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(probe.free_port())
    return list(ports)
