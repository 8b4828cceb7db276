"""Talk to the broker of a test: names that do not collide, write, read all, wait for a condition."""

import asyncio
import inspect
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from sandik.kafka.record_times import alter
from sandik.settings import Settings

#: (key, value, partition, timestamp_ms); None lets the producer choose partition or time.
NewRecord = tuple[bytes | None, bytes | None, int | None, int | None]


def unique_prefix() -> str:
    """Return a prefix for topic and group names: the broker is shared by all tests of a session."""
    return f"t{uuid.uuid4().hex[:10]}-"


async def create_topic(
    bootstrap: str, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None
) -> None:
    """Create the topic and return when every partition has a leader."""
    async with admin_of(bootstrap) as admin:
        answer = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=dict(config or {}))])
        errors = [error for error in answer.topic_errors if error[1] != 0]
        assert not errors, errors

        async def all_have_leaders() -> bool:
            return len(await _led_partitions(admin, topic)) == partitions

        await wait_until(all_have_leaders, 30, f"all partitions of {topic} have leaders")


async def configure(bootstrap: str, topic: str, config: Mapping[str, str]) -> None:
    """Set these settings of the topic, and leave all others."""
    await alter(Settings(broker=bootstrap), {topic: config})


async def produce(bootstrap: str, topic: str, records: Iterable[NewRecord]) -> list[int]:
    """Write the records in their order; return their offsets once the broker has them all."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        sent = [
            await producer.send(topic, value, key, partition, timestamp_ms)
            for key, value, partition, timestamp_ms in records
        ]
        return [(await acknowledgement).offset for acknowledgement in sent]


async def read_topic(bootstrap: str, topic: str) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    """Return every record from the beginning to the end of now, partition by partition in offset order."""
    async with admin_of(bootstrap) as admin:
        partitions = await _led_partitions(admin, topic)
    assert partitions, f"no topic {topic}"
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        records: list[ConsumerRecord[bytes | None, bytes | None]] = []
        # By position, not by records seen: compaction and transactions leave holes in the offsets.
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, batch in (await consumer.getmany(timeout_ms=200)).items():
                records += [record for record in batch if record.offset < ends[partition]]
        return sorted(records, key=lambda record: (record.partition, record.offset))


async def has_records(settings: Settings, topic: str, count: int) -> bool:
    """Say whether the topic of that name has at least so many records."""
    return len(await read_topic(settings.broker, settings.topic(topic))) >= count


async def end_offsets(bootstrap: str, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return ends


async def delete_records(bootstrap: str, topic: str, ends: Mapping[int, int]) -> None:
    """Delete what is before these offsets, by partition, as the retention would."""
    async with admin_of(bootstrap) as admin:
        await admin.delete_records(
            {TopicPartition(topic, number): RecordsToDelete(end) for number, end in ends.items()}
        )


async def delete_topic(bootstrap: str, topic: str) -> None:
    async with admin_of(bootstrap) as admin:
        await admin.delete_topics([topic])

        async def is_gone() -> bool:
            return topic not in await admin.list_topics()

        await wait_until(is_gone, 30, f"{topic} is deleted")


async def topic_names(bootstrap: str) -> set[str]:
    """Return the names of all topics there are."""
    async with admin_of(bootstrap) as admin:
        return set(await admin.list_topics())


async def group_names(bootstrap: str) -> set[str]:
    async with admin_of(bootstrap) as admin:
        return {name for name, *_ in await admin.list_consumer_groups()}


async def wait_until(condition: Callable[[], bool | Awaitable[bool]], deadline_s: float, what: str) -> None:
    """Return as soon as the condition holds; fail the test, naming `what`, if it does not in time."""
    give_up_at_s = time.monotonic() + deadline_s
    while True:
        holds = condition()
        if await holds if inspect.isawaitable(holds) else holds:
            return
        assert time.monotonic() < give_up_at_s, f"not within {deadline_s} s: {what}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def admin_of(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _led_partitions(admin: AIOKafkaAdminClient, topic: str) -> list[TopicPartition]:
    [found] = await admin.describe_topics([topic])
    return [TopicPartition(topic, part["partition"]) for part in found["partitions"] if part["leader"] >= 0]
