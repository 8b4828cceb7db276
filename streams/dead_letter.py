"""The one place where a record that is not counted is written down, as it came, with the reason."""

from faust.types import TP

from schemas.headers import LEFT_OUT
from streams import __version__
from streams.engine.batching import Record
from streams.engine.publish import Headers, Outgoing
from streams.steps.counts import Late
from streams.steps.decode import Rejected
from streams.steps.labels import iso

STAGE = "decode"

#: Longer records are not copied. Kafka takes 1 MiB as it is shipped, and a letter is longer than its record.
MAX_COPIED_BYTES = 1_000_000


def dead_letter(topic: str, source: TP, record: Record, rejected: Rejected) -> Outgoing:
    """Return the record for `posts.dlq`: the original bytes, and headers that say why and from where.

    `source` is where it was read.

    The `__connect.errors.*` names repeat them for tools that know Kafka Connect's dead letters.
    """
    return _letter(
        topic,
        source,
        record,
        reason=rejected.reason,
        stage=STAGE,
        detail=rejected.detail,
        **{
            "__connect.errors.topic": source.topic,
            "__connect.errors.partition": source.partition,
            "__connect.errors.offset": record.offset,
            "__connect.errors.stage": STAGE,
            "__connect.errors.exception.class.name": rejected.reason,
            "__connect.errors.exception.message": rejected.detail,
        },
    )


def late_post(topic: str, source: TP, record: Record, late: Late, window_size_ms: int) -> Outgoing:
    """Return the record for `posts.late`: the post as it came, and headers that say how late it is."""
    window = f"{iso(late.window_start_ms)}/{iso(late.window_start_ms + window_size_ms)}"
    return _letter(
        topic, source, record, lateness_ms=late.lateness_ms, window=window, watermark=iso(late.watermark_ms)
    )


def _letter(topic: str, source: TP, record: Record, **why: object) -> Outgoing:
    """Return the record as it came, in the partition it came in, with headers that say from where and why."""
    origin = {
        "original_topic": source.topic,
        "original_partition": source.partition,
        "original_offset": record.offset,
        "original_timestamp_ms": record.timestamp,
        "version": __version__,
    }
    key, value, headers = record.key, record.value, list(record.headers)
    value_bytes, other_bytes = len(value or b""), len(key or b"") + _size_bytes(headers)
    left_out_bytes = 0
    if value_bytes + other_bytes > MAX_COPIED_BYTES:
        left_out_bytes, value = value_bytes, None
    if other_bytes > MAX_COPIED_BYTES:
        left_out_bytes += other_bytes
        key, headers = None, []
    if left_out_bytes:
        why[LEFT_OUT] = left_out_bytes
    # A detail may quote the bad input: whatever is no text must not stop the record from being written.
    headers += [(name, str(said).encode("utf-8", "replace")) for name, said in (origin | why).items()]
    return Outgoing(topic, source.partition, key, value, headers=headers)


def _size_bytes(headers: Headers) -> int:
    return sum(len(name) + len(value or b"") for name, value in headers)
