"""The topics are those of the design, and Kafka's idea of them is ours."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from sandik.broker import EmbeddedKafka
from sandik.errors import BrokerError, TopicError
from sandik.kafka.topics import (
    APPEND_TIME,
    WINDOW_TIME,
    WINDOWS_TABLE,
    all_topics,
    changelog,
    create,
    existing,
)
from sandik.settings import Settings
from sandik.worker.start import prepare
from tests.support.command import refused, sandik
from tests.support.kafka import admin_of, create_topic, read_topic, topic_names, wait_until
from tests.support.wider import EVERYTHING, WIDER
from tests.support.workers import environment

DAY_MS = 24 * 60 * 60 * 1000
#: Name, partitions (None: as `posts`), cleanup.
DESIGN = {
    "posts": (None, "delete"),
    "mentions": (None, "delete"),
    "counts": (1, "compact"),
    "partials": (1, "compact"),
    "posts.late": (None, "delete"),
    "posts.dlq": (None, "delete"),
    "control": (1, "compact"),
}


@pytest.mark.parametrize("partitions", [1, 12, 36])
def test_names_partitions_and_cleanup_are_those_of_the_design(partitions: int) -> None:
    settings = Settings(topic_prefix="eu-", partitions=partitions)

    assert {spec.name: (spec.partitions, spec.config["cleanup.policy"]) for spec in all_topics(settings)} == {
        f"eu-{name}": (many or partitions, cleanup) for name, (many, cleanup) in DESIGN.items()
    }


def test_some_topics_are_like_counts_and_there_only_when_they_are_asked_for() -> None:
    more = {spec.name: spec for spec in all_topics(EVERYTHING) if spec.name not in DESIGN}

    assert set(more) == {"counts.terms", "counts.sources", "counts.hopping", "counts.sessions", "bursts"}
    for spec in more.values():
        assert (spec._replace(name="counts")) in all_topics(Settings())
    assert [spec.name for spec in all_topics(Settings(session_gap_ms=60_000)) if spec.name in more] == [
        "counts.sessions"
    ]
    assert [spec.name for spec in all_topics(Settings(terms="count")) if spec.name in more] == [
        "counts.terms"
    ]
    assert [spec.name for spec in all_topics(Settings(sources="x")) if spec.name in more] == [
        "counts.sources"
    ]


def test_posts_has_twelve_partitions_unless_told_otherwise() -> None:
    assert all_topics(Settings())[0][:2] == ("posts", 12)


def test_compaction_leaves_a_day_to_notice_a_stale_entry_and_nothing_else_is_compacted() -> None:
    specs = [*all_topics(Settings()), changelog("sandik-1", "windows", 12)]
    compacted = [spec for spec in specs if "compact" in spec.config["cleanup.policy"]]

    assert {spec.name for spec in compacted} == {
        "counts",
        "partials",
        "control",
        "sandik-1-windows-changelog",
    }
    assert all(int(spec.config["min.compaction.lag.ms"]) >= DAY_MS for spec in compacted)
    assert all("retention.ms" in spec.config for spec in specs if spec not in compacted)


def test_every_record_has_kafkas_time_but_a_count_whose_window_may_be_of_any_time() -> None:
    specs = [*all_topics(EVERYTHING), changelog("sandik-1", "windows", 12)]
    of_counts = [spec for spec in specs if spec.name.startswith(("counts", "bursts"))]

    for spec in specs:
        wanted = WINDOW_TIME if spec in of_counts else APPEND_TIME
        assert spec.config.items() >= wanted.items()
    assert len(of_counts) == 6
    assert {str((1 << 63) - 1)} == {
        value for spec in of_counts for key, value in spec.config.items() if key.endswith("max.ms")
    }


def test_the_changelog_has_a_partition_for_each_of_posts() -> None:
    assert changelog("sandik-1", "windows", 7).partitions == 7


@pytest.mark.broker
async def test_kafka_has_the_topics_as_asked(worker_settings: Settings) -> None:
    specs = [*all_topics(worker_settings), changelog(f"{worker_settings.topic_prefix}app", "windows", 4)]

    made = await create(worker_settings, specs)

    assert made == [(spec, True) for spec in specs]
    configs = await configs_of(worker_settings, [spec.name for spec in specs])
    for spec in specs:
        assert configs[spec.name].items() >= spec.config.items()
    assert await existing(worker_settings) == {
        spec.name: spec.partitions for spec in all_topics(worker_settings)
    }


@pytest.mark.broker
async def test_creating_again_changes_nothing_and_says_so(worker_settings: Settings) -> None:
    variables = environment(worker_settings)
    names = [spec.name for spec in all_topics(worker_settings)]
    first = sandik("topics", "create", environment=variables)
    before = await configs_of(worker_settings, names)

    second = sandik("topics", "create", environment=variables)

    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    assert [line.split()[:3] for line in first.stdout.decode().splitlines()] == [
        ["created", spec.name, str(spec.partitions)] for spec in all_topics(worker_settings)
    ]
    assert second.stdout == first.stdout.replace(b"created ", b"exists  ")
    assert await configs_of(worker_settings, names) == before


@pytest.mark.broker
async def test_what_is_missing_is_added_to_what_is_there(worker_settings: Settings) -> None:
    specs = all_topics(worker_settings)
    await create(worker_settings, specs[:2])

    assert await create(worker_settings, specs) == [(spec, spec not in specs[:2]) for spec in specs]


@pytest.mark.broker
async def test_a_topic_with_other_partitions_is_refused_with_what_to_do(worker_settings: Settings) -> None:
    await create_topic(worker_settings.broker, worker_settings.topic("posts"), partitions=3)

    done = refused(
        *("topics", "create"),
        environment=environment(worker_settings),
        says=f"{worker_settings.topic('posts')} has 3 partitions, not 4",
        code=1,
    )
    assert b"SANDIK_PARTITIONS=3" in done.stderr
    assert b"Traceback" not in done.stderr
    assert await read_topic(worker_settings.broker, worker_settings.topic("posts")) == []


@pytest.mark.broker
async def test_what_kafka_refuses_is_named(worker_settings: Settings) -> None:
    three_copies = worker_settings.model_copy(update={"replication_factor": 3})

    with pytest.raises(BrokerError, match=r"posts: InvalidReplicationFactor"):
        await create(three_copies, all_topics(three_copies))


@pytest.mark.broker
async def test_missing_topics_are_named(worker_settings: Settings) -> None:
    await create(worker_settings, all_topics(worker_settings)[:4])

    with pytest.raises(TopicError, match=r"posts\.late, .*posts\.dlq, .*control: run `sandik topics create`"):
        await existing(worker_settings)


@pytest.mark.broker
@pytest.mark.timeout(90)
async def test_looking_for_topics_does_not_make_them(tmp_path: Path) -> None:
    """Kafka makes topics that are asked for unless told not to: with one partition, and not compacted."""
    eager = {"auto.create.topics.enable": "true"}
    with EmbeddedKafka(tmp_path / "kafka", extra_config=eager, heap_mb=256) as kafka:
        with pytest.raises(TopicError):
            await existing(Settings(broker=kafka.bootstrap_servers))

        await create_topic(kafka.bootstrap_servers, "made")  # after what may be on its way to being made
        assert await topic_names(kafka.bootstrap_servers) == {"made"}


async def configs_of(settings: Settings, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what Kafka has; a broker may learn a little later than its controller of a topic that is new."""
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}

    async def all_are_known() -> bool:
        for answer in await admin.describe_configs(wanted):
            for error, _, _, name, entries in answer.resources:
                if not error:
                    found[name] = {entry[0]: entry[1] for entry in entries}
        return len(found) == len(wanted)

    async with admin_of(settings.broker) as admin:
        await wait_until(all_are_known, 30, "the broker knows all topics")
    return found


@pytest.mark.broker
async def test_a_topic_with_another_cleanup_is_refused(worker_settings: Settings) -> None:
    """Kafka's own default would delete the state by its age."""
    await create_topic(worker_settings.broker, worker_settings.topic("counts"), partitions=1)

    with pytest.raises(TopicError, match=r"counts has cleanup\.policy delete, not compact"):
        await create(worker_settings, all_topics(worker_settings))


@pytest.mark.broker
@pytest.mark.parametrize(
    ("partitions", "policy", "said"),
    [
        (4, "delete", r"windows-changelog has cleanup\.policy delete, not compact"),
        (
            3,
            "compact",
            r"posts has 4 partitions, .*windows-changelog, was made for 3: .*`sandik runs replace`",
        ),
    ],
)
async def test_a_state_that_does_not_fit_is_refused_for_what_is_wrong_with_it(
    worker_settings: Settings, partitions: int, policy: str, said: str
) -> None:
    group = f"{worker_settings.topic_prefix}app"
    topic = changelog(group, WINDOWS_TABLE, 4).name
    await create_topic(worker_settings.broker, topic, partitions, {"cleanup.policy": policy})

    with pytest.raises(TopicError, match=said):
        await prepare(worker_settings, group, 4)


@pytest.mark.broker
async def test_a_worker_misses_the_topics_of_wider_windows_that_were_switched_on_later(
    worker_settings: Settings,
) -> None:
    await create(worker_settings, all_topics(worker_settings))

    with pytest.raises(TopicError, match=r"no topic .*counts\.hopping, .*counts\.sessions: run"):
        await existing(worker_settings.model_copy(update=WIDER))
