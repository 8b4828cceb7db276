"""What the consumer tells of its health. Read from other threads, and never waits."""

from typing import Any

from aiokafka import TopicPartition
from faust.types import TP

from sandik.worker.engine.reader import Reader


def has_coordinator(reader: Reader) -> bool:
    """Say whether the broker that coordinates the group is known, and has answered lately.

    aiokafka forgets it when it cannot be reached, or has not answered for a session. It tells nobody, so this
    looks into it; where it has other insides, whoever asks hears that all is well.
    """
    client: Any = reader.started_consumer
    if client is None:
        return False
    coordinator = getattr(client, "_coordinator", None)
    return coordinator is None or getattr(coordinator, "coordinator_id", -1) is not None


def lag_records(reader: Reader, tp: TP, next_offset: int) -> int | None:
    """Return how many records from `next_offset` on are not counted; None while that is not known.

    By the end that came with the last fetch: Kafka is not asked.
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
