"""How far a run has counted: the clocks of its partitions, from Kafka.

Reads the newest records: those of `partials` have the clocks, those of `posts` are not counted yet.
"""

from collections.abc import Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from sandik.counting.decode import decode
from sandik.ingest.post_times.expected_late import Rules
from sandik.kafka.clocks import clock_in
from sandik.kafka.connection import let_go
from sandik.kafka.consumer import consumer_of, newest_records
from sandik_schemas.partial import PartitionClock
from sandik_schemas.post import Post

#: How many of the newest records are read: of each partition of `posts`, and of `partials`.
NEWEST_POSTS, NEWEST_PARTIALS = 20, 2_000


async def clocks_of(
    connection: Mapping[str, Any], posts: str, partials: str | None, rules: Rules
) -> dict[int, int]:
    """Return the event time that each partition has reached, for partitions where it is known.

    Empty if this user may only write: late posts are then predicted as for a new run.
    """
    tps = [TopicPartition(posts, partition) for partition in range(rules.partitions)]
    limits = dict.fromkeys(tps, NEWEST_POSTS)
    if partials is not None:
        limits[TopicPartition(partials, 0)] = NEWEST_PARTIALS
    clocks, clocks_ms = Clocks(), dict[int, int]()
    consumer = consumer_of(connection)
    try:
        await consumer.start()
        async for record in newest_records(consumer, limits):
            if record.topic == partials:
                clocks.take(record)
                continue
            at_ms = _reached_ms(record, rules)
            if at_ms is not None:
                clocks_ms[record.partition] = max(at_ms, clocks_ms.get(record.partition, at_ms))
    except KafkaError:
        return {}
    finally:
        await let_go(consumer)
    for at, clock in clocks.furthest.items():
        if clock.clock_ms is not None:
            clocks_ms[at] = max(clock.clock_ms, clocks_ms.get(at, clock.clock_ms))
    return clocks_ms


class Clocks:
    """The furthest clock of each partition of the run that wrote last, from records of `partials`."""

    def __init__(self) -> None:
        self.furthest: dict[int, PartitionClock] = {}

    def take(self, record: ConsumerRecord) -> None:
        """Apply the next record. Records of windows are ignored."""
        clock = clock_in(record)
        if clock is None:
            return
        if any(known.run_id != clock.run_id for known in self.furthest.values()):
            self.furthest = {}
        known = self.furthest.get(clock.partition)
        if known is None or known.offset <= clock.offset:
            self.furthest[clock.partition] = clock


def _reached_ms(record: ConsumerRecord, rules: Rules) -> int | None:
    post = decode(record.value, record.timestamp, rules.max_ahead_ms)
    if not isinstance(post, Post) or post.op not in ("create", "close"):
        return None
    return post.created_at_ms if post.op == "create" else rules.timing.clock_ms(post.created_at_ms)
