"""`sandik doctor` on a real broker with everything in order, and with each thing broken in turn."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import NewPartitions

from sandik.clock import Skew, SystemClock
from sandik.kafka.topics import APPEND_TIME, DAY_MS, WINDOW_TIME, TopicSpec, all_topics, connected, create
from sandik.ops.doctor import CLIENTS, examined
from sandik.ops.findings import Finding, Found, clock_skew, compiled, topic, versions
from sandik.settings import Settings
from tests.support.command import sandik
from tests.support.kafka import admin_of, configure, produce, wait_until
from tests.support.lexicons import write_lexicon
from tests.support.scene import some_posts
from tests.support.workers import environment

COMPACT = TopicSpec("partials", 1, {"cleanup.policy": "compact"})
DELETE = TopicSpec("posts", 4, {"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS), **APPEND_TIME})
WINDOWS = TopicSpec("counts", 1, {"cleanup.policy": "compact", **WINDOW_TIME})
CONFIG = {
    "min.compaction.lag.ms": str(DAY_MS),
    "retention.ms": str(30 * DAY_MS),
    "retention.bytes": "-1",
    "min.insync.replicas": "1",
    **APPEND_TIME,
}
WELL = Found(4, 0, 1, 1, {**CONFIG, "cleanup.policy": "delete"})


class Ahead(SystemClock):
    """A machine whose clock goes five minutes ahead."""

    def now_ms(self) -> int:
        return super().now_ms() + 300_000


async def broken(settings: Settings, topic: str, **config: str) -> None:
    """Change the topic's configuration."""
    changes = {key.replace("_", "."): value for key, value in config.items()}
    await configure(settings.broker, settings.topic(topic), changes)


def about(found: list[Finding], what: str) -> Finding:
    [finding] = [one for one in found if one.what == what]
    return finding


@pytest.mark.broker
async def test_what_is_well_is_ok_and_nothing_is_left_behind(worker_settings: Settings) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    records = [(key, value, None, None) for key, value in some_posts(30)]
    await produce(settings.broker, settings.topic("posts"), records)
    variables = environment(settings)

    done = sandik("doctor", "--json", environment=variables)

    report: dict[str, Any] = json.loads(done.stdout)
    assert {one["level"] for one in report["findings"]} == {"ok"}, report
    assert done.returncode == report["errors"] == 0
    whats = {one["what"] for one in report["findings"]}
    assert {"kafka", "kafka version", *CLIENTS, "lexicon", "schema", "clocks"} <= whats
    assert {f"topic {spec.name}" for spec in all_topics(settings)} <= whats
    async with connected(settings) as admin:

        async def is_gone() -> bool:
            return not any("doctor-" in name for name in await admin.list_topics())

        await wait_until(is_gone, 30, "the topic for the clocks is deleted")


@pytest.mark.broker
async def test_each_topic_that_is_broken_is_named_with_its_repair(worker_settings: Settings) -> None:
    settings = worker_settings
    name = settings.topic
    await create(settings, all_topics(settings))
    await broken(settings, "posts", retention_ms="1000")
    await broken(settings, "counts", cleanup_policy="delete")
    await broken(settings, "partials", cleanup_policy="compact", min_compaction_lag_ms="0")
    await broken(settings, "posts.late", min_insync_replicas="2")
    async with admin_of(settings.broker) as admin:
        await admin.delete_topics([name("posts.dlq")])
        await admin.create_partitions({name("mentions"): NewPartitions(6)})
    await produce(settings.broker, name("posts"), [(b"k", b"not a post", 0, None)])

    found = await examined(settings, Ahead())

    assert about(found, f"topic {name('posts')}")[0] == "warning"
    assert "retention.ms" in about(found, f"topic {name('posts')}").repair
    assert about(found, f"topic {name('counts')}")[0] == "error"
    assert "--add-config cleanup.policy=compact" in about(found, f"topic {name('counts')}").repair
    assert "min.compaction.lag.ms=86400000" in about(found, f"topic {name('partials')}").repair
    assert "writes fail" in about(found, f"topic {name('posts.late')}").message
    assert about(found, f"topic {name('posts.dlq')}").repair == "run `sandik topics create`"
    assert "SANDIK_PARTITIONS=6" in about(found, f"topic {name('mentions')}").repair
    assert about(found, "schema")[0] == "error"
    assert "partition 0, offset 0: not_json" in about(found, "schema").message
    assert about(found, "clocks")[0] in ("warning", "error")
    assert "this machine's clock is 5 min ahead of Kafka's" in about(found, "clocks").message
    assert sandik("doctor", environment=environment(settings)).returncode == 1


def test_a_lexicon_without_a_tag_of_the_built_in_one_is_a_warning(tmp_path: Path) -> None:
    flood = '[[term]]\nlanguage = "tr"\nlemma = "sel"\nforms = ["sel(|ler)"]\n'
    lexicon = write_lexicon(tmp_path, flood=flood)
    settings = Settings(broker="127.0.0.1:1", lexicon=str(lexicon))
    found = asyncio.run(examined(settings, SystemClock()))
    [finding] = [one for one in found if one.what == "lexicon"]
    assert finding.level == "warning"
    assert f"{lexicon} gives no counts of election and deepfake and both" in finding.message


def test_without_kafka_and_lexicon_both_are_named() -> None:
    nowhere = {"SANDIK_BROKER": "127.0.0.1:1", "SANDIK_LEXICON": "/nowhere", "NO_COLOR": "1"}

    done = sandik("doctor", environment=nowhere)

    said = done.stdout.decode()
    assert done.returncode == 1
    assert "Kafka at 127.0.0.1:1 does not answer" in said
    assert "/nowhere" in said
    assert "2 errors, 0 warnings" in said
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("found", "level", "words"),
    [
        (None, "error", "is missing"),
        (WELL._replace(partitions=3), "error", "3 partitions, not 4"),
        (WELL._replace(leaderless=2), "error", "2 partitions have no leader"),
        (WELL._replace(replicas=3, in_sync=2), "warning", "2 of 3 replicas are in sync"),
        (WELL._replace(config={**WELL.config, "min.insync.replicas": "2"}), "error", "writes fail"),
        (WELL._replace(config={**WELL.config, "cleanup.policy": "compact"}), "error", "grows forever"),
        (WELL._replace(config={**WELL.config, "retention.ms": "1"}), "warning", "retention.ms 1"),
        (WELL._replace(config={**WELL.config, "retention.bytes": "9"}), "warning", "retention.bytes 9"),
        (
            WELL._replace(config={**WELL.config, "message.timestamp.type": "CreateTime"}),
            "error",
            "message.timestamp.type CreateTime, not LogAppendTime",
        ),
        (WELL, "ok", "4 partitions"),
    ],
)
def test_a_topic_of_posts_is_told_from_a_broken_one(found: Found | None, level: str, words: str) -> None:
    [finding] = topic(DELETE, found, factor=1, brokers=1)

    assert finding.level == level
    assert words in finding.message
    assert bool(finding.repair) == (level != "ok")


@pytest.mark.parametrize(("factor", "brokers"), [(3, 3), (1, 3)])
def test_too_few_replicas_are_named(factor: int, brokers: int) -> None:
    [finding] = topic(DELETE, WELL, factor, brokers)

    assert finding.level == "warning"
    assert "replica" in finding.message


def test_a_compacted_topic_that_is_deleted_loses_what_it_holds() -> None:
    found = Found(1, 0, 1, 1, {**CONFIG, "cleanup.policy": "compact,delete"})

    assert "are lost" in topic(COMPACT, found, 1, 1)[0].message


@pytest.mark.parametrize("key", WINDOW_TIME)
def test_a_topic_that_does_not_take_every_window_is_named(key: str) -> None:
    found = Found(1, 0, 1, 1, {**CONFIG, "cleanup.policy": "compact", **WINDOW_TIME, key: "other"})

    [finding] = topic(WINDOWS, found, 1, 1)

    assert (finding.level, finding.repair) == ("error", "run `sandik topics create`")
    assert f"has {key} other, not {WINDOW_TIME[key]}: " in finding.message


def test_an_old_broker_and_another_client_are_errors() -> None:
    levels = [one.level for one in versions({0: 12}, {"aiokafka": ("0.13.0", ">=0.14.0,<0.15")})]

    assert levels == ["error", "error"]
    assert [one.level for one in versions({0: 13}, {"aiokafka": ("1.2", ">=1,<2")})] == ["ok", "ok"]


@pytest.mark.parametrize(
    ("skew", "level", "words"),
    [
        (Skew(5_000, 9_000), "ok", "5.0 s behind Kafka's (asking took 9000 ms)"),
        (Skew(1_400, 900), "ok", "1.4 s behind Kafka's"),
        (Skew(-1_600, 900), "warning", "1.6 s ahead of Kafka's"),
        (Skew(-89_000, 2), "warning", "1 min ahead of Kafka's"),
        (Skew(400_000, 10), "error", "7 min behind Kafka's"),
        (Skew(-3_780_000, 10), "error", "1 h 3 min ahead of Kafka's"),
    ],
)
def test_a_clock_is_not_judged_beyond_what_asking_took(skew: Skew, level: str, words: str) -> None:
    found = clock_skew(skew, 300_000)

    assert found.level == level
    assert f"this machine's clock is {words}" in found.message


def test_it_says_whether_the_compiled_part_counts_and_neither_is_wrong() -> None:
    with_it, without = compiled(is_there=True), compiled(is_there=False)

    assert (with_it.level, without.level) == ("ok", "ok")
    assert "compiled" in with_it.message
    assert "make native" in without.repair
