"""`sandik replay` beside live workers: the same bytes as their finals, and nothing of theirs is touched."""

import asyncio
import json
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from aiokafka import TopicPartition

from sandik.broker import EmbeddedKafka
from sandik.counting.newest import latest
from sandik.kafka.consumer import new_consumer
from sandik.kafka.ranges import first_at
from sandik.replay.results import canonical, line
from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.faults.test_replay import BAD, POSTS, late_and_bad_posts_too
from tests.support.command import refused, sandik, succeed
from tests.support.kafka import create_topic, group_names, produce, read_topic, topic_names, unique_prefix
from tests.support.scene import Scene, brief
from tests.support.workers import counting, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def kafka(lone_kafka: EmbeddedKafka) -> EmbeddedKafka:
    """A broker of this file's own: its groups are looked at, whoever's they are."""
    return lone_kafka


class Live(NamedTuple):
    """A live system that has counted all there is, and what it says."""

    scene: Scene
    counts: list[Count]


@pytest.fixture(scope="module")
def live(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Live:
    return asyncio.run(count_live(kafka, tmp_path_factory.mktemp("worker")))


async def count_live(kafka: EmbeddedKafka, log_dir: Path) -> Live:
    scene = Scene(brief(quick_settings(kafka.bootstrap_servers)))
    settings = scene.settings
    await scene.make_topics()
    records, newest_ms = late_and_bad_posts_too()
    await produce(settings.broker, settings.topic("posts"), records)
    async with counting(settings, log_dir) as (workers, follower):
        worker = workers.start()
        watermark_ms = newest_ms - settings.max_disorder_ms
        await workers.until(
            lambda: follower.is_over(POSTS - BAD, watermark_ms), 120, "all posts are counted, and final"
        )
        assert workers.terminate(worker) == 0
        await follower.read()
    return Live(scene, latest(follower.latest.values()))


def replay(live: Live, *arguments: str) -> None:
    succeed("replay", *arguments, environment=environment(live.scene.settings))


def as_bytes(counts: list[Count]) -> bytes:
    return b"".join(line(canonical(count)) for count in counts)


async def test_a_replay_is_byte_identical_to_the_live_finals_and_touches_nothing(
    live: Live, tmp_path: Path
) -> None:
    settings = live.scene.settings
    before = await everything(live)
    out, finals = tmp_path / "all.jsonl", tmp_path / "finals.jsonl"
    replay(live, "--out", str(out), "--processes", "2")
    replay(live, "--out", str(finals), "--final")

    assert as_bytes(live.counts) == out.read_bytes()
    assert as_bytes([count for count in live.counts if count.is_final]) == finals.read_bytes()
    assert sum(count.late_count for count in live.counts) > 0
    assert before == await everything(live)
    done = sandik("replay", "--manifest", f"{out}.manifest.json", environment=environment(settings))
    assert (done.returncode, b"same:" in done.stderr) == (0, True), done.stderr


async def everything(live: Live) -> object:
    """What the live system has: offsets, groups, topics, and all they hold."""
    settings = live.scene.settings
    names = sorted(name for name in await topic_names(settings.broker) if settings.topic_prefix in name)
    held = {
        name: [
            (record.partition, record.offset, record.value)
            for record in await read_topic(settings.broker, name)
        ]
        for name in names
    }
    return await live.scene.committed(), await group_names(live.scene.settings.broker), held


def test_a_range_of_event_time_has_the_live_counts_of_its_windows(live: Live, tmp_path: Path) -> None:
    windows = sorted({count.window_start_ms for count in live.counts if count.is_final})
    start_ms, end_ms = windows[3], windows[-3]
    out = tmp_path / "range.jsonl"
    start, end = ((iso_of(live, time_ms)) for time_ms in (start_ms, end_ms))
    replay(live, "--out", str(out), "--from", start, "--to", end)

    assert (
        as_bytes([one for one in live.counts if start_ms <= one.window_start_ms < end_ms]) == out.read_bytes()
    )


def iso_of(live: Live, window_start_ms: int) -> str:
    return next(one.window_start for one in live.counts if one.window_start_ms == window_start_ms)


async def test_a_topic_of_its_own_gets_the_same_counts_and_not_twice(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = live.scene.settings
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    replay(live, "--topic", "again")
    topic = settings.topic("counts.again")
    found = [
        msgspec.json.decode(one.value or b"", type=Count) for one in await read_topic(settings.broker, topic)
    ]
    twice = sandik("replay", "--topic", "again", environment=environment(settings))

    assert as_bytes(live.counts) == as_bytes(found)
    assert json.loads((tmp_path / f"{topic}.manifest.json").read_text())["output"]["is_topic"]
    assert (twice.returncode, b"already exists" in twice.stderr) == (2, True)


def test_posts_that_are_gone_are_not_passed_over_in_silence(live: Live, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    replay(live, "--out", str(out))
    beside = tmp_path / "a.jsonl.manifest.json"
    manifest = json.loads(beside.read_text())
    manifest["plan"]["slices"][0][2] += 1
    beside.write_text(json.dumps(manifest))
    refused(
        *("replay", "--manifest", str(beside)),
        environment=environment(live.scene.settings),
        says="no longer",
        code=1,
    )


async def test_the_first_record_at_a_time_is_found_though_timestamps_are_out_of_order(
    kafka: EmbeddedKafka,
) -> None:
    topic = unique_prefix() + "times"
    await create_topic(kafka.bootstrap_servers, topic)
    times = [1_000_000, 1_005_000, 1_002_000, 1_009_000, 1_001_000, 1_020_000]
    await produce(kafka.bootstrap_servers, topic, [(None, b"x", 0, time_ms) for time_ms in times])
    consumer = new_consumer(Settings(broker=kafka.bootstrap_servers))
    await consumer.start()
    try:
        found = {
            time_ms: await first_at(consumer, TopicPartition(topic, 0), time_ms, 0, len(times))
            for time_ms in (0, *times, 1_003_000, 1_030_000)
        }
    finally:
        await consumer.stop()

    assert found == {
        time_ms: next((at for at, one in enumerate(times) if one >= time_ms), len(times)) for time_ms in found
    }


async def test_a_time_index_that_lies_is_not_believed(kafka: EmbeddedKafka) -> None:
    topic = unique_prefix() + "lies"
    await create_topic(kafka.bootstrap_servers, topic)
    await produce(
        kafka.bootstrap_servers, topic, [(None, b"x", 0, 1_000 * second) for second in range(1, 21)]
    )
    consumer = new_consumer(Settings(broker=kafka.bootstrap_servers))
    await consumer.start()
    tp = TopicPartition(topic, 0)
    answer = (await consumer.offsets_for_times({tp: 10_000}))[tp]
    try:
        for lie in (2, 17):

            async def lying(_: object, lie: int = lie) -> object:
                return {tp: answer._replace(offset=lie)}

            consumer.offsets_for_times = lying
            assert await first_at(consumer, tp, 10_000, 0, 20) == 9
    finally:
        await consumer.stop()
