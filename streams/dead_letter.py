"""The one place where a record that is not counted is written down, as it came, with the reason."""

from collections.abc import Iterable

from aiokafka import ConsumerRecord

from streams import __version__
from streams.engine.publish import Headers, Outgoing
from streams.steps.counts import Late
from streams.steps.decode import Rejected
from streams.steps.merge import iso

STAGE = "decode"


def dead_letter(topic: str, record: ConsumerRecord, rejected: Rejected) -> Outgoing:
    """Return the record for `posts.dlq`: the original bytes, and headers that say why and from where.

    The `__connect.errors.*` names repeat them for tools that know Kafka Connect's dead letters.
    """
    headers = [
        *record.headers,
        *_origin(record),
        *_text(
            reason=rejected.reason,
            stage=STAGE,
            detail=rejected.detail,
            **{
                "__connect.errors.topic": record.topic,
                "__connect.errors.partition": record.partition,
                "__connect.errors.offset": record.offset,
                "__connect.errors.stage": STAGE,
                "__connect.errors.exception.class.name": rejected.reason,
                "__connect.errors.exception.message": rejected.detail,
            },
        ),
    ]
    return Outgoing(topic, record.key, record.value, headers=headers)


def late_post(topic: str, record: ConsumerRecord, late: Late, window_size_ms: int) -> Outgoing:
    """Return the record for `posts.late`: the post as it came, and headers that say how late it is."""
    window = f"{iso(late.window_start_ms)}/{iso(late.window_start_ms + window_size_ms)}"
    headers = [
        *record.headers,
        *_origin(record),
        *_text(lateness_ms=late.lateness_ms, window=window, watermark=iso(late.watermark_ms)),
    ]
    return Outgoing(topic, record.key, record.value, headers=headers)


def _origin(record: ConsumerRecord) -> Iterable[tuple[str, bytes]]:
    return _text(
        original_topic=record.topic,
        original_partition=record.partition,
        original_offset=record.offset,
        original_timestamp_ms=record.timestamp,
        version=__version__,
    )


def _text(**values: object) -> Headers:
    # A detail may quote the bad input: whatever is no text must not stop the record from being written.
    return [(name, str(value).encode("utf-8", "replace")) for name, value in values.items()]
