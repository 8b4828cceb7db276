"""Every first command of the runbook does what it is there for: typed as it stands, where a worker counts."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka, probe
from sandik.kafka.topics import all_topics, create
from tests.deploy.runbook import first_commands
from tests.deploy.test_alerts import ALERTS
from tests.support.command import refused, sandik, start_sandik
from tests.support.kafka import produce, wait_until
from tests.support.scene import BASE_MS, a_post, some_posts
from tests.support.workers import Workers, count_all, environment, quick_settings

COMMANDS = sorted({" ".join(words) for some in first_commands().values() for words in some})
#: What the answer must tell, for the question that the command is there to answer.
TOLD = {
    "sandik ask healthz": '"ok": true',
    "sandik ask readyz": '"state": "ready"',
    "sandik doctor": "0 errors",
    "sandik dlq list --last 3": "not_json",
    "sandik late list --last 3": "late",
    "sandik partitions paused": "",
    "sandik top --once": "1 workers",
}


def test_every_alert_has_a_first_command_that_is_in_the_image() -> None:
    found = first_commands()

    assert found.keys() - {""} == {alert["alert"] for alert in ALERTS}
    assert all(found.values())
    assert {words[0] for some in found.values() for words in some} == {"sandik"}


def told(command: str) -> list[str]:
    """Return what the answer must have: of metrics, a line of each."""
    words = command.split()
    return words[3:] if words[:3] == ["sandik", "ask", "metrics"] else [TOLD[command]]


def service_of(words: list[str]) -> str:
    """Return who is asked, as compose calls it."""
    return "bursts" if any(word.startswith("sandik_bursts") for word in words) else "worker"


@pytest.fixture(scope="module")
def variables(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Give the settings of a worker that counts, with posts that are too late, and some that are none."""
    settings = quick_settings(kafka.bootstrap_servers).model_copy(update={"bursts": "on"})
    variables = {**environment(settings), "SANDIK_OPS_PORT": str(probe.free_port())}

    async def count() -> None:
        await create(settings, all_topics(settings))
        posts = [(key, value, 0, None) for key, value in some_posts(60)]
        late = (*a_post(200, BASE_MS - 86_400_000), 0, None)
        await produce(settings.broker, settings.topic("posts"), [*posts, late, (b"bad", b"no post", 1, None)])
        workers.start()
        await count_all(settings, workers, len(posts) + 1)

        async def is_ready() -> bool:
            ready = await asyncio.to_thread(sandik, "ask", "readyz", environment=variables)
            mark = "sandik_merge_watermark_lag_seconds"
            told = await asyncio.to_thread(sandik, "ask", "metrics", mark, environment=variables)
            return ready.returncode == 0 and bool(told.stdout)

        await wait_until(is_ready, 60, "the worker is ready, and knows the watermark")

    with Workers(variables, tmp_path_factory.mktemp("worker")) as workers:
        asyncio.run(count())
        yield variables


@pytest.fixture
def where(command: str, variables: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give the settings of where the command is typed: of the worker, or of `sandik bursts`."""
    if service_of(command.split()) == "worker":
        yield variables
    else:
        port = str(probe.free_port())
        with start_sandik("bursts", "--port", port, environment=variables) as bursts:
            assert bursts.stdout
            bursts.stdout.readline()  # where it listens
            yield {**variables, "SANDIK_OPS_PORT": port}
            bursts.kill()


@pytest.mark.broker
@pytest.mark.parametrize("command", COMMANDS)
def test_a_first_command_answers_its_question(command: str, where: dict[str, str]) -> None:
    done = sandik(*command.split()[1:], environment=where)
    answer = done.stdout.decode()
    sys.stdout.write(f"$ {command}\n{answer}")

    assert done.returncode == 0, done.stderr
    assert [part for part in told(command) if part not in answer] == []


def test_who_asks_where_nobody_answers_is_told_so(tmp_path: Path) -> None:
    refused(
        *("ask", "readyz"),
        environment={"SANDIK_OPS_PORT": str(probe.free_port())},
        cwd=tmp_path,
        says="no worker answers at port",
        code=1,
    )
