"""Counts as they stand in `counts` and the topics beside it, live and replayed."""

from typing import NamedTuple

import msgspec
import orjson

from sandik_schemas.count import Count
from sandik_schemas.term import TermCount


class CountRecord(NamedTuple):
    """A record of these topics. Without a value it removes the count of that key."""

    key: bytes
    value: bytes | None
    timestamp_ms: int | None


def record_of(count: Count | TermCount, key: bytes | None = None) -> CountRecord:
    """Return the record of a count; `key`: where it is not that of a tumbling window.

    Its timestamp is the window's start: the only time that Grafana's Kafka plugin can plot.
    """
    value = orjson.dumps(msgspec.to_builtins(count))
    return CountRecord(key or count.key, value, count.window_start_ms)
