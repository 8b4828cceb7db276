"""What `sandik doctor` must write or read to know: the time it is for Kafka, and the newest posts."""

import uuid
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from streams.clock import Clock
from streams.connection import client_options, let_go
from streams.ops.examine import Finding, Level, clock_skew
from streams.settings import Settings
from streams.steps.decode import Rejected, decode
from streams.topics import POSTS, connected, partitions_of

#: How many of the newest posts of each partition are read.
SAMPLE = 20


async def compare_clocks(admin: AIOKafkaAdminClient, settings: Settings, clock: Clock) -> Finding:
    """Write to a topic, made for this and deleted again, whose records get Kafka's own time."""
    name = f"{settings.topic_prefix}doctor-{uuid.uuid4().hex[:8]}"
    new = NewTopic(name, 1, 1, topic_configs={"message.timestamp.type": "LogAppendTime"})
    try:
        answer = await admin.create_topics([new])
        for _, code, *_ in answer.topic_errors:
            if code:
                return _not_compared(for_code(code).__name__)
        try:
            return clock_skew(await _asked(settings, name, clock), settings.max_ahead_ms)
        finally:
            await admin.delete_topics([name])
    except KafkaError as error:
        return _not_compared(str(error))


def _not_compared(reason: str) -> Finding:
    return Finding("warning", "clocks", f"not compared: {reason}", "allow topics doctor-* to be made")


async def _asked(settings: Settings, name: str, clock: Clock) -> list[tuple[int, int]]:
    producer = AIOKafkaProducer(**client_options(settings))
    await producer.start()
    try:
        await producer.send_and_wait(name, b"the first one waits for the topic")
        found = []
        for _ in range(3):
            before_ms = clock.now_ms()
            written = await producer.send_and_wait(name, b"what time is it?")
            after_ms = clock.now_ms()
            found.append((written.timestamp - (before_ms + after_ms) // 2, after_ms - before_ms))
        return found
    finally:
        await producer.stop()


async def newest_posts(settings: Settings) -> AsyncIterator[Finding]:
    """Say whether the newest records of `posts` are posts."""
    name = settings.topic(POSTS)
    async with connected(settings) as admin:
        partitions = (await partitions_of(admin, [name])).get(name, 0)
    if not partitions:
        return
    tps = [TopicPartition(name, partition) for partition in range(partitions)]
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(tps)
        ends, starts = await consumer.end_offsets(tps), await consumer.beginning_offsets(tps)
        for tp in tps:
            consumer.seek(tp, max(starts[tp], ends[tp] - SAMPLE))
        read, rejected = 0, []
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                read += len(records)
                for one in records:
                    decoded = decode(one.value, one.timestamp, settings.max_ahead_ms)
                    if isinstance(decoded, Rejected):
                        rejected.append(f"partition {one.partition}, offset {one.offset}: {decoded.reason}")
    finally:
        await let_go(consumer)
    if not rejected:
        yield Finding("ok", "schema", f"the newest {read} records of {name} are posts")
        return
    message = f"{len(rejected)} of the newest {read} records of {name} are no posts, as {rejected[-1]}"
    level: Level = "error" if len(rejected) == read else "warning"
    yield Finding(level, "schema", message, "see `sandik schemas post`; mend what writes them")
