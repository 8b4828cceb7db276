"""Checks of `sandik doctor`: the run that owns the topics, and the posts that it has counted."""

from collections.abc import AsyncIterator

from aiokafka import TopicPartition

from sandik.counting.control_state import ControlState
from sandik.counting.job import Job
from sandik.counting.labels import iso
from sandik.errors import StateError, TopicError
from sandik.kafka.consumer import consuming
from sandik.kafka.control_topic import read_control
from sandik.kafka.log_identity import ADVICE, bounds, bounds_of_counted
from sandik.kafka.ranges import read_slice
from sandik.kafka.run_claims import refusal
from sandik.kafka.topics import PARTIALS, POSTS, decoded, partitions_or_none
from sandik.ops.findings import Finding
from sandik.run_identity import application_id
from sandik.settings import Settings
from sandik_schemas.partial import PartitionClock, decode_partial

#: How many of the newest records of `partials` are read. An idle partition repeats its clock.
TAIL = 20_000


async def owner(settings: Settings, job: Job) -> AsyncIterator[Finding]:
    """Check whether this run may count, which partitions are paused, and whether `posts` was recreated.

    Raises:
        BrokerError: Kafka does not answer.
    """
    try:
        control = await read_control(settings)
    except TopicError:  # it is missing: another finding says so
        return
    yield _claimed(settings, job, control)
    for one in control.paused.values():
        if control.owner and one.group == control.owner.group:
            yield Finding(
                "error",
                f"partition {one.partition}",
                f"is paused at offset {one.offset} since {iso(one.since_ms)}: {one.reason}",
                f"fix the program that writes it, then run `sandik partitions resume {one.partition}`",
            )
    names = settings.topic(POSTS), settings.topic(PARTIALS)
    partitions, there = [await partitions_or_none(settings, name) for name in names]
    if control.owner and partitions and there:  # else one is missing: another finding says so
        yield await _same_posts(settings, control.owner.run_id, partitions)


def _claimed(settings: Settings, job: Job, control: ControlState) -> Finding:
    found = control.owner
    if found is None:
        return Finding("ok", "run", "no run owns the topics yet: the run of the first worker will")
    if found.group != application_id(settings, job):
        return Finding("error", "run", refusal(settings, job, found))
    if found.state == "replacing":
        message = "`sandik runs replace` has not finished, so no worker may count"
        return Finding("error", "run", message, "run it again to finish it")
    since = f"generation {found.generation}, since {iso(found.claimed_at_ms)}"
    return Finding("ok", "run", f"{found.run_id} owns the topics ({since})")


async def _same_posts(settings: Settings, run_id: str, partitions: int) -> Finding:
    topic = settings.topic(POSTS)
    clocks = await _newest_clocks(settings, run_id)
    if any(clock.partition >= partitions for clock in clocks):
        message = (
            f"topic {topic} was recreated: it has {partitions} of the partitions that were counted. {ADVICE}"
        )
        return Finding("error", "counted posts", message)
    try:
        await bounds_of_counted(settings, topic, {clock.partition for clock in clocks}, clocks)
    except StateError as error:
        return Finding("error", "counted posts", str(error))
    return Finding("ok", "counted posts", f"{topic} has the counts of {len(clocks)} partitions")


async def _newest_clocks(settings: Settings, run_id: str) -> list[PartitionClock]:
    tp = TopicPartition(settings.topic(PARTIALS), 0)
    log = (await bounds(settings, tp.topic, [0]))[0]
    clocks: dict[int, PartitionClock] = {}
    async with consuming(settings) as consumer:
        async for records in read_slice(consumer, tp, max(log.earliest, log.end - TAIL), log.end):
            for record in records:
                partial = decoded(record, decode_partial)
                if isinstance(partial, PartitionClock) and partial.run_id == run_id:
                    known = clocks.get(partial.partition)
                    if known is None or partial.offset >= known.offset:
                        clocks[partial.partition] = partial
    return [*clocks.values()]
