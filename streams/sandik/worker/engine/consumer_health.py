"""The consumer's health. Other threads call this, and it never waits."""

from typing import Any

from aiokafka import TopicPartition
from faust.types import TP

from sandik.worker.engine.reader import Reader


def has_coordinator(reader: Reader) -> bool:
    """Return whether the broker that coordinates the group is known and has answered lately.

    aiokafka drops the coordinator when it cannot reach it, or when a session passes without an answer. No
    public method says so: this reads a private attribute, and returns True where that does not exist.
    """
    client: Any = reader.started_consumer
    if client is None:
        return False
    coordinator = getattr(client, "_coordinator", None)
    return coordinator is None or getattr(coordinator, "coordinator_id", -1) is not None


def lag_records(reader: Reader, tp: TP, next_offset: int) -> int | None:
    """Return how many records from `next_offset` on are not counted yet; None while unknown.

    Uses the end offset of the last fetch: Kafka is not asked.
    """
    client = reader.started_consumer
    if client is None or TopicPartition(*tp) not in client.assignment():
        return None
    highwater: int | None = client.highwater(TopicPartition(*tp))
    if highwater is None:
        return None
    # Marks of transactions have offsets, too: once all that was handed over is counted, what was read is.
    is_counted = reader.handed_over.get(tp, -1) < next_offset
    reached = max(next_offset, reader.reached.get(tp, 0)) if is_counted else next_offset
    return max(0, highwater - reached)
