"""A worker outlives its Kafka for a bounded time: unready, with one line, and its counts stay exact."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, TopicAuthorizationFailedError

from sandik.broker import EmbeddedKafka, probe
from sandik.errors import BrokerError, StateError
from sandik.kafka.publish import Outgoing, publish
from sandik.worker.restart import SINCE, Outage, is_silence
from tests.support.kafka import wait_until
from tests.support.scene import Scene, brief, some_posts, wait_for_more
from tests.support.workers import Follower, Workers, environment, quick_settings

GONE = "Kafka does not answer ("
COUNTS = "counting 4 of the 4 partitions"
#: Faust and aiokafka give up after a minute without an answer; on a busy machine that takes longer.
UNTIL_GIVEN_UP_S = 180


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KafkaTimeoutError(), True),
        (caused(BrokerError("did not say"), TimeoutError()), True),
        (caused(BrokerError("did not take"), caused(BrokerError("why"), KafkaConnectionError())), True),
        (caused(BrokerError("did not take"), TopicAuthorizationFailedError()), False),
        (StateError("recreated"), False),
        (TimeoutError(), False),  # of whatever: nobody has foreseen it
    ],
)
def test_only_an_error_for_want_of_an_answer_is_silence(error: Exception, *, expected: bool) -> None:
    assert is_silence(error) is expected


def test_an_outage_is_borne_for_its_time_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandik.worker.restart.monotonic", lambda: 1_000.0)
    for since, has_counted, left_s in [
        (None, False, 60),
        ("990", False, 50),
        ("930", False, 0),
        ("930", True, 60),
    ]:
        monkeypatch.setenv(SINCE, since) if since else monkeypatch.delenv(SINCE, raising=False)
        outage = Outage(60, lambda has=has_counted: has)  # type: ignore[misc]

        assert SINCE not in os.environ  # what this process starts has met no outage
        assert outage.has_begun_anew is (since is not None)
        assert outage.left_s == left_s
        assert outage.bears(KafkaTimeoutError()) is (left_s > 0)
        assert not outage.bears(StateError("recreated"))


def test_who_lives_longer_than_an_outage_may_take_has_left_it_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandik.worker.restart.monotonic", lambda: 1_000.0)
    monkeypatch.setenv(SINCE, "990")
    waiting = Outage(60, lambda: False)
    monkeypatch.setenv(SINCE, "990")
    counting = Outage(60, lambda: False)
    counting.is_over()
    monkeypatch.setattr("sandik.worker.restart.monotonic", lambda: 1_061.0)

    assert (waiting.left_s, counting.left_s) == (0, 60)


def test_the_same_command_is_started_again_in_this_process() -> None:
    """A program that begins anew once says the same of itself both times, its id included."""
    program = (
        "import os, sys; from sandik.worker.restart import Outage;"
        "outage = Outage(60, lambda: False);"
        "print(os.getpid(), sys.argv[1:], flush=True);"
        "outage.has_begun_anew or outage.begin_anew()"
    )
    command = [sys.executable, "-c", program, "worker", "--log-level", "info"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()

    assert first == second
    assert "['worker', '--log-level', 'info']" in first


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        yield broker


async def state(session: ClientSession, port: int) -> tuple[int, str]:
    """Return what `/readyz` answers, and the state it tells; nothing where nobody listens."""
    try:
        async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status, (await answer.json())["state"]
    except ClientError:
        return 0, ""


@pytest.mark.broker
async def test_a_first_record_for_a_topic_is_refused_for_silence_when_kafka_is_away(
    own_kafka: EmbeddedKafka,
) -> None:
    record = Outgoing("never-written", 0, None, b"a post")
    producer = AIOKafkaProducer(bootstrap_servers=own_kafka.bootstrap_servers, request_timeout_ms=1_000)
    async with producer:
        own_kafka.kill()
        with pytest.raises(BrokerError) as refused:
            await publish(producer, [record])

    assert is_silence(refused.value), refused.value


@pytest.mark.broker
@pytest.mark.timeout(600)
async def test_a_worker_outlives_its_kafka_and_one_with_less_patience_ends(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    scene = await Scene.made(brief(quick_settings(own_kafka.bootstrap_servers)))
    settings, posts, port = scene.settings, some_posts(4_000), probe.free_port()
    (tmp_path / "hasty").mkdir()
    patient = environment(settings) | {"SANDIK_OPS_PORT": str(port)}
    hasty = environment(settings) | {"SANDIK_KAFKA_AWAY_MS": "1000"}
    with Workers(patient, tmp_path) as workers, Workers(hasty, tmp_path / "hasty") as hasty_workers:
        worker, other = workers.start(), hasty_workers.start()
        await scene.write(posts[:2_000])
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            await wait_for_more(follower)
        await scene.wait_for_shares([2, 2], 90)
        own_kafka.kill()

        async def has_given_up() -> bool:
            return GONE in workers.log(worker) and other.poll() is not None

        await wait_until(has_given_up, UNTIL_GIVEN_UP_S, "both have given up")
        async with ClientSession() as session:

            async def says(*expected: int | str) -> bool:
                return await state(session, port) == expected

            await wait_until(lambda: says(503, "broker_away"), 60, "the patient one waits")
            await asyncio.to_thread(own_kafka.start)
            await scene.write(posts[2_000:])
            await wait_until(lambda: says(200, "ready"), 120, "the patient one counts again")
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            await wait_until(lambda: follower.has(len(posts)), 120, f"all {len(posts)} posts are counted")
            cells = follower.cells
        exit_code = workers.terminate(worker)
        log, last = workers.log(worker), hasty_workers.log(other).splitlines()[-1]

    events = [json.loads(line)["event"] for line in log.splitlines()]
    [at] = [number for number, event in enumerate(events) if GONE in event]
    assert exit_code == 0, log
    back = next(number for number, event in enumerate(events) if number > at and COUNTS in event)
    # It waits in silence. A broker that is back may not lead its partitions yet, which is told.
    assert [event for event in events[at + 1 : back] if "NotLeaderForPartition" not in event] == []
    assert other.returncode == 1
    assert "does not answer" in last
    assert scene.truth() == cells
