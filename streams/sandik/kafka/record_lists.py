"""Batches of records for counting, bounded in number and bytes, live and in a replay."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from sandik.counting.decode import Unread
from sandik.counting.job import SourceRecord
from sandik.kafka.unpacking import LeftOut, Run

#: Memory limit for the records of a batch, except for the last one: counting a MiB of the worst records takes
#: a second or two without a heartbeat, and some batches are always in flight.
BATCH_BYTES = 1 << 20
#: The memory overhead of a header.
_HEADER_BYTES = 100


class Record(SourceRecord, Protocol):
    """One record from Kafka. Its batch has the topic and partition."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, Any]]: ...  # noqa: D102


AnyRecord = TypeVar("AnyRecord", bound=Record)


def first_offset(record: SourceRecord) -> int:
    """Return the record's offset, or the first offset of the records it stands for."""
    return record.value.first_offset if isinstance(record.value, Unread) else record.offset


def pieces(records: Iterable[AnyRecord], at_most: int) -> Iterator[list[AnyRecord]]:
    """Yield the records in lists, of up to `at_most` and of about `BATCH_BYTES`; the last may be longer."""
    return joined([records], at_most)


def joined(runs: Iterable[Iterable[AnyRecord]], at_most: int) -> Iterator[list[AnyRecord]]:
    """Yield the records of all runs likewise. Those of a `Run` that fits are not looked at one by one."""
    piece: list[AnyRecord] = []
    room_bytes = BATCH_BYTES
    for run in runs:
        rest = run
        if isinstance(run, Run) and run.size_bytes < room_bytes:
            rest = ()
            start, end = 0, at_most - len(piece)
            while end <= len(run):
                yield piece + run[start:end]
                piece, room_bytes = [], BATCH_BYTES
                start, end = end, end + at_most
            piece += run[start:]
            room_bytes -= run.size_bytes * (len(run) - start) // max(1, len(run))
        for record in rest:
            piece.append(record)
            value, headers = record.value, record.headers
            room_bytes -= len(value or b"") + len(record.key or b"")
            if headers:
                room_bytes -= _HEADER_BYTES * len(headers)
                if isinstance(headers, LeftOut):
                    room_bytes -= headers.size_bytes
            if not value and isinstance(value, Unread):
                room_bytes = 0  # unpacking it may have taken long: do not add another one
            if room_bytes <= 0 or len(piece) == at_most:
                yield piece
                piece, room_bytes = [], BATCH_BYTES
    if piece:
        yield piece
