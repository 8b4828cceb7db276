"""Batches and records that no honest client writes: a worker gets past each, and so does every reader."""

import asyncio
import json
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from sandik.broker import EmbeddedKafka
from sandik.clock import SystemClock
from sandik.counting.decode import MAX_NESTING
from sandik.counting.newest import latest
from sandik.kafka.post_texts import Texts
from sandik.kafka.topics import all_topics, create
from sandik.kafka.unpacking import MAX_UNPACKED_BYTES
from sandik.replay.results import canonical, line
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.mention import Mention
from sandik_schemas.partial import PartialRecord, PartitionClock
from tests.support.command import refused, sandik
from tests.support.hostile import CODECS, Raw, a_batch, send
from tests.support.kafka import produce, read_topic
from tests.support.scene import a_post
from tests.support.workers import counting, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

HONEST = 300
NOW_MS = SystemClock().now_ms()
MEMORY_BYTES = 512 << 20
#: More than a batch may become: a hundred records of nearly a MiB.
BOMB = [Raw(b" " * 1_000_000)] * 100
#: As many headers as Kafka takes, all of them empty; and as many again with names that are twice as long in
#: UTF-8 as in characters, each of which is a header of its own.
EMPTY_HEADERS = [(b"", b"")] * 524_200
LONG_NAMES = [("ş".encode() * 250_000, None)] * 2
CLOSE_TO_FULL = [(b"n", b"v" * 999_700)]


class Hostile(NamedTuple):
    """A batch, and which of its records are rejected: (first, last), from 0 on -> the reason."""

    batch: bytes
    rejected: dict[tuple[int, int], str]
    counted: int = 0


def post(number: int) -> bytes:
    return a_post(number, NOW_MS)[1]


def batches() -> dict[str, Hostile]:
    def packed(records: list[Raw], codec: str | None = None, behind: bytes = b"") -> bytes:
        return a_batch(records, codec, timestamp_ms=NOW_MS, behind=behind)

    long_text = post(1).replace(b'"text":"', b'"text":"' + b"x" * 24_000_000)
    among_posts = [Raw(post(10)), Raw(long_text), Raw(post(11))]
    attributes = Raw(post(20), attributes=0x80)
    nested = b"[" * (MAX_NESTING + 1) + b'"' + b'\\"' * 500_000
    return {
        **{
            f"a bomb of {codec}": Hostile(packed(BOMB, codec), {(0, 99): "too_large"})
            for codec in CODECS
            if "snappy" not in codec
            and "lz4" not in codec  # these pack to a MiB what becomes no more than 64
        },
        "24 MB of text between two posts": Hostile(
            packed(among_posts, "zstd"), {(1, 1): "too_large"}, counted=2
        ),
        "something behind gzip": Hostile(packed([Raw(post(12))], "gzip", behind=b"\0junk"), {}, counted=1),
        "another gzip behind it, cut off": Hostile(
            packed([Raw(post(13))], "gzip", behind=b"\x1f\x8b\x08\0"), {(0, 0): "unreadable"}
        ),
        "names of headers that are no UTF-8": Hostile(
            packed([Raw(post(14), headers=[(b"\xfd\xfe", None)])]), {}, counted=1
        ),
        "attributes that nobody knows": Hostile(packed([attributes]), {}, counted=1),
        "an offset far ahead": Hostile(
            packed([Raw(post(15), offset_delta=1_000_000), Raw(post(16))]), {(0, 0): "unreadable"}, counted=1
        ),
        "an offset twice": Hostile(
            packed([Raw(post(17)), Raw(post(18), offset_delta=0)]), {(1, 1): "unreadable"}, counted=1
        ),
        "half a million headers": Hostile(packed([Raw(b"bad", headers=EMPTY_HEADERS)]), {(0, 0): "not_json"}),
        "half a million headers of a post": Hostile(
            packed([Raw(post(19), headers=EMPTY_HEADERS[:500_000])]), {}, counted=1
        ),
        "long names of headers": Hostile(packed([Raw(b"bad", headers=LONG_NAMES)]), {(0, 0): "not_json"}),
        "headers that nearly fill a letter": Hostile(
            packed([Raw(b"bad" * 100, headers=CLOSE_TO_FULL)]), {(0, 0): "not_json"}
        ),
        "quotes behind deep nesting": Hostile(packed([Raw(nested)]), {(0, 0): "not_a_post"}),
        "no post at all": Hostile(packed([Raw(b"bad")]), {(0, 0): "not_json"}),
        # Kafka replaces it by its own time: the topic has LogAppendTime.
        "a time before all times": Hostile(a_batch([Raw(post(21))], timestamp_ms=-1), {}, counted=1),
    }


class Scene(NamedTuple):
    """What was counted of a hostile partition and an honest one, once all was."""

    settings: Settings
    rejected: dict[tuple[int, int], str]
    counted: int
    records: int
    counts: list[Count]
    peak_bytes: int


@pytest.fixture(scope="module")
def scene(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return asyncio.run(count_hostile(kafka, tmp_path_factory.mktemp("worker")))


async def count_hostile(kafka: EmbeddedKafka, log_dir: Path) -> Scene:
    settings = quick_settings(kafka.bootstrap_servers).model_copy(update={"partitions": 2})
    await create(settings, all_topics(settings))
    posts = settings.topic("posts")
    honest = [(key, value, 1, None) for key, value in (a_post(1_000 + at, NOW_MS) for at in range(HONEST))]
    await produce(settings.broker, posts, honest)
    hostile = batches()
    firsts = await send(settings.broker, posts, [(0, one.batch) for one in hostile.values()])
    [last] = await produce(settings.broker, posts, [(*a_post(2_000, NOW_MS), 0, None)])
    counted = len(honest) + 1 + sum(one.counted for one in hostile.values())
    async with counting(settings, log_dir) as (workers, follower):
        worker = workers.start()
        await workers.until(lambda: follower.has(counted), 150, f"{counted} posts are counted")
        peak_bytes = most_bytes(worker.pid)
        assert workers.terminate(worker) == 0
        await follower.read()
    rejected = {
        (base + first, base + end): reason
        for base, one in zip(firsts, hostile.values(), strict=True)
        for (first, end), reason in one.rejected.items()
    }
    counts = latest(follower.latest.values())
    return Scene(settings, rejected, counted, last + 1 + len(honest), counts, peak_bytes)


def most_bytes(pid: int) -> int:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


def run(scene: Scene, *arguments: str, expected: int = 0) -> str:
    done = sandik(*arguments, environment=environment(scene.settings))
    assert (done.returncode, b"Traceback" in done.stderr) == (expected, False), done.stderr
    return done.stdout.decode()


async def test_each_has_a_letter_by_reference_with_where_it_is_how_large_and_why(scene: Scene) -> None:
    letters = await read_topic(scene.settings.broker, scene.settings.topic("posts.dlq"))
    found = {}
    for letter in letters:
        headers = {name: (value or b"").decode() for name, value in letter.headers}
        first = int(headers["original_offset"])
        last = int(headers.get("original_last_offset", first))
        found[first, last] = headers["reason"]
        assert (letter.partition, headers["original_topic"]) == (0, scene.settings.topic("posts"))
        if headers["reason"] in ("too_large", "unreadable"):
            assert (letter.key, letter.value) == (None, None)
            assert int(headers["packed_bytes"]) < 1 << 20
            assert int(headers["left_out_bytes"]) >= int(headers["packed_bytes"])
        if last > first:
            assert int(headers["unpacked_bytes"]) >= MAX_UNPACKED_BYTES

    assert found == scene.rejected


async def test_every_record_is_accounted_for(scene: Scene) -> None:
    decoder = msgspec.json.Decoder(PartialRecord)
    clocks: dict[int, PartitionClock] = {}
    for record in await read_topic(scene.settings.broker, scene.settings.topic("partials")):
        partial = decoder.decode(record.value) if record.value else None
        if isinstance(partial, PartitionClock):
            clocks[partial.partition] = partial
    tallies = [clock.tally for clock in clocks.values()]

    assert sum(sum(msgspec.structs.astuple(tally)) for tally in tallies) == scene.records
    assert sum(tally.counted for tally in tallies) == scene.counted
    assert sum(tally.rejected for tally in tallies) == sum(last - first + 1 for first, last in scene.rejected)


def test_a_worker_stays_within_its_memory(scene: Scene) -> None:
    assert scene.peak_bytes < MEMORY_BYTES


def test_a_replay_says_the_same_of_each(scene: Scene, tmp_path: Path) -> None:
    out, manifest = tmp_path / "counts.jsonl", tmp_path / "counts.jsonl.manifest.json"
    run(scene, "replay", "--out", str(out))

    assert out.read_bytes() == b"".join(line(canonical(count)) for count in scene.counts)
    tally = json.loads(manifest.read_bytes())["tally"]
    assert sum(tally.values()) == scene.records
    assert tally["counted"] == scene.counted


def test_an_export_has_the_posts_that_can_be_read(scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "posts.jsonl"
    run(scene, "export", "posts", str(out))

    assert len(out.read_bytes().splitlines()) == scene.counted


async def test_the_page_has_the_texts_of_posts_between_them(scene: Scene) -> None:
    found = await read_topic(scene.settings.broker, scene.settings.topic("mentions"))
    mentions = [msgspec.json.decode(record.value or b"", type=Mention) for record in found]
    hostile = [mention for mention in mentions if mention.source_partition == 0]
    texts = Texts(scene.settings)
    try:
        shown = await texts.of(hostile)
    finally:
        await texts.close()

    assert len(shown) == len(hostile) == scene.counted - HONEST
    assert None not in shown.values()


def test_letters_are_listed_and_none_that_lacks_its_record_is_put_back(scene: Scene) -> None:
    listed = [json.loads(one) for one in run(scene, "dlq", "list", "--json").splitlines()]
    redriven = json.loads(run(scene, "dlq", "redrive", "--dry-run", "--json", expected=1))

    assert len(listed) == len(scene.rejected)
    lacking = [one for one in listed if "left_out_bytes" in one["headers"]]
    assert redriven["too_long_to_be_copied"] == len(lacking)
    assert redriven["redriven"] == len(listed) - len(lacking)


def test_a_reader_of_counts_says_where_the_record_is_that_it_cannot_read(kafka: EmbeddedKafka) -> None:
    settings = quick_settings(kafka.bootstrap_servers)
    asyncio.run(create(settings, all_topics(settings)))
    topic = settings.topic("counts")
    keyed = [record._replace(key=b"k") for record in BOMB]
    asyncio.run(send(settings.broker, topic, [(0, a_batch(keyed, "zstd", timestamp_ms=NOW_MS))]))

    refused(
        *("counts", "--once"),
        environment=environment(settings),
        says=f"topic {topic}, partition 0, offset",
        code=1,
    )
