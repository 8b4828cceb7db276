"""What is put back from `posts.dlq` and `posts.late` is counted once, whatever happens in between."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from sandik.clock import SystemClock
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import refused, sandik, start_sandik
from tests.support.kafka import NewRecord, has_records, produce, read_topic, unique_prefix
from tests.support.scene import a_post
from tests.support.workers import Workers, counting, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

MINUTE_MS = 60_000
#: Two hours ago: Kafka must not find the records too old to keep.
BASE_MS = SystemClock().now_ms() // MINUTE_MS * MINUTE_MS - 120 * MINUTE_MS
GOOD, AHEAD, LATE = 30, 700, 5


def log() -> Iterator[NewRecord]:
    """Posts, some that were ahead of their record's timestamp, one that is none, some that are late."""
    for number in range(GOOD):
        yield *a_post(number, BASE_MS), 1, BASE_MS
    for number in range(AHEAD):
        yield *a_post(1_000 + number, BASE_MS), 1, BASE_MS - 60 * MINUTE_MS
    yield b"bad", b"no \x1b[31mpost", 2, BASE_MS
    yield *a_post(5_000, BASE_MS + 60 * MINUTE_MS), 3, BASE_MS + 60 * MINUTE_MS
    for number in range(LATE):
        yield *a_post(6_000 + number, BASE_MS + (LATE - number) * MINUTE_MS), 3, BASE_MS + 60 * MINUTE_MS


async def make_topics(settings: Settings) -> None:
    """Make the topics; `posts` believes its producers, so that posts can be of two hours ago."""
    posts, *others = all_topics(settings)
    believing = {**posts.config, "message.timestamp.type": "CreateTime"}
    await create(settings, [posts._replace(config=believing), *others])


@pytest.fixture
def settings(kafka: EmbeddedKafka) -> Settings:
    """Without dedupe: nothing but redriving itself keeps a post from being counted twice."""
    return quick_settings(kafka.bootstrap_servers).model_copy(
        update={"dedupe": False, "detector": "fasttext"}
    )


def run(settings: Settings, *arguments: str, expected: int = 0) -> str:
    done = sandik(*arguments, environment=environment(settings))
    assert done.returncode == expected, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout.decode()


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_what_is_put_back_is_counted_once_and_not_for_ever(settings: Settings, tmp_path: Path) -> None:
    await make_topics(settings)
    await produce(settings.broker, settings.topic("posts"), log())
    async with counting(settings, tmp_path) as (workers, follower):
        worker = workers.start()

        async def has(topic: str, count: int) -> None:
            await workers.until(
                lambda: has_records(settings, topic, count), 120, f"{topic} has {count} records"
            )

        await has("posts.dlq", AHEAD + 1)
        await has("posts.late", LATE)

        # A dry run does nothing, and a limit holds.
        posts_before = len(await read_topic(settings.broker, settings.topic("posts")))
        ahead = ("dlq", "redrive", "--reason", "created_at_ahead", "--json")
        [planned] = lines(run(settings, *ahead, "--dry-run"))
        assert (planned["redriven"], planned["dry_run"]) == (AHEAD, True)
        assert posts_before == len(await read_topic(settings.broker, settings.topic("posts")))
        [some] = lines(run(settings, *ahead, "--limit", "10", "--rate", "200"))
        assert some["redriven"] == 10

        # Two at once: each post is put back by one of them, or by the next run.
        await asyncio.to_thread(both_at_once, settings, ahead)
        [rest] = lines(run(settings, *ahead))
        assert rest.get("redriven", 0) + rest.get("already_redriven", 0) == AHEAD  # type: ignore[operator]
        assert [{**rest, "redriven": 0, "already_redriven": AHEAD}] == [
            {"redriven": 0, **one} for one in lines(run(settings, *ahead))
        ]

        # What cannot be helped comes back with one attempt more, until it is refused.
        bad = ("dlq", "redrive", "--reason", "not_json", "--max-attempts", "2", "--json")
        for attempt in (1, 2):
            assert [1] == [one["redriven"] for one in lines(run(settings, *bad))]
            await has("posts.dlq", AHEAD + 1 + attempt)
        [refused] = lines(run(settings, *bad, expected=1))
        assert (refused["tried_too_often"], refused.get("redriven")) == (1, None)
        listed = lines(run(settings, "dlq", "list", "--reason", "not_json", "--json"))
        assert [0, 1, 2] == [one["attempts"] for one in listed]
        assert "no \ufffd[31mpost" in run(settings, "dlq", "show", f"2:{listed[0]['offset']}")
        assert [] == lines(run(settings, "dlq", "list", "--to", "-1h", "--json"))

        await workers.until(
            lambda: follower.has(GOOD + AHEAD + 1 + LATE), 120, "what was put back is counted"
        )
        assert workers.terminate(worker) == 0
        assert await follower.has(GOOD + AHEAD + 1 + LATE)


def both_at_once(settings: Settings, arguments: tuple[str, ...]) -> None:
    with (
        start_sandik(*arguments, environment=environment(settings)) as one,
        start_sandik(*arguments, environment=environment(settings)) as other,
    ):
        codes = [process.communicate() and process.returncode for process in (one, other)]
    # The one that came second fences off the first, if it is still writing.
    assert 0 in codes
    assert set(codes) <= {0, 1}


async def test_late_posts_go_to_another_installation_in_the_order_of_event_time(
    settings: Settings, tmp_path: Path
) -> None:
    other = settings.model_copy(update={"topic_prefix": unique_prefix()})
    for one in (settings, other):
        await make_topics(one)
    await produce(settings.broker, settings.topic("posts"), log())
    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()
        await workers.until(lambda: has_records(settings, "posts.late", LATE), 120, "the late posts are late")
        assert workers.terminate(worker) == 0

    refused("late", "redrive", environment=environment(settings), says="late again")
    for expected in ("redriven", "already_redriven"):
        [told] = lines(run(settings, "late", "redrive", "--to-prefix", other.topic_prefix, "--json"))
        assert told[expected] == LATE
    there = await read_topic(other.broker, other.topic("posts"))
    times = [json.loads(record.value or b"")["created_at_ms"] for record in there]
    assert sorted(times) == times
    assert {b"test:%d" % number for number in range(6_000, 6_000 + LATE)} == {one.key for one in there}
    assert {3} == {record.partition for record in there}


async def test_put_back_when_its_window_is_gone_a_post_is_late_once_and_in_no_count(
    settings: Settings, tmp_path: Path
) -> None:
    other = settings.model_copy(update={"topic_prefix": unique_prefix()})
    for one in (settings, other):
        await make_topics(one)
    hour_ms = 60 * MINUTE_MS
    records: list[NewRecord] = [
        (*a_post(1, BASE_MS), 1, BASE_MS - hour_ms),  # ahead of its record: rejected
        (*a_post(2, BASE_MS + hour_ms), 1, BASE_MS + hour_ms),  # settles the window of the first
    ]
    await produce(settings.broker, settings.topic("posts"), records)
    redrive = ("dlq", "redrive", "--json")
    async with counting(settings, tmp_path) as (workers, follower):
        worker = workers.start()

        async def are_counted(counted: int, late: int) -> bool:
            await follower.read()
            every = [one for one in follower.latest.values() if one.tag == "all"]
            return (sum(one.count for one in every), sum(one.late_count for one in every)) == (counted, late)

        await workers.until(lambda: are_counted(1, 0), 120, "one is counted, one rejected")
        assert [1] == [one["redriven"] for one in lines(run(settings, *redrive))]
        await workers.until(lambda: are_counted(1, 1), 120, "what was put back is late")
        assert [1] == [one["already_redriven"] for one in lines(run(settings, *redrive))]
        assert workers.terminate(worker) == 0
        assert await are_counted(1, 1)

    [letter] = lines(run(settings, "late", "list", "--json"))
    assert (letter["attempts"], letter["reason"]) == (1, "late")
    assert b"late again" in sandik("late", "redrive", environment=environment(settings)).stderr
    elsewhere = ("late", "redrive", "--to-prefix", other.topic_prefix, "--json")
    assert [1] == [one["redriven"] for one in lines(run(settings, *elsewhere))]
    assert [1] == [one["already_redriven"] for one in lines(run(settings, *elsewhere))]
    [there] = await read_topic(other.broker, other.topic("posts"))
    assert json.loads(there.value or b"")["id"] == "test:1"
