"""What prod allows its users is enough for worker and dashboard: tried on a Kafka that enforces it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from streams.broker import EmbeddedKafka, probe
from streams.errors import BrokerError
from streams.record_times import mend
from streams.run import application_id, load_job
from streams.settings import Settings
from streams.topics import WINDOWS_TABLE, all_topics, changelog, create
from tests.deploy.rendered import Resource, of_kind
from tests.support.command import sandik, start_sandik
from tests.support.kafka import configure, produce, read_topic, wait_until
from tests.support.scene import BASE_MS, a_post, some_posts
from tests.support.workers import Follower, Workers, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

PASSWORD = "gizli-4c1d"  # noqa: S105 - of this broker alone
USERS = ["sandik-worker", "sandik-dashboard"]
#: The protocol's numbers.
RESOURCES = {"topic": 2, "group": 3}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10, "AlterConfigs": 11}
ALLOW = 3


@pytest.fixture
def strict_kafka(tmp_path: Path) -> Iterator[tuple[EmbeddedKafka, int]]:
    """A Kafka where whoever logs in may do nothing yet, and who comes without a name may do all."""
    port, controller_port, login_port = probe.free_port(), probe.free_port(), probe.free_port()
    listeners = f"PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{login_port}"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    known = " ".join(f'user_{user}="{PASSWORD}"' for user in USERS)
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
    with EmbeddedKafka(tmp_path / "kafka", port, controller_port, extra_config=config) as kafka:
        yield kafka, login_port


async def allow(kafka: EmbeddedKafka) -> None:
    """Give the users of prod their rights."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        for request in (request for user in of_kind("prod", "KafkaUser") for request in rules(user)):
            answer = await admin._send_request(request)
            assert [code for code, _ in answer.creation_responses] == [0]
    finally:
        await admin.close()


def rules(user: Resource) -> Iterator[CreateAclsRequest]:
    """Yield the user's rights as Kafka takes them."""
    for acl in user["spec"]["authorization"]["acls"]:
        resource, principal = acl["resource"], f"User:{user['metadata']['name']}"
        kind, pattern = RESOURCES[resource["type"]], PATTERNS[resource["patternType"]]
        for operation in acl["operations"]:
            yield CreateAclsRequest(
                kind, resource["name"], pattern, principal, "*", OPERATIONS[operation], ALLOW
            )


def login(user: str, port: int) -> dict[str, str]:
    return {
        "SANDIK_BROKER": f"127.0.0.1:{port}",
        "SANDIK_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "SANDIK_SASL_MECHANISM": "PLAIN",
        "SANDIK_SASL_USERNAME": user,
        "SANDIK_SASL_PASSWORD": PASSWORD,
    }


def as_settings(variables: dict[str, str]) -> Settings:
    return Settings.model_validate(
        {name.removeprefix("SANDIK_").lower(): value for name, value in variables.items()}
    )


async def test_each_user_may_do_what_it_needs_and_a_dashboard_may_not_count(
    strict_kafka: tuple[EmbeddedKafka, int], tmp_path: Path
) -> None:
    kafka, port = strict_kafka
    settings = quick_settings(kafka.bootstrap_servers).model_copy(update={"topic_prefix": ""})
    posts, *_ = all_topics(settings)
    await create(settings, all_topics(settings))
    # As an older version left them.
    job = load_job(settings)
    state = changelog(application_id(settings, job), WINDOWS_TABLE, settings.partitions)
    await create(settings, [state])
    for name in ("posts", state.name):
        await configure(settings.broker, name, {"message.timestamp.type": "CreateTime"})
    await allow(kafka)
    good = [(key, value, None, None) for key, value in some_posts(200)]
    late = (*a_post(200, BASE_MS - 86_400_000), 0, None)
    await produce(settings.broker, "posts", [*good, late, (b"bad", b"no post", 1, None)])
    quick = environment(settings.model_copy(update={"topic_prefix": ""}))

    worker_settings, dashboard_settings = (as_settings(login(user, port)) for user in USERS)
    with pytest.raises(BrokerError) as not_altered:
        await mend(worker_settings, [posts])
    assert await mend(dashboard_settings, [posts]) == {}  # it may not even look
    refused = sandik("worker", environment={**quick, **login("sandik-dashboard", port)})
    with Workers({**quick, **login("sandik-worker", port)}, tmp_path) as workers:
        worker = workers.start()
        async with Follower(settings.broker, "counts") as follower:

            async def all_are_counted() -> bool:
                workers.assert_running()
                return await follower.total() == len(good) + 1

            await wait_until(all_are_counted, 120, "all posts are counted")
        page_port = probe.free_port()
        variables = {**quick, **login("sandik-dashboard", port)}
        command = ("dashboard", "--port", str(page_port))
        with start_sandik(*command, environment=variables) as dashboard:
            try:
                async with ClientSession() as session:
                    await wait_until(lambda: shows_counts(session, page_port), 90, "the page has counts")
            finally:
                dashboard.terminate()
        exit_code = workers.terminate(worker)

    assert refused.returncode == 1
    assert b"has no topic posts.late, posts.dlq" in refused.stderr  # none that it may know of
    assert exit_code == 0, workers.log(worker)
    assert str(not_altered.value) == (
        "Kafka did not let us change posts (TopicAuthorizationFailedError). Allow AlterConfigs, or let "
        "somebody run:\nkafka-configs.sh --alter --entity-type topics --entity-name posts --add-config "
        "message.timestamp.type=LogAppendTime"
    )
    # What the worker may not mend, it tells; the state is its own.
    assert "topic posts has message.timestamp.type CreateTime, not LogAppendTime" in workers.log(worker)
    assert f"topic {state.name}: set message.timestamp.type=LogAppendTime" in workers.log(worker)
    assert len(await read_topic(settings.broker, "posts.dlq")) == 1
    assert len(await read_topic(settings.broker, "posts.late")) == 1


async def shows_counts(session: ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/api/counts") as answer:
            return answer.status == 200 and '"tr"' in await answer.text()
    except ClientError:
        return False
