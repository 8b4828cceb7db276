"""Somebody who means harm writes to a partition: its worker keeps its memory, its place and its pace."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from sandik.clock import SystemClock
from sandik.counting.decode import MAX_NESTING
from sandik.settings import Settings
from sandik_schemas.partial import PartialRecord, PartitionClock, Tally
from tests.support.hostile import Raw, a_batch, send
from tests.support.kafka import produce
from tests.support.scene import Scene, a_post
from tests.support.workers import Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

NOW_MS = SystemClock().now_ms()
MEMORY_BYTES = 512 << 20
#: Honest posts of each partition that are written, and then waited for, again and again.
BURST = 50
#: Batches of the hostile partition that are counted at most while such posts wait. It has its turns, too, and
#: some are on their way when the posts come.
AT_MOST = 24

_decoder = msgspec.json.Decoder(PartialRecord)


def floods(number: int) -> Iterator[bytes]:
    """Yield posts of a MiB that are nothing but terms, or what looks like them; no two are the same."""
    for unit in ("#SeçimDeepfake", "#SeçimDeepfake ", "oy ", "xseçimʼ", "#xseçim ", "deepfake seçim "):
        text = unit * (1_000_000 // len(unit.encode()))
        value = {
            "id": f"h:{number}:{unit}",
            "source": "h",
            "created_at_ms": NOW_MS,
            "text": f"{number} {text}",
        }
        yield msgspec.json.encode(value)


def hostile(number: int) -> Iterator[bytes]:
    """Yield the batches of one round."""

    def packed(*records: Raw, codec: str | None = None) -> bytes:
        return a_batch(records, codec, timestamp_ms=NOW_MS)

    blank = Raw(b" " * 1_000_000)
    for codec in ("zstd as a stream", "lz4", "gzip"):
        yield packed(*[blank] * 100, codec=codec)
        yield packed(Raw(b" " * 24_000_000), codec=codec)
    for value in floods(number):
        yield packed(Raw(value))
    yield packed(*map(Raw, floods(number + 100)), codec="gzip")
    yield packed(Raw(b"[" * (MAX_NESTING + 1) + b'"' + b'\\"' * 500_000))
    yield packed(Raw(b"[" * 1_000_000))
    yield packed(Raw(b"x", headers=[(b"", b"")] * 524_000))
    yield packed(*[Raw(b"x", headers=[(b"", b"")] * 500_000)] * 12, codec="zstd")


class Clocks:
    """Follows `partials`: what became of the records of each partition."""

    def __init__(self, settings: Settings) -> None:
        self.consumer = AIOKafkaConsumer(bootstrap_servers=settings.broker, enable_auto_commit=False)
        self.partials = TopicPartition(settings.topic("partials"), 0)
        self.tallies: dict[int, Tally] = {}
        #: How many batches of each partition were counted.
        self.batches = Counter[int]()

    async def __aenter__(self) -> "Clocks":
        await self.consumer.start()
        self.consumer.assign([self.partials])
        await self.consumer.seek_to_beginning(self.partials)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()

    async def read(self, *partitions: int) -> int:
        """Return how many records of these partitions are accounted for."""
        for records in (await self.consumer.getmany(timeout_ms=50)).values():
            for record in records:
                partial = _decoder.decode(record.value) if record.value else None
                if isinstance(partial, PartitionClock):
                    self.tallies[partial.partition] = partial.tally
                    self.batches[partial.partition] += 1
        return sum(sum(msgspec.structs.astuple(self.tallies.get(one, Tally()))) for one in partitions)


def keep(figures: dict[str, object]) -> None:
    if name := os.environ.get("SANDIK_TEST_HOSTILE_JSON"):
        Path(name).write_text(json.dumps(figures))


def most_bytes(pid: int) -> int:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("rounds", [2, pytest.param(8, marks=pytest.mark.long)])
async def test_a_hostile_producer_takes_neither_memory_nor_session_nor_the_turns_of_others(
    worker_settings: Settings, tmp_path: Path, rounds: int
) -> None:
    scene = Scene(worker_settings)
    settings, posts = scene.settings, worker_settings.topic("posts")
    await scene.make_topics()
    batches = [batch for number in range(rounds) for batch in hostile(number)]
    await send(settings.broker, posts, [(0, batch) for batch in batches])
    end = (await scene.ends())[0]
    honest = range(1, settings.partitions)
    written, meanwhile = 0, 0
    waited_s: list[float] = []
    turns: list[int] = []
    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()
        await scene.wait_for_shares([settings.partitions])
        members = await scene.members()
        async with Clocks(settings) as clocks:
            while await clocks.read(0) < end:
                before = clocks.batches[0]
                burst = [a_post(written + number, NOW_MS) for number in range(BURST * len(honest))]
                records = [(*post, honest[at % len(honest)], None) for at, post in enumerate(burst)]
                await produce(settings.broker, posts, records)
                written += len(burst)
                since_s = monotonic()

                async def are_counted() -> bool:
                    return await clocks.read(*honest) == written  # noqa: B023

                await workers.until(are_counted, 120, f"{written} honest posts are counted")
                waited_s.append(monotonic() - since_s)
                meanwhile += await clocks.read(0) < end
                turns.append(clocks.batches[0] - before)
            assert await scene.members() == members
        peak_bytes = most_bytes(worker.pid)
        assert workers.terminate(worker) == 0
        log = workers.log(worker)

    figures = {"peak_bytes": peak_bytes, "waited_s": waited_s, "turns": turns}
    keep(figures)
    assert peak_bytes < MEMORY_BYTES
    assert meanwhile >= rounds, figures
    assert max(turns) <= AT_MOST, figures
    assert "eartbeat" not in log
