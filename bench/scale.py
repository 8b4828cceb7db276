"""Two workers against one, and one worker with fewer and more partitions, on the whole job."""

from bench.broker import Broker
from bench.contenders import SANDIK_WHOLE
from bench.measure import measure
from bench.progress import say
from bench.results import Results

PARTITIONS = (1, 12, 48)


async def scale(broker: Broker, results: Results, rounds: int, posts: int) -> None:
    """Measure one worker and two, `rounds` times in turn."""
    section = {"posts": posts, "runs": []}
    results.begin("scale", section)
    for number in range(rounds):
        for workers in (1, 2):
            say(f"Scale, round {number + 1} of {rounds}: {workers} worker(s), {posts:,} posts")
            measured, _ = await measure(SANDIK_WHOLE, broker, posts, workers)
            say(f"  {measured.posts_per_s:,.0f} posts/s, {measured.posts_per_cpu_s:,.0f} posts/s a core")
            section["runs"].append({"round": number, "workers": workers, **measured.as_dict()})
            results.save()


async def partitions(broker: Broker, results: Results, rounds: int, posts: int) -> None:
    """Measure one worker on the same posts in so many partitions, `rounds` times in turn."""
    section = {"posts": posts, "runs": []}
    results.begin("partitions", section)
    for number in range(rounds):
        for count in PARTITIONS:
            say(f"Partitions, round {number + 1} of {rounds}: {count}, {posts:,} posts")
            measured, _ = await measure(SANDIK_WHOLE, Broker(broker.kafka, count), posts)
            say(f"  {measured.posts_per_cpu_s:,.0f} posts/s a core, {measured.peak_rss_mb:,.0f} MB")
            section["runs"].append({"round": number, "partitions": count, **measured.as_dict()})
            results.save()
