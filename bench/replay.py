"""`sandik replay` of a topic beside a worker that catches up with it: CPU time of the same posts."""

import asyncio
import hashlib
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
import psutil

from bench.broker import Broker
from bench.contenders import SANDIK_WHOLE, project
from bench.data import PARTITIONS, closing_ms
from bench.measure import START_SHARE, measure
from bench.progress import say
from bench.results import Results
from bench.running import ContenderError
from bench.setup import LOGS, WORK_DIR, environment
from sandik.errors import StateError
from sandik.replay.checkpoint import Checkpoint

POLL_S = 0.2


class Sample(NamedTuple):
    """Where a replay stands: posts in its checkpoints, time and CPU in seconds, memory in bytes."""

    at_s: float
    posts: int
    cpu_s: float
    rss_bytes: int


async def replay(broker: Broker, results: Results, rounds: int, posts: int) -> None:
    """Measure a worker, then a replay in one process and in two, `rounds` times in turn."""
    section: dict[str, Any] = {"posts": posts, "runs": []}
    results.begin("replay", section)
    for number in range(rounds):
        say(f"Replay, round {number + 1} of {rounds}: a worker, {posts:,} posts")
        worker, _ = await measure(SANDIK_WHOLE, broker, posts)
        found = [{"what": "worker", **worker.as_dict()}]
        for processes in (1, 2):
            say(f"Replay, round {number + 1} of {rounds}: replay, {processes} process(es)")
            run = await asyncio.to_thread(_replayed, broker, await broker.posts_of(posts), posts, processes)
            found.append({"what": f"replay, {processes} process{'es' * (processes > 1)}", **run})
        for run in found:
            say(f"  {run['what']}: {run['posts_per_cpu_s']:,.0f} posts/s a core, digest {run['digest']}")
            section["runs"].append({"round": number, **run})
        results.save()


def _replayed(broker: Broker, prefix: str, count: int, processes: int) -> dict[str, Any]:
    """Return what a replay of all posts took, from half of them to the end, as of a worker.

    Raises:
        ContenderError: it failed.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    said = LOGS / "replay.log"
    with TemporaryDirectory(prefix="replay-", dir=WORK_DIR) as folder, said.open("wb") as log:
        out = Path(folder) / "out.jsonl"
        command = project("-m", "sandik", "replay", "--out", str(out), "--processes", str(processes))()
        variables = {"SANDIK_BROKER": broker.address, "SANDIK_TOPIC_PREFIX": prefix}
        before_s = _ended_cpu_s()
        process = psutil.Popen(command, env=environment(variables), stdout=log, stderr=log)
        samples = list(_watched(process, out))
        end = Sample(time.monotonic(), count + PARTITIONS, _ended_cpu_s() - before_s, 0)
        if process.returncode:
            raise ContenderError(f"replay ended with {process.returncode}: {said}")
        counted, digest = _counted(out, count)
    begun = next(sample for sample in (*samples, end) if sample.posts >= end.posts * START_SHARE)
    cpu_s, posts = end.cpu_s - begun.cpu_s, end.posts - begun.posts
    return {
        "posts": count,
        "posts_per_cpu_s": round(posts / cpu_s),
        "posts_per_s": round(posts / (end.at_s - begun.at_s)),
        "peak_rss_mb": round(max(sample.rss_bytes for sample in samples) / 1e6),
        "cpu_s": round(end.cpu_s, 2),
        "is_exact": counted == count,
        "counted": counted,
        "digest": digest,
    }


def _watched(process: psutil.Popen, out: Path) -> Iterator[Sample]:
    """Yield where it stands until it has ended."""
    while process.poll() is None:
        posts, rss_bytes = _checkpointed(out), 0  # before the CPU time, as of a worker
        with suppress(psutil.Error):
            cpu_s = sum(process.cpu_times()[2:4])  # of its children that have ended
            for one in (process, *process.children(recursive=True)):
                cpu_s += sum(one.cpu_times()[:2])
                rss_bytes += one.memory_info().rss
            yield Sample(time.monotonic(), posts, cpu_s, rss_bytes)
        time.sleep(POLL_S)


def _checkpointed(out: Path) -> int:
    folder, posts = out.with_name(f"{out.name}.replay"), 0
    for partition in range(PARTITIONS):
        with suppress(StateError):  # at the end it deletes them, one after the other
            posts += Checkpoint(folder, "", partition, 0).saved.next_offset
    return posts


def _ended_cpu_s() -> float:
    """Return the CPU time of all processes that we have started and seen end, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _counted(out: Path, count: int) -> tuple[int, str]:
    """Return how many posts are counted, and the hash of all counts, as `measure` makes it."""
    rows = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    cells = sorted(
        ((row["window_start_ms"], row["language"], row["tag"]), row["count"])
        for row in rows
        if row["window_start_ms"] < closing_ms(count)
    )
    counted = sum(posts for (_, _, tag), posts in cells if tag == "all")
    return counted, hashlib.sha256(repr(cells).encode()).hexdigest()[:12]
