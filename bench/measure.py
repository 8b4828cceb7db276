"""Let a contender read its posts from the first to the last, and say what it took.

Between two moments: the first at which half of the posts is read and committed, which leaves out the start
and the warming up (a JVM compiles for half a million posts), and the one at which all are, and the output
accounts for each. Commits come in steps, so the first moment goes with the posts committed by then, not with
the half.
"""

import asyncio
import hashlib
import time
from dataclasses import asdict, dataclass
from typing import NamedTuple

import psutil

from bench.broker import Broker, Progress
from bench.contenders import Contender
from bench.data import closing_ms
from bench.outputs import NO_END, Follower
from bench.running import Run, at_work

POLL_S = 0.1
START_SHARE = 0.5
#: With less than this left to do, nothing could be said about it: the start is then included.
LEAST_SHARE = 0.2
LEAST_CPU_S = 0.5
#: Without any progress for so long, a contender hangs.
HANGS_AFTER_S = 180


class Sample(NamedTuple):
    """Where a contender stands: time and CPU in seconds, memory in bytes."""

    at_s: float
    posts: int
    cpu_s: float
    rss_bytes: int
    broker_cpu_s: float


@dataclass(frozen=True)
class Measured:
    """What it took. `posts_per_cpu_s` is posts a second that keeps one core busy: posts/s a core."""

    posts: int
    posts_per_cpu_s: float
    cpu_s_per_million: float
    broker_cpu_s_per_million: float
    posts_per_s: float
    peak_rss_mb: float
    #: From the start of the process to the first posts committed, in s; and all its CPU time.
    start_s: float
    cpu_s: float
    #: The output accounts for every post; None when there is no output.
    is_exact: bool | None
    counted: int
    #: Short hash of all counts: the same for contenders that count the same.
    digest: str
    #: False when the run was too short to leave out the start.
    is_without_start: bool

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON, numbers rounded to what they are worth."""
        return {
            name: float(f"{value:.4g}") if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


async def measure(
    contender: Contender, broker: Broker, count: int, workers: int = 1
) -> tuple[Measured, list[Sample]]:
    """Run it on `count` posts.

    Raises:
        ContenderError: it ended too soon, or makes no progress.
    """
    prefix = await broker.posts_of(count)
    async with at_work(contender, broker, prefix, workers) as run:
        async with (
            broker.progress_of(run.name, run.posts_topic) as progress,
            Follower(broker.address, run.counts_topic, contender.parse) as follower,
        ):
            samples = await _watch(run, progress, follower, count + broker.partitions, workers)
            if contender.parse is None:
                return _measured(samples, count, None), samples
            await _wait_for_output(run, follower, count)
        samples.append(_sample(run, samples[-1].posts))
        return _measured(samples, count, follower), samples


async def _watch(run: Run, progress: Progress, follower: Follower, until: int, workers: int) -> list[Sample]:
    samples = [_sample(run, 0)]
    moved_at_s = samples[0].at_s
    while (before := samples[-1].posts) < until:
        await asyncio.sleep(POLL_S)
        run.assert_running()
        posts = run.said(until) if run.contender.says_progress else await progress.posts()
        if before < until * START_SHARE:
            if workers > 1 and await progress.members() < workers:
                posts = 0  # not all take part yet
        elif run.contender.is_sandik:
            # A worker that takes over a partition with nothing left to read commits nothing there.
            await follower.read()
            posts = until if follower.total(NO_END) == until else posts
        samples.append(_sample(run, posts))
        if posts > before:
            moved_at_s = samples[-1].at_s
        if samples[-1].at_s - moved_at_s > HANGS_AFTER_S:
            raise TimeoutError(f"{run.contender.name} stands at {posts} of {until} posts; log: {run.log}")
    return samples


async def _wait_for_output(run: Run, follower: Follower, count: int) -> None:
    grown_at_s = time.monotonic()
    while follower.total(closing_ms(count)) != count and time.monotonic() - grown_at_s < HANGS_AFTER_S / 6:
        run.assert_running()
        if await follower.read():
            grown_at_s = time.monotonic()


def _sample(run: Run, posts: int) -> Sample:
    times = psutil.Process(run.broker.kafka.pid).cpu_times()
    return Sample(time.monotonic(), posts, *run.usage(), times.user + times.system)


def _measured(samples: list[Sample], count: int, follower: Follower | None) -> Measured:
    first, end = samples[0], samples[-1]
    read = next(sample for sample in samples if sample.posts == end.posts)
    begun = next(sample for sample in samples if sample.posts >= end.posts * START_SHARE)
    is_without_start = begun.posts <= end.posts * (1 - LEAST_SHARE) and end.cpu_s - begun.cpu_s >= LEAST_CPU_S
    start = begun if is_without_start else first
    posts = end.posts - start.posts
    cpu_s = end.cpu_s - start.cpu_s
    counted = follower.total(closing_ms(count)) if follower else 0
    return Measured(
        posts=count,
        posts_per_cpu_s=posts / cpu_s,
        cpu_s_per_million=cpu_s / posts * 1e6,
        broker_cpu_s_per_million=(read.broker_cpu_s - start.broker_cpu_s) / posts * 1e6,
        posts_per_s=posts / (read.at_s - start.at_s),
        peak_rss_mb=max(sample.rss_bytes for sample in samples) / 1e6,
        start_s=next(sample.at_s for sample in samples if sample.posts) - first.at_s,
        cpu_s=end.cpu_s,
        is_exact=counted == count if follower else None,
        counted=counted,
        digest=_digest(follower, count) if follower else "",
        is_without_start=is_without_start,
    )


def _digest(follower: Follower, count: int) -> str:
    cells = sorted(follower.summed(closing_ms(count)).items())
    return hashlib.sha256(repr(cells).encode()).hexdigest()[:12]
