"""The counted posts of a plan, with languages and tags: reads the posts again.

Late posts, duplicates and invalid records are left out, so sums over these posts equal the counts.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import msgspec

from sandik.clock import SystemClock
from sandik.counting.decode import decode
from sandik.counting.fold import ALL, Group, cell_tags
from sandik.counting.job import Annotation, Counted, Job, SourceRecord
from sandik.counting.partition_counter import PartitionCounter
from sandik.figures.language_names import check_known
from sandik.kafka.ranges import Slice
from sandik.kafka.topics import POSTS
from sandik.progress import progress
from sandik.replay.compared_posts import records_of
from sandik.replay.local_log import inputs_of
from sandik.replay.manifest import load, manifest_path
from sandik.replay.offsets import resolve
from sandik.replay.plan import Plan, Rules
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.post import Post

_AT_ONCE = 1_000
#: The end of a slice of a file that was not read yet.
_OPEN_END = 2**62


class CountedPost(NamedTuple):
    """A counted post, its place in `posts` or in the files, its language, terms and tags.

    `group`: its language, and the tags of its cells.
    """

    partition: int
    offset: int
    post: Post
    annotation: Annotation
    group: Group


def check_tag(tag: str, job: Job) -> None:
    """Raise UsageError for a tag that the job's lexicon does not have, such as a misspelt one."""
    tagger = job.tagger
    check_known("--tag", frozenset((tag,)), {ALL, *tagger.tag_names, *(pair.name for pair in tagger.pairs)})


def plan_of(names: Sequence[str], from_ms: int | None, to_ms: int | None, settings: Settings) -> Plan:
    """Return the plan for counts of a replay (from their manifest), for files of posts, or for `posts`.

    Raises:
        UsageError: the file does not exist, or its manifest cannot be used.
        SandikError: Kafka or the topic is unavailable.
    """
    if len(names) == 1 and (beside := manifest_path(Path(names[0]))).exists():
        plan = load(beside).plan
        return msgspec.structs.replace(
            plan,
            from_ms=_latest(plan.from_ms, from_ms),
            to_ms=_earliest(plan.to_ms, to_ms),
            by="event" if (from_ms, to_ms) != (None, None) else plan.by,
        )
    rules = Rules.of(settings, load_job(settings))
    if not names:
        slices, _ = asyncio.run(resolve(settings, "event", from_ms, to_ms))
        topic = settings.topic(POSTS)
        return Plan(
            rules=rules,
            by="event",
            from_ms=from_ms,
            to_ms=to_ms,
            finals_only=False,
            partitions=len(slices),
            slices=slices,
            topic=topic,
            broker=settings.broker,
        )
    return Plan(
        rules,
        "event",
        from_ms,
        to_ms,
        finals_only=False,
        partitions=settings.partitions,
        slices=[Slice(partition, 0, _OPEN_END) for partition in range(settings.partitions)],
        inputs=inputs_of(names),
        reading={"order": "time"},
        ingested_at_ms=SystemClock().now_ms(),
    )


class CountedBatch(NamedTuple):
    """Records of one partition, what counting them gave, and the counter."""

    records: Sequence[SourceRecord]
    counted: Counted
    counter: PartitionCounter


async def counted_again(
    plan: Plan, settings: Settings, job: Job, tell: Callable[[int], None]
) -> AsyncGenerator[CountedBatch, None]:
    """Count all records of the plan again, in batches. `tell` gets how many records were read.

    Raises:
        StateError: the log no longer has the posts, or a file has changed.
    """
    ends = {one.partition: one.end for one in plan.slices}
    counters: dict[int, PartitionCounter] = {}
    async with aclosing(records_of(plan, settings)) as batches:
        async for partition, batch in batches:
            counter = counters.setdefault(partition, PartitionCounter.begin(job, partition))
            for start in range(0, len(batch), _AT_ONCE):
                records = [one for one in batch[start : start + _AT_ONCE] if one.offset < ends[partition]]
                tell(len(records))
                if records:
                    counted = counter.count(records)
                    counter.take(counted)
                    counter.settle()
                    yield CountedBatch(records, counted, counter)


def each_counted(
    plan: Plan, settings: Settings, job: Job, take: Callable[[list[CountedPost]], object]
) -> None:
    """Hand the posts of the plan's windows to `take`, batch by batch. `job` is that of the plan's rules.

    Raises:
        SandikError: Kafka is unavailable, the log no longer has the posts, or a file has changed.
    """

    async def read() -> None:
        with progress("posts") as bar:
            async with aclosing(counted_again(plan, settings, job, bar.advance)) as batches:
                async for batch in batches:
                    take(_posts_of(batch, plan))

    asyncio.run(read())


def _posts_of(batch: CountedBatch, plan: Plan) -> list[CountedPost]:
    """Return the posts of a batch that are in the counts of the plan's windows."""
    records, counted, counter = batch
    changes = counted.changes
    uncounted = {late.offset for late in changes.late}.union(changes.duplicate_offsets)
    posts = [
        (record.offset, post)
        for record in records
        if record.offset not in uncounted
        and isinstance(post := decode(record.value, record.timestamp, plan.rules.max_ahead_ms), Post)
        and _is_counted(post, plan)
    ]
    annotations = counter.job.annotate(
        [post.text for _, post in posts],
        [post.lang_hint for _, post in posts],
        times_ms=[post.created_at_ms for _, post in posts],
    )
    partition, pairs = counter.state.clock.partition, counter.job.tagger.pairs
    found = []
    for (offset, post), annotation in zip(posts, annotations, strict=True):
        is_apart = plan.rules.reposts == "apart" and post.repost_of is not None
        tags = cell_tags(annotation.tags, pairs, is_apart=is_apart)
        found.append(CountedPost(partition, offset, post, annotation, (annotation.language.code, tags)))
    return found


def _is_counted(post: Post, plan: Plan) -> bool:
    if post.op != "create" or (post.repost_of is not None and plan.rules.reposts == "exclude"):
        return False
    return plan.wants(post.created_at_ms - post.created_at_ms % plan.rules.window_size_ms)


def _latest(one: int | None, other: int | None) -> int | None:
    return max((ms for ms in (one, other) if ms is not None), default=None)


def _earliest(one: int | None, other: int | None) -> int | None:
    return min((ms for ms in (one, other) if ms is not None), default=None)
