"""One worker catches up with what was written before it started: how fast, and in how much memory."""

import itertools

from bench.broker import Broker
from bench.contenders import SANDIK_WHOLE
from bench.data import PARTITIONS
from bench.measure import Sample, measure
from bench.progress import say
from bench.results import Results

STEPS = 20


async def backlog(broker: Broker, results: Results, posts: int) -> None:
    """Measure memory and speed along the way."""
    say(f"Backlog of {posts:,} posts")
    measured, samples = await measure(SANDIK_WHOLE, broker, posts)
    results.begin("backlog", {**measured.as_dict(), "along_the_way": _along(samples, posts + PARTITIONS)})
    say(f"  {measured.posts_per_s:,.0f} posts/s, at most {measured.peak_rss_mb:,.0f} MB")


def _along(samples: list[Sample], posts: int) -> list[dict[str, float]]:
    """Return about `STEPS` points of the way, each with the speed since the one before."""
    points: list[Sample] = []
    for sample in samples:
        if sample.posts and (not points or sample.posts >= points[-1].posts + posts / STEPS):
            points.append(sample)
    return [
        {
            "posts": sample.posts,
            "rss_mb": round(sample.rss_bytes / 1e6),
            "posts_per_s": round((sample.posts - before.posts) / (sample.at_s - before.at_s)),
            "posts_per_cpu_s": round((sample.posts - before.posts) / (sample.cpu_s - before.cpu_s)),
        }
        for before, sample in itertools.pairwise(points)
    ]
