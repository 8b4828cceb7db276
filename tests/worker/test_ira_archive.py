"""Real tweets of two months through two workers: every cell equals a single pass with a plain Counter."""

import asyncio
import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from aiokafka import ConsumerRecord

from sandik.broker import EmbeddedKafka
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.quality.posts import DATA, IRA, WITHOUT_DATA
from tests.support.command import sandik
from tests.support.kafka import read_topic, wait_until
from tests.support.truth import single_pass
from tests.support.workers import Follower, counting, environment, quick_settings

pytestmark = pytest.mark.broker

#: In the archive.
ROWS = 235_547


class Tweet(NamedTuple):
    created_at_ms: int
    text: str


def beginning(rows: int, into: Path) -> Path:
    """Write the archive's first rows to a file of the same name."""
    path = into / IRA
    with gzip.open(DATA / IRA) as archive, gzip.open(path, "wb", compresslevel=1) as file:
        file.writelines(islice(archive, 1 + rows))
    return path


def tweets(path: Path) -> list[Tweet]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        next(file)  # the names of the columns
        rows = [row.rstrip("\r\n").split("\t") for row in file]
    return [Tweet(utc_ms(publish_date), content) for publish_date, *_, content in rows]


def utc_ms(publish_date: str) -> int:
    return int(datetime.fromisoformat(publish_date).replace(tzinfo=UTC).timestamp()) * 1000


def late_offsets(posts: Iterable[ConsumerRecord[bytes, bytes]], settings: Settings) -> set[tuple[int, int]]:
    """The rule spelt out once more: by the order inside each partition, and nothing else."""
    newest_ms: dict[int, int] = {}
    late = set()
    for record in posts:
        created_at_ms = msgspec.json.decode(record.value)["created_at_ms"]
        end_ms = created_at_ms // settings.window_size_ms * settings.window_size_ms + settings.window_size_ms
        watermark_ms = newest_ms.get(record.partition, 0) - settings.max_disorder_ms
        if end_ms + settings.allowed_lateness_ms <= watermark_ms:
            late.add((record.partition, record.offset))
        else:
            newest_ms[record.partition] = max(newest_ms.get(record.partition, 0), created_at_ms)
    return late


@pytest.mark.timeout(1_200)
@pytest.mark.skipif(not (DATA / IRA).exists(), reason=WITHOUT_DATA)
@pytest.mark.parametrize("rows", [20_000, pytest.param(ROWS, marks=pytest.mark.long)])
async def test_an_archive_is_counted_exactly_by_two_workers(
    kafka: EmbeddedKafka, tmp_path: Path, rows: int
) -> None:
    quick = quick_settings(kafka.bootstrap_servers)
    settings = Settings(broker=quick.broker, topic_prefix=quick.topic_prefix, idle_after_ms=5_000)
    variables = environment(settings)
    created = await asyncio.to_thread(sandik, "topics", "create", environment=variables)
    assert created.returncode == 0, created.stderr
    path = beginning(rows, tmp_path)
    ingested = await asyncio.to_thread(sandik, "ingest", str(path), "--json", environment=variables)
    assert ingested.returncode == 0, ingested.stderr
    summary = msgspec.json.decode(ingested.stdout)
    unreadable = sum(summary["rejected"].values())
    assert summary["produced"] + unreadable == rows

    async with counting(settings, tmp_path) as (workers, follower):
        for _ in range(2):
            workers.start()

        async def is_complete() -> bool:
            await asyncio.sleep(1)  # adding up a quarter of a million cells is work, too
            workers.assert_running()
            return await follower.total() >= summary["produced"] and not_yet_final(follower, settings) == []

        await wait_until(is_complete, 900, f"all {rows} tweets are counted and final")
        assert [workers.terminate(worker) for worker in workers.alive] == [0, 0]
        await follower.read()

    posts = await read_topic(settings.broker, settings.topic("posts"))
    rejected = await read_topic(settings.broker, settings.topic("posts.dlq"))
    found_late = await read_topic(settings.broker, settings.topic("posts.late"))
    late = late_offsets(posts, settings)
    assert {place(record) for record in found_late} == late
    assert len(found_late) == len(late)
    counted = sum(count.count for count in follower.latest.values() if count.tag == "all")
    assert counted + len(late) + len(rejected) + unreadable == rows
    assert len({record.partition for record in posts}) == 12

    late_rows = {row_of(record) for record in posts if (record.partition, record.offset) in late}
    hints = {row_of(record): msgspec.json.decode(record.value).get("lang_hint") for record in posts}
    in_time = [
        (tweet.created_at_ms, tweet.text, hints[row])
        for row, tweet in enumerate(tweets(path))
        if row in hints and row not in late_rows
    ]
    truth = await asyncio.to_thread(single_pass, in_time, load_job(settings))
    assert {key: count for key, count in follower.cells.items() if count} == dict(truth)


def not_yet_final(follower: Follower, settings: Settings) -> list[Count]:
    """The counts that have to become final: with all partitions idle, the newest tweet has the last word."""
    cells = follower.latest.values()
    watermark_ms = max(count.window_start_ms for count in cells) - settings.max_disorder_ms
    return [count for count in cells if count.window_end_ms <= watermark_ms and not count.is_final]


def place(record: ConsumerRecord[bytes, bytes]) -> tuple[int, int]:
    headers = dict(record.headers)
    return int(headers["original_partition"]), int(headers["original_offset"])


def row_of(record: ConsumerRecord[bytes, bytes]) -> int:
    """The row, from 0, that a post was made of: its id holds the line's number, from 1, with the header."""
    return int(record.key.decode().removeprefix("ira:").split("-")[0]) - 2
