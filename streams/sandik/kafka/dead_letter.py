"""Dead letters and late posts: the unchanged record, with headers that say why and from where.

Workers write them (`dead_letter`, `late_post`), commands read them (`letter_of`). `topics.toml` of the
contract describes each header. A producer chooses the headers of a post, and a worker copies them into the
letter. So only the headers that the worker added after them are trusted, if they match the letter's own
topic and partition.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from sandik import __version__
from sandik.counting.decode import Rejected, Unread
from sandik.counting.fold import Late
from sandik.counting.labels import iso
from sandik.kafka.publish import Outgoing
from sandik.kafka.record_lists import Record, first_offset
from sandik.kafka.unpacking import LeftOut

#: How often this post was put back. Workers copy headers, so it comes back with a post that fails again.
ATTEMPTS = "redrive_attempts"
#: Which record of `posts` this is a copy of: `topic/partition/offset`. What makes redriving idempotent.
REDRIVEN_FROM = "redriven_from"
#: How many bytes of a record its letter lacks. It is in `posts`, for as long as that keeps it.
LEFT_OUT = "left_out_bytes"
#: The first header that a worker adds after those of the post.
_FIRST_OF_OURS = "original_topic"

STAGE = "decode"
LATE = "late"
_OFFSET = re.compile(r"[0-9]{1,18}")
_ATTEMPTS = re.compile(r"[1-9][0-9]{0,5}")
#: Longer records are not copied. Kafka's default limit is 1 MiB, and a letter is longer than its record.
MAX_COPIED_BYTES = 1_000_000

Headers = Iterable[tuple[str, bytes | None]]


def dead_letter(topic: str, source: TopicPartition, record: Record, rejected: Rejected) -> Outgoing:
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


def late_post(
    topic: str, source: TopicPartition, record: Record, late: Late, window_size_ms: int
) -> Outgoing:
    """Return the record for `posts.late`: the unchanged post, and headers that say how late it is."""
    window = f"{iso(late.window_start_ms)}/{iso(late.window_start_ms + window_size_ms)}"
    return _letter(
        topic, source, record, lateness_ms=late.lateness_ms, window=window, watermark=iso(late.watermark_ms)
    )


def _letter(topic: str, source: TopicPartition, record: Record, **why: object) -> Outgoing:
    """Return the unchanged record for the same partition, with headers that say from where and why.

    Parts that Kafka would reject or that could not be read are left out; a header says so.
    """
    origin = {
        _FIRST_OF_OURS: source.topic,
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


class Origin(NamedTuple):
    """A record of `posts`, of this installation or of another."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Return it in the form of the header `redriven_from`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Letter(NamedTuple):
    """A record that was rejected or late. `origin` is the record of `posts`. Late posts: reason `late`.

    `redriven_from` and `attempts` are claims of the post: that it is a copy of another record, redriven so
    many times. Any producer can write them, so `redrive` checks them. `is_whole` is false if the post was too
    long to be copied into the letter.
    """

    partition: int
    offset: int
    written_ms: int
    reason: str
    detail: str
    origin: Origin
    attempts: int
    redriven_from: Origin | None
    is_whole: bool
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


def letter_of(record: ConsumerRecord) -> Letter | None:
    """Return the letter; None for a record that no worker can have written.

    A letter is in the partition of its origin, and the name of its topic begins with that of its origin.
    """
    names = [name for name, _ in record.headers]
    if _FIRST_OF_OURS not in names:
        return None
    at = len(names) - 1 - names[::-1].index(_FIRST_OF_OURS)
    came, ours = record.headers[:at], _texts(record.headers[at:])
    offset = _number(_OFFSET, ours.get("original_offset"))
    topic, partition = record.topic.rpartition(".")[0], record.partition
    if (
        offset is None
        or ours[_FIRST_OF_OURS] != topic
        or _number(_OFFSET, ours.get("original_partition")) != partition
    ):
        return None
    is_late = "reason" not in ours
    detail = f"{ours.get('lateness_ms', '')} ms, {ours.get('window', '')}"
    return Letter(
        partition=partition,
        offset=record.offset,
        written_ms=record.timestamp,
        reason=LATE if is_late else ours["reason"],
        detail=detail if is_late else ours.get("detail", ""),
        origin=Origin(topic, partition, offset),
        attempts=_number(_ATTEMPTS, _only(came, ATTEMPTS)) or 0,
        redriven_from=redriven_from(came),
        is_whole=LEFT_OUT not in ours,
        key=record.key,
        value=record.value,
        headers=_texts(record.headers),
    )


def redriven_from(headers: Headers) -> Origin | None:
    """Return the record of `posts` that a record claims to be a copy of; None without a valid claim."""
    topic, *numbers = (_only(headers, REDRIVEN_FROM) or "").split("/")
    places = [_number(_OFFSET, number) for number in numbers]
    match places:
        case [int(partition), int(offset)]:
            return Origin(topic, partition, offset)
    return None


def _only(headers: Headers, name: str) -> str | None:
    """Return the text of a header that occurs exactly once, as in what redrive writes."""
    found = [value for one, value in headers if one == name]
    return _text(found[0]) if len(found) == 1 else None


def _number(form: re.Pattern[str], text: str | None) -> int | None:
    return int(text) if text is not None and form.fullmatch(text) else None


def _texts(headers: Headers) -> dict[str, str]:
    return {name: _text(value) for name, value in headers}


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
