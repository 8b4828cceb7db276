"""`sandik report live`: what real workers have counted, and no trace on Kafka."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import sandik
from tests.support.kafka import group_names, wait_until
from tests.support.workers import Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

SAMPLE = Path("deploy/demo/posts.jsonl")
EVENING = ("--from", "2023-05-11T18:00Z", "--to", "2023-05-11T18:30Z")
POSTS, EVENING_POSTS = 235, 122


@pytest.fixture(scope="module")
def kafka(lone_kafka: EmbeddedKafka) -> EmbeddedKafka:
    """A broker of this file's own: its groups are looked at, whoever's they are."""
    return lone_kafka


async def test_a_live_report_is_that_of_a_replay_and_leaves_no_trace(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    variables = environment(settings)

    def report(name: str, *more: str) -> dict[str, Any]:
        done = sandik("report", name, *EVENING, "--json", *more, environment=variables)
        assert done.returncode in (0, 2), done.stderr
        found: dict[str, Any] = json.loads(done.stdout or b"{}")
        return found

    def is_counted() -> bool:
        found = report("live", "--no-examples")
        return bool(found) and (sum(found["tally"].values()), found["figures"]["coverage"]["counted"]) == (
            POSTS,
            EVENING_POSTS,
        )

    with Workers(variables, tmp_path) as workers:
        workers.start()
        sandik("ingest", str(SAMPLE), "--order", "as-is", environment=variables).check_returncode()
        await wait_until(is_counted, 120, "the evening to be counted")
        groups = await group_names(settings.broker)
        live = report("live", str(tmp_path / "live.html"))
        assert await group_names(settings.broker) == groups
        workers.assert_running()
    replayed = tmp_path / "counts.jsonl"
    sandik("replay", "--out", str(replayed), environment=variables).check_returncode()
    again = report(str(replayed))
    sandik("replay", "--topic", "again", environment=variables, cwd=tmp_path).check_returncode()
    moment = ("--from", "2023-05-11T18:10:30Z", "--to", "2023-05-11T18:10:40Z", "--no-examples")
    inside, same = (
        report(name, *moment)["figures"]
        for name in (f"topic:{settings.topic('counts.again')}", str(replayed))
    )

    # In Kafka, counts have the time at which their window begins: before the time that was asked for.
    assert inside == same
    assert inside["coverage"]["counted"]

    assert live["figures"]["coverage"]["counted"] == EVENING_POSTS
    assert live["terms"] == again["terms"]
    assert live["evidence"] == again["evidence"]
    assert [one["posts"] for one in live["figures"]["languages"]] == [
        one["posts"] for one in again["figures"]["languages"]
    ]
    assert live["tally"] == again["tally"]
    # The settings of whoever asks make the same run, so its rules are known without a manifest.
    assert live["method"]["run_id"] == again["method"]["run_id"]
    assert live["method"]["rules"] == again["method"]["rules"]
    assert again["method"]["posts"]["topic"] == settings.topic("posts")
    assert "<svg" in (tmp_path / "live.html").read_text("utf-8")
