"""Quix Streams as its documentation shows it: a StreamingDataFrame with a tumbling window.

BENCH_JOB=bare counts the posts of each feed. BENCH_JOB=whole looks at the texts, too, and keeps the cells of
a feed's window in one value, which spares it a repartition topic; BENCH_ANNOTATE says with what it looks:
sandik's own detector and lexicon, post by post, or fastText and `in`.
BENCH_EMIT=final writes a window when it is closed, current after every post.
"""

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from quixstreams import Application
from quixstreams.models import TopicConfig

from bench.programs.naive import cell_tags, fasttext_language

Post = dict[str, Any]
Cells = dict[str, dict[str, int]]


def is_post(value: Any) -> bool:
    """Say whether the value has what every post has."""
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(name), str) and value[name] for name in ("id", "source"))
        and isinstance(value.get("text"), str)
        and isinstance(value.get("created_at_ms"), int)
    )


def annotator() -> Callable[[Post], tuple[str, Sequence[str]]]:
    """Return what says a post's language and the tags of its cells."""
    if os.environ["BENCH_ANNOTATE"] == "fasttext":
        language = fasttext_language()
        return lambda post: (language(post["text"]), cell_tags(post["text"]))
    from sandik.counting import fold
    from sandik.run_identity import load_job
    from sandik.settings import Settings

    job = load_job(Settings())

    def annotate(post: Post) -> tuple[str, Sequence[str]]:
        [found] = job.annotate([post["text"]])
        return found.language.code, fold.cell_tags(found.tags, job.tagger.pairs)

    return annotate


def add(cells: Cells, annotated: tuple[str, Sequence[str]]) -> Cells:
    """Count a post in its cells."""
    language, tags = annotated
    counts = cells.setdefault(language, {})
    for tag in tags:
        counts[tag] = counts.get(tag, 0) + 1
    return cells


def main() -> None:
    """Run until stopped."""
    app = Application(
        broker_address=os.environ["BENCH_BROKER"],
        consumer_group=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
        state_dir=os.environ["BENCH_DIR"],
        commit_interval=1.0,
        loglevel="WARNING",
    )
    posts = app.topic(
        os.environ["BENCH_POSTS"],
        key_deserializer="str",
        value_deserializer="json",
        timestamp_extractor=lambda value, *_: value["created_at_ms"],
    )
    counts = app.topic(
        os.environ["BENCH_COUNTS"],
        key_serializer="str",
        value_serializer="json",
        config=TopicConfig(num_partitions=1, replication_factor=1),
    )
    stream = app.dataframe(posts).filter(is_post)
    minute, grace = timedelta(minutes=1), timedelta(seconds=30)
    if os.environ["BENCH_JOB"] == "bare":
        windows = stream.tumbling_window(minute, grace_ms=grace).count()
    else:
        windows = (
            stream.apply(annotator())
            .tumbling_window(minute, grace_ms=grace)
            .reduce(reducer=add, initializer=lambda first: add({}, first))
        )
    results = windows.final() if os.environ["BENCH_EMIT"] == "final" else windows.current()
    results.to_topic(counts)
    app.run()


if __name__ == "__main__":
    main()
