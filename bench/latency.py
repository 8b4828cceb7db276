"""End to end: from a post's writing to the first count that has it, as a reader of `counts` sees it."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from bench.broker import Broker
from bench.contenders import CONTENDERS, SANDIK_BARE, Contender
from bench.outputs import NO_END, Follower
from bench.paced import Seen, feeds, paced, paced_prefix, read_sent, seen_at
from bench.progress import say
from bench.results import Results
from bench.running import ContenderError, Run, at_work

#: Not measured: the start, and this long after the counts first came this near to what is written.
WARM_UP_S = 5
NEAR_S = 2
READY_WITHIN_S = 90
LAST_COUNTS_WITHIN_S = 30
#: Posts are written and counts read for so long after the posts that are looked at.
AFTERWARDS_S = 5
FALLBACK_RATE = 5_000
NAMES = (
    "sandik",
    "Quix Streams, running counts",
    "Kafka Streams, at least once, 1 thread",
    "Kafka Streams, exactly once, 1 thread",
)


async def latency(
    broker: Broker, results: Results, rate: int | None, seconds: int, only: Sequence[str]
) -> None:
    """Measure at the rate given, else at half of what sandik did on the whole job."""
    rate = rate or _half_of_the_most(results)
    section = {"rate": rate, "seconds": seconds, "runs": []}
    results.begin("latency", section)
    for contender in CONTENDERS:
        if contender.name not in NAMES or (only and not any(word in contender.name for word in only)):
            continue
        if contender.command() is None or not contender.is_running:
            continue
        if contender is SANDIK_BARE:
            continue  # without languages, no count tells which partition a post is from
        say(f"Latency at {rate:,} posts/s: {contender.job} job, {contender.name}")
        try:
            found = await at_a_rate(contender, broker, rate, seconds)
        except (ContenderError, TimeoutError) as error:
            say(f"  not measured: {error}")
            continue
        say(f"  p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms")
        section["runs"].append({"job": contender.job, "contender": contender.name, **found})
        results.save()


def _half_of_the_most(results: Results) -> int:
    runs = results.sections.get("engines", {}).get("runs", [])
    speeds = [run["posts_per_s"] for run in runs if (run["job"], run["contender"]) == ("whole", "sandik")]
    return int(median(speeds) / 2) if speeds else FALLBACK_RATE


async def at_a_rate(contender: Contender, broker: Broker, rate: int, seconds: int) -> dict[str, float]:
    """Return p50, p90, p99 and most of the latencies, in ms, and the cores that were kept busy."""
    texts, groups = feeds(broker, contender)
    async with at_work(contender, broker, paced_prefix(), 1) as run:
        await ready(run, 1)
        seen = Seen()
        with paced(run, texts, rate, 0) as (writer, sent_file):
            async with Follower(broker.address, run.counts_topic, contender.parse) as follower:
                await _keeps_up(run, follower, seen, sent_file, rate)
                begun_s, cpu_s = time.monotonic(), run.usage()[0]
                while time.monotonic() < begun_s + seconds:
                    run.assert_running()
                    seen.take(await follower.read())
                cpu_s, ended_s = run.usage()[0] - cpu_s, time.monotonic()
                # Reading the writer's file takes a moment, in which counts would seem to be late.
                while time.monotonic() < ended_s + AFTERWARDS_S:
                    seen.take(await follower.read())
                writer.kill()
                sent = read_sent(sent_file)
                give_up_at_s = time.monotonic() + LAST_COUNTS_WITHIN_S
                while follower.total(NO_END) < len(sent) and time.monotonic() < give_up_at_s:
                    seen.take(await follower.read())
    found = [
        (post, at_s) for post, at_s in seen_at(sent, seen, groups) if begun_s <= post.sent_at_s < ended_s
    ]
    waits_ms = [(at_s - post.sent_at_s) * 1000 for post, at_s in found if at_s is not None]
    if not waits_ms:
        raise TimeoutError(f"{contender.name} has counted nothing: {run.log}")
    p50, p90, p99, most = np.quantile(waits_ms, [0.5, 0.9, 0.99, 1.0]).round().tolist()
    return {
        "posts": len(waits_ms),
        "not_seen": len(found) - len(waits_ms),
        "written_per_s": round(len(sent) / (sent[-1].sent_at_s - sent[0].sent_at_s)),
        "cores_used": round(cpu_s / seconds, 2),
        "p50_ms": p50,
        "p90_ms": p90,
        "p99_ms": p99,
        "max_ms": most,
    }


async def _keeps_up(run: Run, follower: Follower, seen: Seen, sent_file: Path, rate: int) -> None:
    """Return some seconds after the counts have come within `NEAR_S` of what is written."""
    give_up_at_s = time.monotonic() + READY_WITHIN_S
    near_at_s: float | None = None
    while near_at_s is None or time.monotonic() < near_at_s + WARM_UP_S:
        run.assert_running()
        seen.take(await follower.read())
        if near_at_s is None and follower.total(NO_END) > len(read_sent(sent_file)) - NEAR_S * rate > 0:
            near_at_s = time.monotonic()
        if time.monotonic() > give_up_at_s:
            raise TimeoutError(f"{run.contender.name} does not keep up with {rate:,} posts/s: {run.log}")


async def ready(run: Run, workers: int) -> None:
    """Return when the workers have shared the partitions."""
    give_up_at_s = time.monotonic() + READY_WITHIN_S
    async with run.broker.progress_of(run.name, run.posts_topic) as progress:
        while await progress.members() < workers:
            run.assert_running()
            if time.monotonic() > give_up_at_s:
                raise TimeoutError(f"{run.contender.name} did not start within {READY_WITHIN_S} s: {run.log}")
            await asyncio.sleep(0.2)
