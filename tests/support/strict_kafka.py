"""A Kafka that lets users do what they were given the right to, and nothing else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from sandik.broker import EmbeddedKafka, probe

PASSWORD = "gizli-4c1d"  # noqa: S105 - of this broker alone
#: The protocol's numbers.
RESOURCES = {"topic": 2, "group": 3}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10, "AlterConfigs": 11}
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

    def login(self, user: str) -> dict[str, str]:
        """Return the variables by which a user logs in."""
        return {
            "SANDIK_BROKER": f"127.0.0.1:{self.port}",
            "SANDIK_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "SANDIK_SASL_MECHANISM": "PLAIN",
            "SANDIK_SASL_USERNAME": user,
            "SANDIK_SASL_PASSWORD": PASSWORD,
        }

    async def allow(self, rights: Iterable[Right]) -> None:
        """Give users rights."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.bootstrap_servers)
        await admin.start()
        try:
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
        finally:
            await admin.close()


@contextmanager
def strict_kafka(directory: Path, users: Iterable[str]) -> Iterator[StrictKafka]:
    """Run it."""
    port, controller_port, login_port = probe.free_port(), probe.free_port(), probe.free_port()
    listeners = f"PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{login_port}"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    known = " ".join(f'user_{user}="{PASSWORD}"' for user in users)
    config = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": (
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT"
        ),
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": f"{plain} {known};",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with EmbeddedKafka(directory / "kafka", port, controller_port, extra_config=config) as kafka:
        yield StrictKafka(kafka, login_port)
