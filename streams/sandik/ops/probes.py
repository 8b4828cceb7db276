"""Checks of `sandik doctor` that write or read records: Kafka's time, and the newest posts."""

import uuid
from collections.abc import AsyncIterator
from operator import attrgetter

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from sandik.clock import Clock, Skew
from sandik.counting.decode import Rejected, decode
from sandik.kafka.connection import client_options
from sandik.kafka.consumer import consuming, newest_records
from sandik.kafka.topics import APPEND_TIME, POSTS, connected, partitions_of
from sandik.ops.findings import Finding, Level, clock_skew
from sandik.settings import Settings

#: How many of the newest posts of each partition are read.
SAMPLE = 20


async def compare_clocks(admin: AIOKafkaAdminClient, settings: Settings, clock: Clock) -> Finding:
    """Return the finding about the difference between Kafka's clock and this machine's."""
    try:
        return clock_skew(await measure_skew(admin, settings, clock), settings.max_ahead_ms)
    except KafkaError as error:
        return Finding(
            "warning", "clocks", f"not compared: {error}", "grant the right to create doctor-* topics"
        )


async def measure_skew(admin: AIOKafkaAdminClient, settings: Settings, clock: Clock) -> Skew:
    """Ask Kafka for its time, three times. The quickest answer is the most exact.

    Creates a topic whose records get Kafka's own time, writes to it, and deletes it.

    Raises:
        KafkaError: that is not allowed, or Kafka does not answer.
    """
    name = f"{settings.topic_prefix}doctor-{uuid.uuid4().hex[:8]}"
    answer = await admin.create_topics([NewTopic(name, 1, 1, topic_configs=dict(APPEND_TIME))])
    for _, code, *_ in answer.topic_errors:
        if code:
            raise for_code(code)
    try:
        return min(await _asked(settings, name, clock), key=attrgetter("took_ms"))
    finally:
        await admin.delete_topics([name])


async def _asked(settings: Settings, name: str, clock: Clock) -> list[Skew]:
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        await producer.send_and_wait(name, b"the first one waits for the topic")
        found = []
        for _ in range(3):
            before_ms = clock.now_ms()
            written = await producer.send_and_wait(name, b"what time is it?")
            found.append(Skew.of(before_ms, written.timestamp, clock.now_ms()))
        return found


async def newest_posts(settings: Settings) -> AsyncIterator[Finding]:
    """Return the finding about the newest records of `posts`: whether they are posts."""
    name = settings.topic(POSTS)
    async with connected(settings) as admin:
        partitions = (await partitions_of(admin, [name])).get(name, 0)
    if not partitions:
        return
    limits = {TopicPartition(name, partition): SAMPLE for partition in range(partitions)}
    read, rejected = 0, []
    async with consuming(settings) as consumer:
        async for one in newest_records(consumer, limits):
            read += 1
            decoded = decode(one.value, one.timestamp, settings.max_ahead_ms)
            if isinstance(decoded, Rejected):
                rejected.append(f"partition {one.partition}, offset {one.offset}: {decoded.reason}")
    if not rejected:
        yield Finding("ok", "schema", f"the newest {read} records of {name} are posts")
        return
    message = f"{len(rejected)} of the newest {read} records of {name} are not posts, as {rejected[-1]}"
    level: Level = "error" if len(rejected) == read else "warning"
    yield Finding(level, "schema", message, "see `sandik schemas post`, and fix the program that writes them")
