"""Hopping windows and sessions of workers that are killed, against a replay of the same posts."""

import json
from pathlib import Path

import msgspec
import pytest

from sandik.kafka.topics import COUNTS_HOPPING, COUNTS_SESSIONS
from sandik.replay.results import canonical, line
from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.faults.test_replay import BAD, POSTS, late_and_bad_posts_too
from tests.support.command import succeed
from tests.support.kafka import NewRecord, produce, read_topic
from tests.support.scene import Scene, brief, wait_for_more
from tests.support.workers import Follower, Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

WINDOW_MS, GAP_MS = 10_000, 30_000
WIDER = {"hopping_size_ms": 60_000, "hopping_advance_ms": 20_000, "session_gap_ms": GAP_MS}
#: So many posts, and then a silence.
BURST, SILENCE_MS = 1_500, 120_000


def bursts() -> tuple[list[NewRecord], int]:
    """Return posts with silences in between, of which some are late, and the newest event time."""
    records: list[NewRecord] = []
    newest_ms = 0
    for number, (key, value, partition, timestamp_ms) in enumerate(late_and_bad_posts_too()[0]):
        post = msgspec.json.decode(value or b"")
        post["created_at_ms"] += number // BURST * SILENCE_MS
        if "text" in post:
            newest_ms = max(newest_ms, post["created_at_ms"])
        records.append((key, msgspec.json.encode(post), partition, timestamp_ms))
    return records, newest_ms


async def compacted(settings: Settings, name: str) -> dict[bytes, Count]:
    """What compaction would leave: the last record of each key, and nothing after a tombstone."""
    left: dict[bytes, Count] = {}
    for record in await read_topic(settings.broker, settings.topic(name)):
        assert record.key is not None
        if record.value is None:
            left.pop(record.key, None)
        else:
            left[record.key] = msgspec.json.decode(record.value, type=Count)
    return left


def as_bytes(counts: dict[bytes, Count]) -> bytes:
    in_order = sorted(counts.values(), key=lambda one: (one.window_start_ms, one.language, one.tag))
    return b"".join(line(canonical(count)) for count in in_order)


async def test_what_killed_workers_leave_is_byte_identical_to_a_replay(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = brief(worker_settings).model_copy(update=WIDER)
    await Scene.made(settings)
    records, newest_ms = bursts()
    with Workers(environment(settings), tmp_path) as workers:
        victims = [workers.start(), workers.start()]
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            for number, at in enumerate(range(0, POSTS, POSTS // 2)):
                await produce(settings.broker, settings.topic("posts"), records[at : at + POSTS // 2])
                await wait_for_more(follower, 100)
                victims[number].kill()  # one of the two owns merge
                workers.start()
            watermark_ms = newest_ms - settings.max_disorder_ms
            await workers.until(
                lambda: follower.is_over(POSTS - BAD, watermark_ms), 150, "all posts are counted, and final"
            )
        out = tmp_path / "all.jsonl"
        arguments = ("--out", str(out), "--hopping", "60s/20s", "--session-gap", "30s")
        succeed("replay", *arguments, environment=environment(settings))
        expected = {
            COUNTS_HOPPING: (tmp_path / "all.hopping.jsonl").read_bytes(),
            COUNTS_SESSIONS: (tmp_path / "all.sessions.jsonl").read_bytes(),
        }

        async def is_the_same() -> bool:
            return all([as_bytes(await compacted(settings, name)) == expected[name] for name in expected])

        await workers.until(is_the_same, 60, "the topics hold what the replay says")
        assert [workers.terminate(worker) for worker in workers.alive] == [0, 0]
    sessions = [json.loads(row) for row in expected[COUNTS_SESSIONS].splitlines()]
    assert any(row["is_final"] for row in sessions)
    assert len({row["window_start_ms"] for row in sessions}) > 3
    for name in expected:
        for key, count in (await compacted(settings, name)).items():
            second = GAP_MS if name == COUNTS_SESSIONS else WIDER["hopping_size_ms"]
            cell = f"{count.window_start_ms}|{second}|{count.language}|{count.tag}"
            assert cell.encode() == key
