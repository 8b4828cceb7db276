"""The clocks of partitions, in records of `partials`."""

import msgspec
from aiokafka import ConsumerRecord

from sandik_schemas.partial import PartitionClock, decode_partial


def clock_in(record: ConsumerRecord) -> PartitionClock | None:
    """Return the clock in a record; None for a record of a window, a tombstone, or one of another version."""
    if record.value is None or not (record.key or b"").endswith(b"|clock"):
        return None
    try:
        clock = decode_partial(record.value)
    except msgspec.MsgspecError:
        return None
    return clock if isinstance(clock, PartitionClock) else None
