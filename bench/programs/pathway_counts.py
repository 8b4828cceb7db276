"""Pathway as its documentation shows it: posts from Kafka as a table, a tumbling window, counts to Kafka.

Its windows are kept for ever, as is its default. It says how many posts they have, as nothing else does.
"""

import os
import sys
from typing import Any

import pathway as pw


class Post(pw.Schema):  # type: ignore[misc]  # Pathway has no types here
    """What of a post is needed. A column `id` cannot be: it is Pathway's own."""

    source: str
    created_at_ms: int
    text: str


class Progress:
    """Says how many posts the counts have, as they change."""

    counts: dict[Any, int] = {}  # noqa: RUF012

    def on_change(self, key: Any, row: dict[str, Any], time: int, is_addition: bool) -> None:  # noqa: ARG002
        """Take in a row that came or went."""
        if is_addition:
            self.counts[row["window_start_ms"], row["feed"]] = row["count"]

    def on_time_end(self, time: int) -> None:  # noqa: ARG002
        """Say how many there are."""
        sys.stdout.write(f"{sum(self.counts.values())}\n")
        sys.stdout.flush()


def main() -> None:
    """Run until stopped."""
    kafka = {
        "bootstrap.servers": os.environ["BENCH_BROKER"],
        "group.id": os.environ["BENCH_GROUP"],
        "auto.offset.reset": "earliest",
    }
    posts = pw.io.kafka.read(
        kafka, topic=os.environ["BENCH_POSTS"], schema=Post, format="json", autocommit_duration_ms=1000
    )
    valid = posts.filter((pw.this.source != "") & (pw.this.created_at_ms > 0))
    counts = valid.windowby(
        pw.this.created_at_ms, window=pw.temporal.tumbling(duration=60_000), instance=pw.this.source
    ).reduce(window_start_ms=pw.this._pw_window_start, feed=pw.this._pw_instance, count=pw.reducers.count())
    progress = Progress()
    pw.io.subscribe(counts, progress.on_change, on_time_end=progress.on_time_end)
    pw.io.kafka.write(counts, kafka, topic_name=os.environ["BENCH_COUNTS"], format="json")
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)


if __name__ == "__main__":
    main()
