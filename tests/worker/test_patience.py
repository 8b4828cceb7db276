"""Commands that are started before Kafka is there wait for it, and a worker says when it is well."""

from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from sandik.broker.probe import free_port
from sandik.kafka.topics import all_topics, create, existing
from sandik.settings import Settings
from tests.support.command import refused, start_sandik
from tests.support.kafka import unique_prefix, wait_until
from tests.support.workers import Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


async def test_topics_are_made_and_led_when_the_command_returns_though_it_came_before_kafka(
    tmp_path: Path,
) -> None:
    kafka = EmbeddedKafka(tmp_path / "kafka", free_port(), free_port())
    settings = Settings(broker=kafka.bootstrap_servers, topic_prefix=unique_prefix(), partitions=4)
    with start_sandik("topics", "create", "--wait", "120", environment=environment(settings)) as command:
        assert command.stderr is not None
        assert any(b"does not answer yet; waiting up to 120 s" in line for line in command.stderr)
        with kafka:
            assert 0 == command.wait(120)
            assert set(await existing(settings)) == {spec.name for spec in all_topics(settings)}


def test_without_waiting_an_absent_kafka_is_an_error_at_once() -> None:
    done = refused(
        "topics", "create", environment={"SANDIK_BROKER": "127.0.0.1:1"}, says="does not answer", code=1
    )
    assert b"waiting" not in done.stderr


async def test_a_worker_says_how_many_partitions_it_counts(worker_settings: Settings, tmp_path: Path) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()
        said = f"counting 4 of the 4 partitions of {settings.topic('posts')}"
        await wait_until(lambda: said in workers.log(worker), 120, "it says that it is well")
        assert 0 == workers.terminate(worker)
