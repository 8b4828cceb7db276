"""Times on the command line, and the offsets of a topic for them."""

import re
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from sandik.clock import SystemClock
from sandik.errors import StateError, UsageError
from sandik.kafka.connection import check_answers
from sandik.kafka.consumer import consuming
from sandik.kafka.record_lists import pieces
from sandik.kafka.topics import partition_count
from sandik.progress import Bar
from sandik.settings import Settings

#: How many records before the one found by the time index must be older than the requested time.
LOOK_BACK = 1_000
#: How far the clocks that stamped a post and its result may differ: clocks of two brokers, or of a producer
#: and a worker in a topic without Kafka's time.
CLOCKS_APART_MS = 3_600_000
_ONE_READ = 5_000
#: Gaps of up to this many records are read and discarded instead of seeking.
_GAP = 1_000

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Examples of times, for errors and `--help`.
TIMES = "2023-05-11 (UTC), 2023-05-11T18:00Z, 2023-05-11T21:00+03:00, or -2h"
_DURATION = re.compile(rf"(\d+)({'|'.join(_UNITS_MS)})")


#: Kafka's limits, checked when a slice is read from a file.
Partition = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

#: Partition and offset of a record.
Place = tuple[int, int]


class Slice(NamedTuple):
    """Offsets `[start, end)` of one partition."""

    partition: Partition
    start: Offset
    end: Offset


def duration_ms(text: str) -> int:
    """Return the milliseconds of `90s`, `5m`, `1h30m` or `2d`. UsageError for anything else, and for 0."""
    parts = _DURATION.findall(text)
    total_ms = sum(int(number) * _UNITS_MS[unit] for number, unit in parts)
    if "".join(map("".join, parts)) != text or not total_ms:
        raise UsageError(f"{text!r} is not a duration: write 90s, 5m, 1h30m or 2d")
    return total_ms


def instant_ms(text: str | None, now_ms: int | None = None) -> int | None:
    """Return an instant in ms UTC: a day (UTC), ISO 8601 with a zone, or before now (`-2h`, `now`).

    None stays None. All commands read times by this function. Without `now_ms`, the machine's clock is used.

    Raises:
        UsageError: it is none of these, or has no zone.
    """
    if text is None:
        return None
    if text == "now" or text.startswith("-"):
        now_ms = SystemClock().now_ms() if now_ms is None else now_ms
        return now_ms if text == "now" else now_ms - duration_ms(text[1:])
    written = f"{text}T00:00Z" if _DAY.fullmatch(text) else text
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time: write {TIMES}") from error
    if found.tzinfo is None:
        raise UsageError(f"{text!r} has no zone: write {text}Z for UTC, or {text}+03:00")
    return (found - _EPOCH) // _MILLISECOND


def bounds_ms(from_: str | None, to: str | None, now_ms: int | None = None) -> tuple[int | None, int | None]:
    """Return the instants of `--from` and `--to`.

    Raises:
        UsageError: as `instant_ms`; or `--from` is not before `--to`.
    """
    now_ms = SystemClock().now_ms() if now_ms is None else now_ms
    from_ms, to_ms = instant_ms(from_, now_ms), instant_ms(to, now_ms)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise UsageError(f"--from {from_} is not before --to {to}: there is nothing between them")
    return from_ms, to_ms


def is_inside(start_ms: int, end_ms: int, from_ms: int | None, to_ms: int | None) -> bool:
    """Return whether `[start_ms, end_ms)` lies in `[from_ms, to_ms)`; None is no bound."""
    return (from_ms is None or start_ms >= from_ms) and (to_ms is None or end_ms <= to_ms)


async def read_slice(
    consumer: Any, tp: TopicPartition, start: int, end: int, at_most: int = _ONE_READ
) -> AsyncGenerator[list[ConsumerRecord], None]:
    """Yield the records of `[start, end)` in batches, in order, and stop at `end`, even if more arrive.

    Raises:
        KafkaError: Kafka stopped answering.
        StateError: the log no longer has them.
    """
    if start >= end:
        return
    consumer.assign([tp])
    consumer.seek(tp, start)
    try:
        while await consumer.position(tp) < end:
            found = await consumer.getmany(tp, timeout_ms=500, max_records=at_most)
            for records in found.values():
                for some in pieces([record for record in records if record.offset < end], at_most):
                    yield some
            if not found:
                await check_answers(consumer, tp)
    except OffsetOutOfRangeError as error:
        raise StateError(
            f"topic {tp.topic}, partition {tp.partition}: the log no longer holds offsets {start} to {end}: "
            "they were deleted by retention, or the topic was recreated"
        ) from error


async def first_at(consumer: Any, tp: TopicPartition, time_ms: int, start: int, end: int) -> int:
    """Return the offset of the first record of `[start, end)` whose timestamp is at or after `time_ms`.

    Returns `end` if there is none. The answer of the broker's time index is checked against the records; if
    they disagree, every record is read.
    """
    found = (await consumer.offsets_for_times({tp: max(0, time_ms)})).get(tp)
    at = min(max(found.offset, start), end) if found else end
    before = [
        record
        async for records in read_slice(consumer, tp, max(start, at - LOOK_BACK), at)
        for record in records
    ]
    if all(record.timestamp < time_ms for record in before):
        here = await first_record(consumer, tp, at, end)
        if here is None or here.timestamp >= time_ms:
            return at
    async with aclosing(read_slice(consumer, tp, start, end)) as batches:
        async for records in batches:
            for record in records:
                if record.timestamp >= time_ms:
                    return int(record.offset)
    return end


async def first_record(consumer: Any, tp: TopicPartition, start: int, end: int) -> ConsumerRecord | None:
    """Return the first readable record of `[start, end)`."""
    async with aclosing(read_slice(consumer, tp, start, end, 1)) as batches:
        async for records in batches:
            return records[0]
    return None


async def slice_since(consumer: Any, tp: TopicPartition, since_ms: int | None) -> Slice:
    """Return the current offsets of a partition, from the first record written at or after `since_ms`."""
    start = (await consumer.beginning_offsets([tp]))[tp]
    end = (await consumer.end_offsets([tp]))[tp]
    if since_ms is not None:
        start = await first_at(consumer, tp, since_ms, start, end)
    return Slice(tp.partition, start, end)


async def records_since(
    settings: Settings, topic: str, since_ms: int | None, bar: Bar | None = None
) -> AsyncGenerator[list[ConsumerRecord], None]:
    """Yield the records, partition by partition, from the first one at or after `since_ms` to the end.

    `bar` shows how many there are and how many are read.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: the topic does not exist.
    """
    bar = bar or Bar()
    tps = [TopicPartition(topic, partition) for partition in range(await partition_count(settings, topic))]
    async with consuming(settings) as consumer:
        slices = [await slice_since(consumer, tp, since_ms) for tp in tps]
        bar.expect(sum(one.end - one.start for one in slices))
        for tp, one in zip(tps, slices, strict=True):
            async with aclosing(read_slice(consumer, tp, one.start, one.end)) as batches:
                async for records in batches:
                    bar.advance(len(records))
                    yield records


async def records_at(
    settings: Settings, topic: str, places: Collection[Place]
) -> dict[Place, ConsumerRecord]:
    """Return the records at these positions that the topic still has.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: the topic does not exist.
    """
    found: dict[Place, ConsumerRecord] = {}
    partitions = await partition_count(settings, topic)
    async with consuming(settings) as consumer:
        for partition in sorted({one for one, _ in places if 0 <= one < partitions}):
            tp = TopicPartition(topic, partition)
            _, start, end = await slice_since(consumer, tp, None)
            offsets = {at for one, at in places if one == partition and start <= at < end}
            for first, last in _runs(sorted(offsets)):
                async with aclosing(read_slice(consumer, tp, first, last + 1)) as batches:
                    async for records in batches:
                        found |= {
                            (partition, record.offset): record
                            for record in records
                            if record.offset in offsets
                        }
    return found


def _runs(offsets: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first and last offset of each run of sorted offsets without a large gap."""
    runs: list[list[int]] = []
    for at in offsets:
        if runs and at - runs[-1][-1] <= _GAP:
            runs[-1].append(at)
        else:
            runs.append([at])
    return [(run[0], run[-1]) for run in runs]
