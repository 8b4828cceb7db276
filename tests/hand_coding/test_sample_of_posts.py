"""`sandik sample` of the topic `posts`: the posts that a replay of it counts, and no trace on Kafka."""

from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from sandik.hand_coding.design import load_design
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import sandik, succeed
from tests.support.kafka import group_names
from tests.support.workers import environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(580)]

SAMPLE = Path("deploy/demo/posts.jsonl")
EVENING = ("--from", "2023-05-11T18:00Z", "--to", "2023-05-11T18:30Z")


@pytest.fixture(scope="module")
def kafka(lone_kafka: EmbeddedKafka) -> EmbeddedKafka:
    """One without the groups of other tests."""
    return lone_kafka


async def test_a_sample_of_the_topic_is_that_of_its_replay(worker_settings: Settings, tmp_path: Path) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    variables = environment(settings)
    sandik("ingest", str(SAMPLE), "--order", "as-is", environment=variables).check_returncode()
    groups = await group_names(settings.broker)
    counts = tmp_path / "evening.csv"
    live, again = tmp_path / "live", tmp_path / "again"
    for command in (
        ("replay", *EVENING, "--out", str(counts)),
        ("sample", *EVENING, "--per-stratum", "4", "--out", str(live)),
        ("sample", str(counts), "--per-stratum", "4", "--out", str(again)),
    ):
        succeed(*command, environment=variables)
    rows = [line.split(",") for line in counts.read_text().splitlines()]
    tag, count = rows[0].index("tag"), rows[0].index("count")

    design = load_design(live / "design.json")
    assert design == load_design(again / "design.json")
    counted = sum(int(row[count]) for row in rows if row[tag] == "all")
    assert sum(one.posts for one in design.strata) == counted
    assert (live / "posts.csv").read_bytes() == (again / "posts.csv").read_bytes()
    assert await group_names(settings.broker) == groups
