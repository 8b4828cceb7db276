"""What only the consumer's insides tell of its health. Read from other threads, and never waits."""

from typing import Any

from aiokafka import TopicPartition
from faust.types import TP


def has_coordinator(consumer: Any) -> bool:
    """Say whether the broker that coordinates the group is known, and has answered lately.

    aiokafka forgets it when it cannot be reached, or has not answered for a session.
    """
    client = consumer._thread._consumer
    coordinator = client and client._coordinator  # None while it starts
    return bool(coordinator) and coordinator.coordinator_id is not None


def committed(consumer: Any, tp: TP) -> int | None:
    """Return the offset that was committed last, or where reading began; None before that."""
    offset: int | None = consumer.committed.get(tp)
    return offset


def lag_records(consumer: Any, tp: TP, next_offset: int) -> int | None:
    """Return how many records from `next_offset` on are not counted; None while that is not known.

    By the end that came with the last fetch: Kafka is not asked.
    """
    client = consumer._thread._consumer
    subscription = client and client._subscription.subscription
    if not subscription or not subscription.assignment:
        return None
    partition = TopicPartition(tp.topic, tp.partition)
    if partition not in subscription.assignment.tps:
        return None
    state = subscription.assignment.state_value(partition)
    if state.highwater is None or not state.has_valid_position:
        return None
    # Marks of transactions have offsets, too: once all that was handed over is counted, what was read is.
    is_counted = consumer._thread.handed_over.get(tp, -1) < next_offset
    reached = max(next_offset, state.position) if is_counted else next_offset
    lag: int = max(0, state.highwater - reached)
    return lag
