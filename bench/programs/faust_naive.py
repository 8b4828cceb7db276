"""Faust as its documentation shows it: one event at a time, a tumbling table, a send for each change.

BENCH_JOB=bare counts by feed; otherwise langdetect and plain `in` say what is counted.
"""

import os
from datetime import timedelta

import faust

from bench.programs.naive import cell_tags, langdetect_language


class Post(faust.Record, serializer="json", validation=True):
    """A post."""

    id: str
    source: str
    created_at_ms: int
    text: str


app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['BENCH_BROKER']}",
    datadir=os.environ["BENCH_DIR"],
    topic_partitions=12,
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
)
posts = app.topic(os.environ["BENCH_POSTS"], value_type=Post)
output = app.topic(os.environ["BENCH_COUNTS"], partitions=1)
counts = (
    app.Table("counts", default=int)
    .tumbling(timedelta(minutes=1), expires=timedelta(minutes=10))
    .relative_to(lambda event: event.value.created_at_ms / 1000)
)


def cells(post: Post) -> list[tuple[str, str]]:
    """Return what the post is counted as."""
    if os.environ["BENCH_JOB"] == "bare":
        return [(post.source, "all")]
    language = langdetect_language(post.text)
    return [(language, tag) for tag in cell_tags(post.text)]


@app.agent(posts)
async def count(stream: faust.Stream[Post]) -> None:
    """Count each post."""
    async for post in stream:
        start_ms = post.created_at_ms // 60_000 * 60_000
        for group, tag in cells(post):
            key = f"{group}|{tag}"
            counts[key] += 1
            value = {"window_start_ms": start_ms, "group": group, "tag": tag, "count": counts[key].value()}
            await output.send(key=f"{start_ms}|{key}", value=value)


if __name__ == "__main__":
    app.main()
