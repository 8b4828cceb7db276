"""`sandik partitions`: list and resume partitions that are paused because too many records were rejected."""

import asyncio
import sys
from collections.abc import Collection
from typing import NamedTuple

from aiokafka import TopicPartition

from sandik.clock import Clock, SystemClock
from sandik.counting.control_state import ControlState
from sandik.counting.decode import decode_all
from sandik.counting.labels import iso
from sandik.errors import UsageError
from sandik.kafka.consumer import consuming
from sandik.kafka.control_topic import read_control, write_control
from sandik.kafka.log_identity import bounds
from sandik.kafka.ranges import read_slice
from sandik.kafka.topics import POSTS, POSTS_DLQ
from sandik.printing import print_json
from sandik.settings import Settings
from sandik_schemas.control import Paused, Resume


class Resumed(NamedTuple):
    """A resumed partition: `skipped` records before `next_good` (None: before `end`) are rejected."""

    partition: int
    paused_at: int
    next_good: int | None
    skipped: int
    end: int


def run_paused(settings: Settings, *, json: bool) -> None:
    """Print the partitions that are paused."""
    paused = _paused(asyncio.run(read_control(settings)))
    if json:
        print_json(paused)
        return
    for one in paused:
        sys.stdout.write(
            f"partition {one.partition} is paused at offset {one.offset} since {iso(one.since_ms)}: "
            f"{one.reason}\n"
        )
    if not paused:
        sys.stdout.write("no partition is paused\n")


def run_resume(settings: Settings, partitions: Collection[int], *, json: bool) -> None:
    """Let the workers continue at the next valid record of each partition; of all paused ones by default.

    Raises:
        UsageError: a partition is not paused.
        BrokerError: Kafka does not answer, or denies it.
    """
    resumed = asyncio.run(_resume(settings, partitions, SystemClock()))
    if json:
        print_json([one._asdict() for one in resumed])
        return
    dead_letters = settings.topic(POSTS_DLQ)
    for one in resumed:
        continues = (
            "there is no valid record after them yet"
            if one.next_good is None
            else f"counting continues at offset {one.next_good}"
        )
        sys.stdout.write(
            f"partition {one.partition}: {one.skipped} rejected records from offset {one.paused_at} go to "
            f"{dead_letters}; {continues}\n"
        )
    if not resumed:
        sys.stdout.write("no partition is paused\n")


def _paused(state: ControlState) -> list[Paused]:
    """Return the partitions that the owner's workers have paused, in order."""
    group = state.owner.group if state.owner else None
    found = [one for one in state.paused.values() if one.group == group]
    return sorted(found, key=lambda one: one.partition)


async def _resume(settings: Settings, partitions: Collection[int], clock: Clock) -> list[Resumed]:
    state = await read_control(settings)
    paused = {one.partition: one for one in _paused(state)}
    if others := sorted(set(partitions) - paused.keys()):
        raise UsageError(
            f"partition {others[0]} is not paused: `sandik partitions paused` lists the paused ones"
        )
    resumed = []
    for partition in sorted(partitions or paused):
        one = paused[partition]
        found = await _next_good(settings, one)
        # If the share of rejected records was too high, the partition may be paused at a valid record.
        until = max(one.offset + 1, found.end if found.next_good is None else found.next_good)
        await write_control(settings, Resume(one.group, partition, until, clock.now_ms()))
        resumed.append(found)
    return resumed


async def _next_good(settings: Settings, paused: Paused) -> Resumed:
    topic = settings.topic(POSTS)
    end = (await bounds(settings, topic, [paused.partition]))[paused.partition].end
    skipped = 0
    async with consuming(settings) as consumer:
        tp = TopicPartition(topic, paused.partition)
        async for records in read_slice(consumer, tp, paused.offset, end):
            values, timestamps = [one.value for one in records], [one.timestamp for one in records]
            decoded = decode_all(values, timestamps, settings.max_ahead_ms)
            first = decoded.at[0] if decoded.posts else len(records)
            skipped += sum(one.records for at, one in decoded.rejected if at < first)
            if decoded.posts:
                return Resumed(paused.partition, paused.offset, records[first].offset, skipped, end)
    return Resumed(paused.partition, paused.offset, None, skipped, end)
