"""A worker's memory: flat over any number of posts, and few bytes for each window it has to remember.

SANDIK_TEST_SOAK_POSTS says how many posts the long run has, SANDIK_TEST_SOAK_CSV where its samples go;
docs/memory.md shows one.
"""

import asyncio
import os
import tracemalloc
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec
import pytest

from sandik.counting.labels import Labels
from sandik.counting.merge import Merge
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.partial import PartialRecord, PartitionClock, WindowPartial
from tests.support.kafka import produce, read_topic, wait_until
from tests.support.scene import Scene, some_posts
from tests.support.soak import Soak
from tests.support.stubs import MINUTE_MS, TIMING
from tests.support.workers import Follower, Workers, count_all, environment

POSTS = int(os.environ.get("SANDIK_TEST_SOAK_POSTS", "900000"))
#: Models are loaded, buffers filled, and as many windows open as ever will be.
WARM_UP_POSTS = 240_000
#: What the last third may have more than the first: two MiB in a worker of 130 are noise.
MARGIN = 1.04
PARTITIONS = 12
LANGUAGES = [f"q{number:03}" for number in range(200)]
RUN = "run-1"

_decoder = msgspec.json.Decoder(PartialRecord)


class Sample(NamedTuple):
    posts: int
    rss_bytes: int


def rss_bytes(pid: int) -> int:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line]
    return int(line.split()[1]) * 1024


@pytest.mark.broker
@pytest.mark.long
@pytest.mark.timeout(3 * 3600)
async def test_memory_is_flat_over_any_number_of_posts(worker_settings: Settings, tmp_path: Path) -> None:
    """A hundred windows open at any time, thousands opened and closed, in more than ten languages."""
    settings = Settings(
        broker=worker_settings.broker,
        topic_prefix=worker_settings.topic_prefix,
        partitions=PARTITIONS,
        detector="fasttext",
        allowed_lateness_ms=98 * MINUTE_MS,
        idle_after_ms=5_000,
        commit_every_ms=500,
    )
    scene = await Scene.made(settings)
    soak = Soak(settings.broker, settings.topic("posts"), PARTITIONS)
    samples: list[Sample] = []
    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()

        async def counted() -> int:
            workers.assert_running()
            committed = await scene.committed()
            posts = sum(offset for tp, offset in committed.items() if tp.topic == soak.topic)
            if not samples or samples[-1].posts < posts:
                samples.append(Sample(posts, rss_bytes(worker.pid)))
            await asyncio.sleep(0.5)
            return posts

        await soak.write(POSTS, counted)

        async def is_complete() -> bool:
            return await counted() == POSTS

        await wait_until(is_complete, 300, f"all {POSTS} posts are counted")
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            await wait_until(lambda: follower.has(POSTS), 300, f"the counts add up to {POSTS}")
        assert workers.terminate(worker) == 0

    path = Path(os.environ.get("SANDIK_TEST_SOAK_CSV", tmp_path / "memory.csv"))
    write_csv(path, samples)
    assert third(samples, 2) <= MARGIN * third(samples, 0), f"the samples are in {path}"


def write_csv(path: Path, samples: list[Sample]) -> None:
    rows = ["posts,rss_bytes", *(f"{sample.posts},{sample.rss_bytes}" for sample in samples)]
    path.write_text("\n".join(rows) + "\n")


def third(samples: list[Sample], which: int) -> float:
    """Return the mean RSS while that third of the posts after the warm-up was counted."""
    size = (POSTS - WARM_UP_POSTS) / 3
    first = WARM_UP_POSTS + which * size
    return fmean(sample.rss_bytes for sample in samples if first <= sample.posts <= first + size)


@pytest.mark.broker
async def test_in_a_catch_up_no_partition_runs_away_from_the_others(scene: Scene, tmp_path: Path) -> None:
    """Merge has to remember every window between the slowest partition and the fastest."""
    settings = scene.settings
    each, posts_a_fetch = 3_000, (1 << 20) // 2_000
    records = [
        (None, value.replace(b'"text":"', b'"text":"' + b"- " * 900), number % settings.partitions, None)
        for number, (_, value) in enumerate(some_posts(each * settings.partitions))
    ]
    await produce(settings.broker, settings.topic("posts"), records)
    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()
        await count_all(settings, workers, len(records))
        assert workers.terminate(worker) == 0

    offsets = dict.fromkeys(range(settings.partitions), -1)
    widest = 0
    for record in await read_topic(settings.broker, settings.topic("partials")):
        partial = _decoder.decode(record.value) if record.value else None
        if isinstance(partial, PartitionClock):
            offsets[partial.partition] = partial.offset
            widest = max(widest, max(offsets.values()) - min(offsets.values()))
    assert set(offsets.values()) == {each - 1}
    assert widest <= 3 * posts_a_fetch


def a_window(partition: int, number: int) -> WindowPartial:
    counts = {language: {"all": 5, "election": 2, "deepfake": 1, "both": 1} for language in LANGUAGES}
    return WindowPartial(RUN, partition, number * MINUTE_MS, 10 * number, counts, {})


def bytes_of_windows(windows: int, *, done: int) -> float:
    """Return what merge takes for a window of 12 partitions and 200 languages, `done` partitions past it."""
    merge = Merge(Labels(RUN, "lex", "det"), TIMING, PARTITIONS + 1)
    tracemalloc.start()
    try:
        for number in range(windows):
            for partition in range(PARTITIONS):
                merge.apply(a_window(partition, number))
        for partition in range(done):
            merge.apply(PartitionClock(RUN, partition, 10 * windows, (windows + 10) * MINUTE_MS, idle=False))
        merge.emit(0, at_most=1_000)
        return tracemalloc.get_traced_memory()[0] / windows
    finally:
        tracemalloc.stop()


def test_merge_keeps_a_thousand_windows_of_200_languages_in_120_megabytes() -> None:
    assert 1_000 * bytes_of_windows(40, done=0) < 120_000_000


def test_a_silent_partition_makes_merge_keep_one_sum_a_window_and_not_what_each_partition_added() -> None:
    assert bytes_of_windows(40, done=PARTITIONS) < bytes_of_windows(40, done=0) / 8


def test_counts_written_in_pieces_are_those_written_at_once_and_none_is_forgotten_before() -> None:
    """However long the catch-up: only some counts at a time are in memory, and each is written."""
    whole, pieces = a_merge_of(9), a_merge_of(9)
    written: list[Count] = []
    while counts := pieces.emit(0, at_most=2 * len(LANGUAGES)):
        written += counts
        pieces.settle()

    assert whole.emit(0) == written


def a_merge_of(windows: int) -> Merge:
    """Return merge after the only partition's posts, with every window final and settled."""
    merge = Merge(Labels(RUN, "lex", "det"), TIMING, 1)
    for number in range(windows):
        merge.apply(a_window(0, number))
    merge.apply(PartitionClock(RUN, 0, 10 * windows, (windows + 10) * MINUTE_MS, idle=False))
    merge.advance()
    return merge
