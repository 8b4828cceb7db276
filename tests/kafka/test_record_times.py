"""No producer's and no worker's clock decides what is late, what can be written, or what may be compacted."""

from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from sandik.clock import SystemClock
from sandik.kafka.topics import WINDOWS_TABLE, TopicSpec, all_topics, changelog, create
from sandik.settings import Settings
from sandik_schemas.post import MIN_CREATED_AT_MS
from tests.support.command import sandik
from tests.support.kafka import create_topic, produce, read_topic
from tests.support.scene import Scene, a_post
from tests.support.wider import WIDER
from tests.support.workers import Workers, count_all, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FAST_MS = 63 * MINUTE_MS


async def create_without_times(settings: Settings, *more: TopicSpec) -> None:
    """Make the topics with all but what says whose clock stamps their records."""
    for name, partitions, config in [*all_topics(settings), *more]:
        others = {key: value for key, value in config.items() if not key.startswith("message.timestamp.")}
        await create_topic(settings.broker, name, partitions, others)


def patient(settings: Settings) -> Settings:
    """Let posts be hours ahead, and write all that is written by window."""
    changes = {**WIDER, "terms": "count", "sources": "x", "detector": "fasttext", "max_ahead_ms": 3 * HOUR_MS}
    return settings.model_copy(update=changes)


async def far_from_now(settings: Settings, now_ms: int) -> None:
    """Write three posts: the oldest that there may be, one of now, and one that is hours ahead."""
    times_ms = [MIN_CREATED_AT_MS, now_ms, now_ms + 2 * HOUR_MS]
    records = [(*a_post(number, time_ms), number, None) for number, time_ms in enumerate(times_ms)]
    await produce(settings.broker, settings.topic("posts"), records)


async def written_far_from_now(settings: Settings, workers: Workers, now_ms: int) -> None:
    """Return when the windows of all three posts are in all topics of counts, each with its start's time."""

    async def is_there() -> bool:
        found = []
        for name in ("counts", "counts.terms", "counts.sources", "counts.hopping", "counts.sessions"):
            records = await read_topic(settings.broker, settings.topic(name))
            windows = [record for record in records if record.value is not None]
            starts_ms = [int((record.key or b"").split(b"|")[0]) for record in windows]
            assert starts_ms == [record.timestamp for record in windows]
            found += [min(starts_ms, default=now_ms) <= MIN_CREATED_AT_MS]
            found += [max(starts_ms, default=now_ms) > now_ms + HOUR_MS]
        return all(found)

    await workers.until(is_there, 90, "windows of 2000 and of hours ahead are in all topics of counts")


def headers_of(record: ConsumerRecord[bytes | None, bytes | None]) -> dict[str, str]:
    return {name: (value or b"").decode() for name, value in record.headers}


async def test_a_post_that_lies_about_its_record_time_makes_nobody_late(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings.model_copy(update={"detector": "fasttext"})
    await create(settings, all_topics(settings))
    now_ms = SystemClock().now_ms()
    honest = [(*a_post(number, now_ms - 1_000 + number), 0, None) for number in range(40)]
    # Within what Kafka takes of a producer's clock, and within max_ahead_ms of that.
    ahead_ms = now_ms + 59 * MINUTE_MS
    hostile = (*a_post(1_000, ahead_ms + 4 * MINUTE_MS), 0, ahead_ms)
    await produce(settings.broker, settings.topic("posts"), [*honest[:20], hostile, *honest[20:]])

    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()
        await count_all(settings, workers, len(honest))
        assert 0 == workers.terminate(worker)

    posts = await read_topic(settings.broker, settings.topic("posts"))
    [letter] = await read_topic(settings.broker, settings.topic("posts.dlq"))
    assert [] == await read_topic(settings.broker, settings.topic("posts.late"))
    assert "created_at_ahead" == headers_of(letter)["reason"]
    # What the worker takes from Kafka's packed batches, and what a plain consumer reads, are the same time.
    assert str(posts[20].timestamp) == headers_of(letter)["original_timestamp_ms"]
    assert now_ms <= posts[20].timestamp < ahead_ms


async def test_counts_of_every_post_within_the_rules_can_be_written(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = patient(worker_settings)
    await create(settings, all_topics(settings))
    now_ms = SystemClock().now_ms()

    with Workers(environment(settings), tmp_path) as workers:
        await far_from_now(settings, now_ms)
        worker = workers.start()
        await count_all(settings, workers, 3)
        await written_far_from_now(settings, workers, now_ms)
        assert 0 == workers.terminate(worker)


async def test_topics_made_without_are_told_by_doctor_and_worker_and_mended_by_create(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings.model_copy(update={"detector": "fasttext"})
    scene = Scene(settings)
    state = changelog(scene.group, WINDOWS_TABLE, settings.partitions)
    await create_without_times(settings, state)
    variables = environment(settings)
    names = {spec.name for spec in all_topics(settings)}

    doubtful = sandik("doctor", environment=variables)
    with Workers(variables, tmp_path) as workers:
        worker = workers.start()
        await count_all(settings, workers, 0)
        await scene.wait_for_shares([4])
        assert 0 == workers.terminate(worker)
        told = workers.log(worker)
    mended = sandik("topics", "create", environment=variables)
    again = sandik("topics", "create", environment=variables)
    healthy = sandik("doctor", environment=variables)

    assert (1, 0) == (doubtful.returncode, healthy.returncode), healthy.stdout
    assert doubtful.stdout.count(b"run `sandik topics create`") == len(names)
    for name in names:
        assert f"topic {name} has message.timestamp." in told
    assert "run `sandik topics create`" in told
    changed = [line.split()[:2] for line in mended.stdout.decode().splitlines()]
    assert [["changed", spec.name] for spec in all_topics(settings)] == changed
    assert b"message.timestamp.type=LogAppendTime" in mended.stdout
    assert {"exists"} == {line.split()[0] for line in again.stdout.decode().splitlines()}
    # The state is the workers' own, so the worker has mended it by itself.
    assert f"topic {state.name}: set message.timestamp.type=LogAppendTime" in told
    assert b"message.timestamp" not in healthy.stdout


async def test_a_window_that_counts_does_not_take_is_named_with_what_to_do(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = patient(worker_settings)
    await create_without_times(settings)
    now_ms = SystemClock().now_ms()

    with Workers(environment(settings), tmp_path) as workers:
        await far_from_now(settings, now_ms)
        said = await workers.refusal(workers.start())
        mended = sandik("topics", "create", environment=environment(settings))
        workers.processes.pop()  # it was meant to fail
        worker = workers.start()
        await count_all(settings, workers, 3)
        await written_far_from_now(settings, workers, now_ms)
        assert (0, 0) == (mended.returncode, workers.terminate(worker))

    assert f"topic {settings.topic('counts')}" in said
    assert "message.timestamp.after.max.ms" in said
    assert "run `sandik topics create`" in said
    assert "this machine's clock" not in said


async def test_a_worker_whose_clock_is_fast_says_so_and_what_it_writes_has_kafkas_time(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings.model_copy(update={"detector": "fasttext"})
    scene = await Scene.made(settings)
    now_ms = SystemClock().now_ms()
    records = [
        (*a_post(1, now_ms), 0, None),
        (*a_post(2, now_ms - 30 * MINUTE_MS), 0, None),
        (b"bad", b"no post", 0, None),
    ]
    await produce(settings.broker, settings.topic("posts"), records)

    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start("tests.faults.fast_worker", str(FAST_MS))
        await count_all(settings, workers, 2)
        assert 0 == workers.terminate(worker)
        said = workers.log(worker)

    assert said.count("this machine's clock is 1 h 3 min ahead of Kafka's") == 1
    written = [
        record
        for name in ("partials", "mentions", "posts.late", "posts.dlq")
        for record in await read_topic(settings.broker, settings.topic(name))
    ] + await read_topic(settings.broker, f"{scene.group}-{WINDOWS_TABLE}-changelog")
    assert len({record.topic for record in written}) == 5
    assert all(now_ms <= record.timestamp < now_ms + FAST_MS for record in written)


async def test_a_fast_clock_that_kafka_does_not_take_is_named_as_the_reason(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings.model_copy(update={"detector": "fasttext"})
    await create_without_times(settings)
    await produce(settings.broker, settings.topic("posts"), [(*a_post(1, SystemClock().now_ms()), 0, None)])

    with Workers(environment(settings), tmp_path) as workers:
        said = await workers.refusal(workers.start("tests.faults.fast_worker", str(FAST_MS)))

    assert "this machine's clock is 1 h 3 min ahead of Kafka's" in said
    assert f"topic {settings.topic('')}" in said
    assert "Set this machine's clock (NTP), then start again" in said
