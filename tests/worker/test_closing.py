"""An archive ends: `--close` makes its last windows final, exactly, in live counts and in a replay."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sandik.broker import EmbeddedKafka
from sandik.settings import Settings
from tests.support.command import sandik
from tests.support.kafka import has_records, read_topic
from tests.support.workers import counting, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

BEGIN_S = 1_683_828_000
HOUR_S = 3_600


def an_archive(path: Path, times_s: list[int]) -> Path:
    posts = [
        {
            "id": f"{path.stem}:{at}",
            "source": "a",
            "created_at_ms": 1_000 * time_s,
            "text": "Seçimde oy verdim",
        }
        for at, time_s in enumerate(times_s)
    ]
    path.write_bytes(b"".join(json.dumps(post).encode() + b"\n" for post in posts))
    return path


async def run(settings: Settings, *arguments: str | Path) -> tuple[dict[str, Any], str]:
    command = "ingest", "--json", *map(str, arguments)
    ran = await asyncio.to_thread(sandik, *command, environment=environment(settings))
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), ran.stderr.decode()


async def test_the_last_windows_of_an_archive_become_final(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """Newest first, and nobody is idle for as long as the test takes: only the marks can do it."""
    settings = quick_settings(kafka.bootstrap_servers).model_copy(update={"idle_after_ms": 600_000})
    archive = an_archive(tmp_path / "one.jsonl", [BEGIN_S + HOUR_S * at for at in range(20)][::-1])
    variables = environment(settings) | {"SANDIK_IDLE_AFTER_MS": "600000"}
    created = await asyncio.to_thread(sandik, "topics", "create", environment=variables)
    assert created.returncode == 0, created.stderr

    summary, said = await run(settings, archive, "--close")

    last_end_ms = (BEGIN_S + 19 * HOUR_S + 60) * 1_000
    assert (summary["produced"], summary["closed_until_ms"]) == (20, last_end_ms)
    assert "closed: windows that end until 2023-05-12T13:01:00Z become final\n" in said
    async with counting(settings, tmp_path, **variables) as (workers, follower):
        worker = workers.start()
        await workers.until(
            lambda: follower.is_over(20, last_end_ms), 120, "all windows are counted and final"
        )

        # Now the topic stands at the end of the archive, and what is older is told before it is written.
        older = an_archive(tmp_path / "two.jsonl", [BEGIN_S - HOUR_S, BEGIN_S, BEGIN_S + 19 * HOUR_S + 30])
        summary, said = await run(settings, older)
        assert (summary["produced"], summary["expected_late"]) == (3, 2)
        assert "2 of 3 posts, most of what was read, will be too late" in said
        assert "SANDIK_TOPIC_PREFIX" in said
        await workers.until(
            lambda: has_records(settings, "posts.late", 2), 120, "as many are late as were expected"
        )
        doctor = await asyncio.to_thread(sandik, "doctor", environment=variables)
        assert b"posts.late: 2 of 23 posts were too late to be counted" in doctor.stdout, doctor.stdout
        assert workers.terminate(worker) == 0
        await follower.read()

    out = tmp_path / "replayed.jsonl"
    replayed = await asyncio.to_thread(
        sandik,
        "replay",
        "--from",
        "2023-05-11T00:00:00Z",
        "--to",
        "2023-05-13T00:00:00Z",
        "--out",
        str(out),
        environment=variables,
    )
    assert replayed.returncode == 0, replayed.stderr
    again = [json.loads(line) for line in out.read_bytes().splitlines()]
    live = [one for one in follower.latest.values() if one.window_start_ms <= last_end_ms]
    assert {(one["window_start_ms"], one["tag"]): (one["count"], one["is_final"]) for one in again} == {
        (one.window_start_ms, one.tag): (one.count, one.is_final) for one in live
    }


async def test_without_close_nothing_is_written_but_posts(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    settings = quick_settings(kafka.bootstrap_servers)
    await asyncio.to_thread(sandik, "topics", "create", environment=environment(settings))

    summary, _ = await run(settings, an_archive(tmp_path / "one.jsonl", [BEGIN_S, BEGIN_S + 1]))

    records = await read_topic(settings.broker, settings.topic("posts"))
    assert [json.loads(record.value or b"").get("op") for record in records] == [None, None]
    assert summary["closed_until_ms"] is None


async def test_every_partition_gets_one_mark_that_is_no_post(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    settings = quick_settings(kafka.bootstrap_servers)
    await asyncio.to_thread(sandik, "topics", "create", environment=environment(settings))
    of_2286_s = 10**10

    summary, _ = await run(settings, an_archive(tmp_path / "one.jsonl", [BEGIN_S, of_2286_s]), "--close")

    records = await read_topic(settings.broker, settings.topic("posts"))
    marks = [record for record in records if b'"op":"close"' in (record.value or b"")]
    assert sorted(mark.partition for mark in marks) == list(range(settings.partitions))
    assert len({mark.key for mark in marks}) == len(marks)
    assert (summary["produced"], summary["rejected"]) == (1, {"bad_time": 1})
    assert summary["closed_until_ms"] == (BEGIN_S + 60) * 1_000, "no worker takes the other post"
