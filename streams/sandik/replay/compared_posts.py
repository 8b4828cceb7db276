"""The posts behind a difference: annotates the same posts by two sets of rules."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
from aiokafka import TopicPartition

from sandik.counting.decode import decode
from sandik.counting.job import Annotation, SourceRecord
from sandik.errors import StateError
from sandik.kafka.consumer import consuming
from sandik.kafka.ranges import read_slice
from sandik.replay.local_log import check_inputs, open_all, read_spooled, spool
from sandik.replay.offsets import check_held
from sandik.replay.plan import Plan
from sandik.settings import Settings
from sandik_schemas.post import Post

_AT_ONCE = 2_000


class Said(msgspec.Struct, frozen=True):
    """Language, terms and tags of a post in one run."""

    language: str
    tags: tuple[str, ...]
    terms: tuple[str, ...]


class Example(msgspec.Struct, frozen=True):
    """A post that the two runs annotate differently, and its place in `posts` or in the spooled files."""

    id: str
    created_at_ms: int
    source_partition: int
    source_offset: int
    text: str
    before: Said
    after: Said


class Window(NamedTuple):
    """Half-open, in ms UTC."""

    start_ms: int
    end_ms: int


async def posts_of(
    plan: Plan, windows: set[Window], settings: Settings
) -> AsyncGenerator[list[tuple[int, int, Post]], None]:
    """Yield the posts of these windows with their partition and offset, in the order they are read.

    Raises:
        StateError: the log no longer has the posts, or a file has changed.
    """
    async with aclosing(records_of(plan, settings)) as batches:
        async for records in batches:
            yield _posts_in(records, plan.rules.max_ahead_ms, windows)


async def records_of(
    plan: Plan, settings: Settings
) -> AsyncGenerator[tuple[int, Sequence[SourceRecord]], None]:
    """Yield the records of a replay, partition by partition, in order.

    Raises:
        BrokerError: Kafka does not answer.
        StateError: the log no longer has them, or a file has changed.
    """
    if plan.topic is None:
        check_inputs(plan.inputs)
        with TemporaryDirectory() as name:
            slices, _ = spool(open_all(plan.inputs, plan.reading), Path(name), plan.partitions, plan.reading)
            for one in slices:
                async for lines in read_spooled(
                    Path(name), one.partition, 0, plan.ingested_at_ms or 0, _AT_ONCE
                ):
                    yield one.partition, lines
        return
    await check_held(settings, plan.topic, plan.slices)
    async with consuming(settings) as consumer:
        for one in plan.slices:
            tp = TopicPartition(plan.topic, one.partition)
            async with aclosing(read_slice(consumer, tp, one.start, one.end, _AT_ONCE)) as batches:
                async for records in batches:
                    yield one.partition, records


def _posts_in(
    read: tuple[int, Sequence[SourceRecord]], max_ahead_ms: int, windows: set[Window]
) -> list[tuple[int, int, Post]]:
    partition, records = read
    sizes = {window.end_ms - window.start_ms for window in windows}
    if len(sizes) != 1:
        raise StateError("both files must have the same window size")
    [size_ms] = sizes
    found = []
    for record in records:
        post = decode(record.value, record.timestamp, max_ahead_ms)
        if isinstance(post, Post) and post.op == "create":
            start_ms = post.created_at_ms - post.created_at_ms % size_ms
            if Window(start_ms, start_ms + size_ms) in windows:
                found.append((partition, record.offset, post))
    return found


def said(annotation: Annotation) -> Said:
    """Return the annotation as `Said`."""
    return Said(annotation.language.code, annotation.tags, tuple(term.term for term in annotation.terms))
