"""Makes dead letters and late posts: the unchanged record, with headers that say why and from where."""

from collections.abc import Sequence

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from faust.types import TP

from sandik import __version__
from sandik.counting.decode import Rejected, Unread
from sandik.counting.fold import Late
from sandik.counting.labels import iso
from sandik.kafka.publish import Outgoing
from sandik.kafka.record_lists import Record, first_offset
from sandik.kafka.unpacking import LeftOut
from sandik_schemas.headers import LEFT_OUT

STAGE = "decode"

#: Longer records are not copied. Kafka's default limit is 1 MiB, and a letter is longer than its record.
MAX_COPIED_BYTES = 1_000_000


def dead_letter(topic: str, source: TP, record: Record, rejected: Rejected) -> Outgoing:
    """Return the record for `posts.dlq`: the original bytes, and headers that say why and from where.

    `source` is where it was read. The `__connect.errors.*` headers repeat the reason for tools that know
    Kafka Connect's dead letters.
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
            "__connect.errors.offset": first_offset(record),
            "__connect.errors.stage": STAGE,
            "__connect.errors.exception.class.name": rejected.reason,
            "__connect.errors.exception.message": rejected.detail,
        },
    )


def late_post(topic: str, source: TP, record: Record, late: Late, window_size_ms: int) -> Outgoing:
    """Return the record for `posts.late`: the unchanged post, and headers that say how late it is."""
    window = f"{iso(late.window_start_ms)}/{iso(late.window_start_ms + window_size_ms)}"
    return _letter(
        topic, source, record, lateness_ms=late.lateness_ms, window=window, watermark=iso(late.watermark_ms)
    )


def _letter(topic: str, source: TP, record: Record, **why: object) -> Outgoing:
    """Return the unchanged record for the same partition, with headers that say from where and why.

    Parts that Kafka would reject or that could not be read are left out; a header says so.
    """
    origin = {
        "original_topic": source.topic,
        "original_partition": source.partition,
        "original_offset": first_offset(record),
        "original_timestamp_ms": record.timestamp,
        "version": __version__,
    }
    key, value, headers = record.key, record.value, record.headers
    left_out_bytes = []
    if isinstance(value, Unread):
        origin["original_last_offset"] = value.last_offset
        origin |= {"packed_bytes": value.packed_bytes, "unpacked_bytes": value.unpacked_bytes}
        left_out_bytes.append(max(value.packed_bytes, value.unpacked_bytes))
        value = None
    if isinstance(headers, LeftOut):
        left_out_bytes.append(headers.size_bytes)
    if _size_bytes(key, value, headers) > MAX_COPIED_BYTES:
        left_out_bytes.append(len(value or b""))
        value = None
    if _size_bytes(key, value, headers) > MAX_COPIED_BYTES:
        texts = sum(len(name.encode()) + len(said or b"") for name, said in headers)
        left_out_bytes.append(len(key or b"") + texts)
        key, headers = None, ()
    if left_out_bytes:
        why[LEFT_OUT] = sum(left_out_bytes)
    # A detail may quote the bad input: invalid text must not stop the record from being written.
    ours = [(name, str(said).encode("utf-8", "replace")) for name, said in (origin | why).items()]
    return Outgoing(topic, source.partition, key, value, headers=[*headers, *ours])


def _size_bytes(key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> int:
    """Return their size in Kafka, lengths included: for half a million empty headers, a MiB."""
    size_bytes: int = DefaultRecordBatchBuilder.size_of(key, value, list(headers))
    return size_bytes
