"""Posts on their way into a real Kafka: each once, under its id, or an error that counts."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandik.broker import EmbeddedKafka
from sandik.clock import SystemClock
from sandik.errors import BrokerError, TopicError
from sandik.ingest.command import IngestOptions, run_ingest
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from sandik.ingest.produce import Mark, Summary, ingest
from sandik_schemas.post import Post
from tests.support.kafka import create_topic, produce, read_topic, unique_prefix, wait_until
from tests.support.warm import start

pytestmark = pytest.mark.broker


def a_post(number: int, text: str = "oy") -> Post:
    return Post(id=f"a:{number}", source="a", created_at_ms=1_478_639_700_000 + number, text=text)


async def a_topic(kafka: EmbeddedKafka, partitions: int = 3, **config: str) -> str:
    topic = f"{unique_prefix()}posts"
    named = {name.replace("_", "."): value for name, value in config.items()}
    await create_topic(kafka.bootstrap_servers, topic, partitions=partitions, config=named)
    return topic


async def ingest_into(
    kafka: EmbeddedKafka, topic: str, items: Iterator[Item], summary: Summary | None = None
) -> tuple[Summary, list[Rejected | Skipped]]:
    reported: list[Rejected | Skipped] = []
    summary = await ingest(
        items,
        connection={"bootstrap_servers": kafka.bootstrap_servers},
        topic=topic,
        report=reported.append,
        summary=summary,
    )
    return summary, reported


async def test_every_post_is_written_once_under_its_id(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka)
    posts = [a_post(number, f"seçim {number}") for number in range(25_000)]
    before_ms = time.time_ns() // 1_000_000

    summary, reported = await ingest_into(kafka, topic, iter(posts))

    records = await read_topic(kafka.bootstrap_servers, topic)
    written = sorted((msgspec.json.decode(record.value or b"", type=Post) for record in records), key=by_time)
    assert written == posts
    assert all(record.key == json.loads(record.value or b"")["id"].encode() for record in records)
    assert all(record.timestamp >= before_ms for record in records), "event time became record time"
    assert {record.partition for record in records} == {0, 1, 2}
    assert (summary.produced, reported) == (25_000, [])


@pytest.mark.parametrize("stamped_by", ["CreateTime", "LogAppendTime"])
async def test_a_fast_clock_is_named_where_it_matters(
    kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch, stamped_by: str
) -> None:
    topic = await a_topic(kafka, message_timestamp_type=stamped_by)
    ahead_ms = time.time_ns() // 1_000_000 + 7_200_000
    monkeypatch.setattr(SystemClock, "now_ms", lambda _: ahead_ms)

    if stamped_by == "CreateTime":
        with pytest.raises(BrokerError, match=r"Set this machine's clock \(NTP\).* 0 other posts were"):
            await ingest_into(kafka, topic, iter([a_post(1)]))
    else:
        summary, _ = await ingest_into(kafka, topic, iter([a_post(1)]))
        [record] = await read_topic(kafka.bootstrap_servers, topic)
        assert (summary.produced, record.timestamp < ahead_ms - 3_600_000) == (1, True)


def by_time(post: Post) -> int:
    return post.created_at_ms


async def test_an_id_is_in_the_partition_where_other_producers_put_it(kafka: EmbeddedKafka) -> None:
    ours, theirs = await a_topic(kafka, 7), await a_topic(kafka, 7)
    posts = [a_post(number) for number in range(500)]

    await ingest_into(kafka, ours, iter(posts))
    await produce(kafka.bootstrap_servers, theirs, [(post.id.encode(), b"", None, None) for post in posts])

    def places(records: list[Any]) -> set[tuple[bytes, int]]:
        return {(record.key, record.partition) for record in records}

    assert places(await read_topic(kafka.bootstrap_servers, ours)) == places(
        await read_topic(kafka.bootstrap_servers, theirs)
    )


async def test_a_mark_is_reached_when_kafka_has_what_is_before_it(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka)
    summary = Summary()
    reached: list[tuple[str, int]] = []

    def mark(name: str, *, is_due: bool) -> Mark:
        return Mark(lambda: reached.append((name, summary.produced)), is_due)

    async def source() -> AsyncIterator[list[Item | Mark]]:
        yield [a_post(1), a_post(2), mark("now", is_due=True), a_post(3)]
        yield [mark("passed by", is_due=False), a_post(4), mark("at the end", is_due=False)]

    await ingest(
        source(),
        connection={"bootstrap_servers": kafka.bootstrap_servers},
        topic=topic,
        report=print,
        summary=summary,
    )

    assert reached == [("now", 2), ("at the end", 4)]


async def test_a_mark_before_a_refused_post_is_not_reached(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka, partitions=1, max_message_bytes="2000")
    reached: list[str] = []

    async def source() -> AsyncIterator[list[Item | Mark]]:
        yield [a_post(1, "".join(map(chr, range(0x400, 0x900)))), Mark(lambda: reached.append("x"), True)]

    with pytest.raises(BrokerError, match="refused"):
        await ingest(
            source(), connection={"bootstrap_servers": kafka.bootstrap_servers}, topic=topic, report=print
        )
    assert reached == []


async def test_a_partition_keeps_the_order_of_the_source(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka)

    await ingest_into(kafka, topic, (a_post(number) for number in range(2_000)))

    records = await read_topic(kafka.bootstrap_servers, topic)
    places = [(record.partition, json.loads(record.value or b"")["created_at_ms"]) for record in records]
    assert places == sorted(places)


async def test_what_is_no_post_is_counted_by_reason_and_reported(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka)
    bad = Rejected(RejectReason.NOT_JSON, "detail", "line 2")
    huge = a_post(3, "ş" * 600_000)

    summary, reported = await ingest_into(
        kafka, topic, iter([a_post(1), bad, huge, Skipped(SkipReason.SERVICE, "", "message 4"), a_post(5)])
    )

    assert [(item.where, item.reason) for item in reported] == [
        ("line 2", RejectReason.NOT_JSON),
        ("message 4", SkipReason.SERVICE),
        ("post a:3", RejectReason.TOO_LARGE),
    ]
    assert summary.produced == 2
    assert summary.rejected == {"not_json": 1, "too_large": 1}
    assert summary.skipped == {"service": 1}


async def test_a_missing_topic_is_named_and_not_created(kafka: EmbeddedKafka) -> None:
    topic = f"{unique_prefix()}posts"

    for _ in range(2):
        with pytest.raises(TopicError, match=rf"topic {topic} does not exist at 127.*`sandik topics create`"):
            await ingest_into(kafka, topic, iter([a_post(1)]))


async def test_a_refused_post_ends_the_run_with_the_number_delivered(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka, partitions=1, max_message_bytes="200000")

    letters = [chr(code) for code in range(0x4E00, 0x9FFF)]  # so many that it does not compress

    def source() -> Iterator[Item]:
        yield from (a_post(number) for number in range(1_500))
        yield a_post(1_500, "".join(random.Random(1).choices(letters, k=250_000)))
        yield from (a_post(number) for number in range(1_501, 25_000))  # more than may be in flight

    summary = Summary()
    with pytest.raises(BrokerError, match="refused a post") as error:
        await ingest_into(kafka, topic, source(), summary)

    records = await read_topic(kafka.bootstrap_servers, topic)
    assert summary.produced == len(records)
    assert f" {len(records)} other posts were delivered" in str(error.value)


async def test_posts_before_a_broken_source_are_delivered(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka)

    def source() -> Iterator[Item]:
        yield from (a_post(number) for number in range(100))
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await ingest_into(kafka, topic, source())

    assert len(await read_topic(kafka.bootstrap_servers, topic)) == 100


async def test_no_broker_is_a_broker_error() -> None:
    with pytest.raises(BrokerError, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        await ingest(iter([]), connection={"bootstrap_servers": "127.0.0.1:1"}, topic="posts", report=print)


def command(kafka: EmbeddedKafka, topic: str, *sources: str) -> "subprocess.Popen[bytes]":
    return start(
        "tests.ingest.producing",
        kafka.bootstrap_servers,
        topic,
        *sources,
        environment=os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_ctrl_c_on_a_silent_pipe_delivers_what_was_read(kafka: EmbeddedKafka) -> None:
    topic = await a_topic(kafka)
    process = command(kafka, topic, "-")
    assert process.stdin is not None
    for number in range(3):
        process.stdin.write(msgspec.json.encode(a_post(number)) + b"\n")
    process.stdin.flush()

    async def all_arrived() -> bool:
        return len(await read_topic(kafka.bootstrap_servers, topic)) == 3

    await wait_until(all_arrived, 60, "posts of an open pipe are delivered")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stdout is not None
    summary = json.loads(process.stdout.read())
    assert (summary["produced"], summary["interrupted"]) == (3, True)


async def test_the_command_reports_each_bad_line_and_ends_well(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    topic = await a_topic(kafka)
    path = tmp_path / "posts.jsonl"
    path.write_bytes(msgspec.json.encode(a_post(1)) + b"\nnonsense\n" + b'{"id": 7}\n')

    output, errors = command(kafka, topic, str(path)).communicate(timeout=60)

    assert f"{path}:2: rejected: not_json: ".encode() in errors
    assert f"{path}:3: rejected: not_a_post: ".encode() in errors
    assert json.loads(output)["rejected"] == {"not_json": 1, "not_a_post": 1}


async def test_exit_codes_tell_nothing_readable_from_usage(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    topic = await a_topic(kafka)
    good, bad, unknown, empty = (tmp_path / f"{name}.jsonl" for name in ("good", "bad", "unknown", "empty"))
    good.write_bytes(msgspec.json.encode(a_post(1)) + b"\nnonsense\n")
    bad.write_bytes(b'{"id": "a:1", "created_at_ms": 1}\n')
    unknown.write_bytes(b"nonsense\n")
    empty.write_bytes(b"")

    def code(source: Path, into: str = topic) -> int:
        process = command(kafka, into, str(source))
        process.communicate(timeout=60)
        return process.returncode

    assert code(good) == 0
    assert code(empty) == 1, "an empty file is no success"
    assert code(bad) == 1
    assert code(unknown) == 2
    assert code(good, into="no-such-topic") == 1
    assert code(tmp_path / "missing.jsonl") == 2


def test_nothing_is_written_when_one_of_the_files_is_missing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(msgspec.json.encode(a_post(1)))
    sources = [str(path), str(tmp_path / "missing.jsonl")]

    code = run_ingest(
        sources, connection={"bootstrap_servers": "127.0.0.1:1"}, topic="posts", options=IngestOptions()
    )

    assert code == 2
    assert "missing.jsonl: No such file" in capfd.readouterr().err
