"""What prod allows its users is enough for worker and dashboard: tried on a Kafka that enforces it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from sandik.broker import probe
from sandik.errors import BrokerError
from sandik.kafka.record_times import mend
from sandik.kafka.topics import WINDOWS_TABLE, all_topics, changelog, create
from sandik.run_identity import application_id, load_job
from sandik.settings import Settings
from tests.deploy.rights import of_users
from tests.support.command import sandik, start_sandik
from tests.support.kafka import configure, produce, read_topic, wait_until
from tests.support.scene import BASE_MS, a_post, some_posts
from tests.support.strict_kafka import StrictKafka, strict_kafka
from tests.support.workers import Workers, count_all, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

USERS = ["sandik-worker", "sandik-dashboard"]


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[StrictKafka]:
    with strict_kafka(tmp_path, [], USERS) as strict:
        yield strict


def as_settings(variables: dict[str, str]) -> Settings:
    return Settings.model_validate(
        {name.removeprefix("SANDIK_").lower(): value for name, value in variables.items()}
    )


async def test_each_user_may_do_what_it_needs_and_a_dashboard_may_not_count(
    strict: StrictKafka, tmp_path: Path
) -> None:
    wanted = {"topic_prefix": "", "bursts": "on"}
    settings = quick_settings(strict.kafka.bootstrap_servers).model_copy(update=wanted)
    posts, *_ = all_topics(settings)
    await create(settings, all_topics(settings))
    # As an older version left them.
    job = load_job(settings)
    state = changelog(application_id(settings, job), WINDOWS_TABLE, settings.partitions)
    await create(settings, [state])
    for name in ("posts", state.name):
        await configure(settings.broker, name, {"message.timestamp.type": "CreateTime"})
    await strict.allow(of_users())
    good = [(key, value, None, None) for key, value in some_posts(200)]
    late = (*a_post(200, BASE_MS - 86_400_000), 0, None)
    await produce(settings.broker, "posts", [*good, late, (b"bad", b"no post", 1, None)])
    quick = environment(settings)

    worker_settings, dashboard_settings = (as_settings(strict.login(user)) for user in USERS)
    with pytest.raises(BrokerError) as not_altered:
        await mend(worker_settings, [posts])
    assert await mend(dashboard_settings, [posts]) == {}  # it may not even look
    refused = sandik("worker", environment={**quick, **strict.login("sandik-dashboard")})
    with Workers({**quick, **strict.login("sandik-worker")}, tmp_path) as workers:
        worker = workers.start()
        await count_all(settings, workers, len(good) + 1)
        page_port = probe.free_port()
        variables = {**quick, **strict.login("sandik-dashboard")}
        command = ("dashboard", "--port", str(page_port))
        with start_sandik(*command, environment=variables) as dashboard:
            try:
                async with ClientSession() as session:
                    await wait_until(lambda: shows_counts(session, page_port), 90, "the page has counts")
            finally:
                dashboard.terminate()
        exit_code = workers.terminate(worker)

    assert refused.returncode == 1
    assert b"that this user may see" in refused.stderr
    assert exit_code == 0, workers.log(worker)
    assert str(not_altered.value) == (
        "Kafka denied changing posts (TopicAuthorizationFailedError). Allow AlterConfigs, or have an "
        "administrator run:\nkafka-configs.sh --alter --entity-type topics --entity-name posts --add-config "
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
