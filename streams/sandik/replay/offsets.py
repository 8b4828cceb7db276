"""A range of times -> the offsets to read, looked up once, so that a replay ends."""

from typing import NamedTuple

from aiokafka import TopicPartition

from sandik.errors import StateError, TopicError
from sandik.kafka.consumer import consuming
from sandik.kafka.ranges import Slice, first_at, first_record
from sandik.kafka.topics import POSTS, check_there, connected, partition_count, partitions_of
from sandik.replay.plan import By
from sandik.settings import Settings


class Resolved(NamedTuple):
    """The slices, and the event time from which windows are complete (None: all are)."""

    slices: list[Slice]
    whole_from_ms: int | None


async def resolve(settings: Settings, by: By, from_ms: int | None, to_ms: int | None) -> Resolved:
    """Return which offsets of `posts` a range needs.

    By record time: from the first record at or after `from_ms` up to the first one at or after `to_ms`.

    By event time: posts more than `max_ahead_ms` ahead of their record's timestamp are rejected. So all
    records before `from_ms - max_ahead_ms` belong to windows before the range, and cannot move the clock into
    it, so they do not make posts of the range late. Reading from there gives the same counts as reading from
    the beginning. The end is that of the log; counting stops when the partition's clock is past the range.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: the topic does not exist.
    """
    topic = settings.topic(POSTS)
    partitions = await partition_count(settings, topic)
    needed_ms = None if from_ms is None else from_ms - (settings.max_ahead_ms if by == "event" else 0)
    slices, whole_from_ms = [], []
    async with consuming(settings) as consumer:
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        starts, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        for tp in tps:
            start, end = starts[tp], ends[tp]
            if needed_ms is not None:
                start = await first_at(consumer, tp, needed_ms, start, end)
            if by == "record" and to_ms is not None:
                end = await first_at(consumer, tp, to_ms, start, end)
            slices.append(Slice(tp.partition, start, end))
            is_cut = start > 0 and (by == "record" or start == starts[tp])
            if is_cut and (first := await first_record(consumer, tp, start, end)):
                whole_from_ms.append(first.timestamp + settings.max_ahead_ms)
    whole = max(whole_from_ms, default=None)
    if whole is not None and by == "event" and from_ms is not None and whole <= from_ms:
        whole = None
    return Resolved(slices, whole)


async def check_held(settings: Settings, topic: str, slices: list[Slice]) -> None:
    """Raise StateError if the log does not have the slices any more, TopicError if there is no log."""
    async with connected(settings) as admin:
        found = await partitions_of(admin, [topic])
        await check_there(settings, [topic], found)
        partitions = found[topic]
    async with consuming(settings) as consumer:
        for one in slices:
            tp = TopicPartition(topic, one.partition)
            if one.partition >= partitions:
                raise TopicError(f"topic {topic} has no partition {one.partition}: it was recreated")
            if one.start == one.end:
                continue
            earliest = (await consumer.beginning_offsets([tp]))[tp]
            end = (await consumer.end_offsets([tp]))[tp]
            if not earliest <= one.start <= one.end <= end:
                raise StateError(
                    f"topic {topic}, partition {one.partition}: the log has offsets {earliest} to {end} "
                    f"and no longer {one.start} to {one.end}: posts were deleted, or the topic was "
                    "recreated"
                )
