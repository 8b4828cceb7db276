"""A Kafka that lets users do what they were given the right to, and nothing else, over TLS."""

from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme
from aiokafka.protocol.admin import CreateAclsRequest

from sandik.broker import EmbeddedKafka, probe
from tests.support.kafka import admin_of
from tests.support.secured_kafka import add_scram_user, write_keystore

PASSWORD = "gizli-4c1d"  # noqa: S105 - of this broker alone
#: The protocol's numbers.
RESOURCES = {"topic": 2, "group": 3, "transactionalId": 5}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
ALLOW = 3


class Right(NamedTuple):
    """What a user may do to a resource."""

    user: str
    kind: str
    name: str
    pattern: str
    operation: str


class StrictKafka(NamedTuple):
    """Who logs in at `port` may do nothing yet; who comes to the broker's own port may do all."""

    kafka: EmbeddedKafka
    port: int
    authority: Path
    scram_users: Container[str]

    def login(self, user: str) -> dict[str, str]:
        """Return the variables by which a user logs in."""
        return {
            "SANDIK_BROKER": f"127.0.0.1:{self.port}",
            "SANDIK_SECURITY_PROTOCOL": "SASL_SSL",
            "SANDIK_SSL_CAFILE": str(self.authority),
            "SANDIK_SASL_MECHANISM": "SCRAM-SHA-512" if user in self.scram_users else "PLAIN",
            "SANDIK_SASL_USERNAME": user,
            "SANDIK_SASL_PASSWORD": PASSWORD,
        }

    async def allow(self, rights: Iterable[Right]) -> None:
        """Give users rights."""
        async with admin_of(self.kafka.bootstrap_servers) as admin:
            for right in rights:
                request = CreateAclsRequest(
                    RESOURCES[right.kind],
                    right.name,
                    PATTERNS[right.pattern],
                    f"User:{right.user}",
                    "*",
                    OPERATIONS[right.operation],
                    ALLOW,
                )
                answer = await admin._send_request(request)
                assert [code for code, _ in answer.creation_responses] == [0]


@contextmanager
def strict_kafka(
    directory: Path, users: Iterable[str], scram_users: Iterable[str] = ()
) -> Iterator[StrictKafka]:
    """Run it. `users` log in by PLAIN, which costs nothing to set up; `scram_users` by SCRAM-SHA-512."""
    port, controller_port, login_port = probe.free_port(), probe.free_port(), probe.free_port()
    listeners = f"PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{login_port}"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    write_keystore(authority.issue_cert("127.0.0.1"), directory / "broker.pem")
    package = "org.apache.kafka.common.security"
    known = " ".join(f'user_{user}="{PASSWORD}"' for user in users)
    config = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(directory / "broker.pem"),
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f"{package}.plain.PlainLoginModule required {known};"
        ),
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f"{package}.scram.ScramLoginModule required;"
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    by_scram = set(scram_users)
    with EmbeddedKafka(directory / "kafka", port, controller_port, extra_config=config) as kafka:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda user: add_scram_user(kafka, user, PASSWORD), by_scram))
        yield StrictKafka(kafka, login_port, directory / "ca.pem", by_scram)
