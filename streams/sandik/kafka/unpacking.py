"""Kafka's batches -> records, whatever a producer has put into them, with bounded memory and without errors.

aiokafka unpacks a batch whole, so that a kilobyte becomes gigabytes, and a record that it cannot read is an
error each time it is asked for more: nobody gets past it. Here a batch is unpacked up to a limit, and where a
record cannot be read or held, one stands in its place whose value is `Unread`. Which records these are is
decided by their bytes alone, so every reader says the same of them.
See docs/decisions/015-hostile-batches.md.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import attrgetter
from typing import Any, NamedTuple

import cramjam
import numpy as np
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

from sandik.counting.decode import Reason, Unread

#: What a batch becomes at most. Kafka takes a MiB as it is shipped, and repeated posts pack to a fiftieth.
MAX_UNPACKED_BYTES = 64 << 20
#: The longest record that is read. Kafka takes no longer one that comes unpacked, as it is shipped, and
#: clients look at the length before they pack it.
MAX_RECORD_BYTES = 1 << 20
#: A batch up to this size is read all at once: one record after the other takes half as long again.
RUN_BYTES = 1 << 20
#: The most records in a batch: of each, the length is looked at. Not even empty posts are so short.
MAX_RECORDS = 1_000_000
#: The most headers that are held: each takes fifty times as much memory as it may have in Kafka.
MAX_HEADERS = 10_000

#: Where Kafka's batches (format 2) have these fields, and where their records begin.
_LENGTH, _ATTRIBUTES, _COUNT, _RECORDS = 8, 22, 57, 61
_INT32 = struct.Struct(">i")
_CODEC = 0x07
_GZIP, _SNAPPY, _LZ4, _ZSTD = 1, 2, 3, 4
_XERIAL = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
#: Most batches unpack to at most this multiple of their size.
_ROOM = 64
#: What is given to zlib at once: it copies what it leaves over, and an empty member is 20 bytes.
_GZIP_BYTES = 4096

_offset_of, _headers_of = attrgetter("offset"), attrgetter("headers")

_StandIn = Callable[["SafeBatch", "SafeRecords"], Any]
_stand_in: ContextVar[_StandIn | None] = ContextVar("_stand_in", default=None)


class LeftOut(tuple[()]):
    """Stands for the headers of a record that has too many. `size_bytes` is what they take in Kafka.

    There is none in it, but it is not nothing either.
    """

    size_bytes: int

    def __new__(cls, size_bytes: int) -> "LeftOut":
        """Return it."""
        left_out = super().__new__(cls)
        left_out.size_bytes = size_bytes
        return left_out

    def __bool__(self) -> bool:
        return True


class Run(list[Any]):
    """Records that came together. `size_bytes` is what they take at most."""

    size_bytes: int


class _Why(NamedTuple):
    """Why records are not read. `unpacked_bytes`: what they are or claim to be, as far as that is known."""

    reason: Reason
    detail: str
    unpacked_bytes: int = 0


class _TooLargeError(Exception):
    def __init__(self, unpacked_bytes: int) -> None:
        super().__init__()
        self.unpacked_bytes = unpacked_bytes


class SafeRecords:
    """Stands for aiokafka's `MemoryRecords`: the batches that one fetch brought of a partition.

    It ends early when much was unpacked, so that who wants all of a fetch at once (`getmany`) gets no more
    than about twice `MAX_UNPACKED_BYTES`; the rest is fetched again.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._found = MemoryRecords(data)
        self._at = 0
        self._ahead: Any = None
        self._stand_in = _stand_in.get()
        self._unpacked_bytes = 0
        #: What the batch that is being read was unpacked to, as long as it is.
        self.held_bytes = 0

    def size_in_bytes(self) -> int:
        """Return how much was fetched."""
        return len(self.data)

    def has_next(self) -> bool:
        """Return whether there is another batch."""
        return self._unpacked_bytes < MAX_UNPACKED_BYTES and self.peek() is not None

    def next_batch(self) -> Any:
        """Return the next batch, or what stands for it."""
        found = self.take()
        if self._stand_in and isinstance(found, SafeBatch) and not found.is_control_batch:
            return self._stand_in(found, self)
        return found

    def peek(self) -> Any:
        """Return the next batch, and leave it there; None if there is none."""
        if self._ahead is None and self._found.has_next():
            packed, start = self._found.next_batch(), self._at
            [length] = _INT32.unpack_from(self.data, start + _LENGTH)
            self._at = end = start + _LENGTH + _INT32.size + length
            is_new = isinstance(packed, DefaultRecordBatch)  # the others: as Kafka wrote them until 2017
            self._ahead = SafeBatch(packed, self, start, end) if is_new else packed
        return self._ahead

    def take(self) -> Any:
        """Return the next batch."""
        found, self._ahead = self.peek(), None
        return found

    def hold(self, unpacked_bytes: int) -> None:
        """Note that a batch was unpacked."""
        self.held_bytes = unpacked_bytes
        self._unpacked_bytes += unpacked_bytes


class SafeBatch:
    """Stands for aiokafka's batch of records: has what its consumer asks for, and yields without an error."""

    def __init__(self, packed: Any, fetched: SafeRecords, start: int, end: int) -> None:
        self._packed, self._fetched, self._start, self._end = packed, fetched, start, end
        self.base_offset, self.next_offset = packed.base_offset, packed.next_offset
        self.producer_id = packed.producer_id
        self.is_control_batch, self.is_transactional = packed.is_control_batch, packed.is_transactional

    def validate_crc(self) -> bool:
        """Return whether the bytes are those that were written."""
        return bool(self._packed.validate_crc())

    def __next__(self) -> Any:
        """Return the only record of a mark of a transaction."""
        return next(self._packed)

    def __iter__(self) -> Iterator[Any]:
        """Yield the records, in order."""
        for run in self.runs():
            yield from run

    def runs(self) -> Iterator[Iterable[Any]]:
        """Yield the records in order: as a `Run` where there are few, and nothing is odd about them."""
        opened = self._opened()
        if isinstance(opened, _Why):
            yield [self._unread(self.base_offset, self.next_offset - 1, opened)]
            return
        packed, data, count = opened
        try:
            if len(data) <= RUN_BYTES:
                run = self._run(packed, len(data))
                if run is not None:
                    yield run
                    return
                packed = DefaultRecordBatch(data)
            yield self._each(packed, data, count)
        finally:
            self._fetched.held_bytes = 0

    def _run(self, packed: Any, size_bytes: int) -> "Run | None":
        """Return the records if their offsets follow each other and none has headers, as it is with most."""
        try:
            records = Run(packed)
        except MemoryError:  # says nothing of the records
            raise
        except Exception:  # noqa: BLE001  # of a record that it cannot read
            return None
        offsets = [*map(_offset_of, records)]
        if offsets != [*range(self.base_offset, self.next_offset)] or any(map(_headers_of, records)):
            return None
        records.size_bytes = size_bytes
        return records

    def _each(self, packed: Any, data: memoryview, count: int) -> Iterator[Any]:
        read, expected = 0, self.base_offset
        latest = self.next_offset - count  # the first one's offset, if the others have theirs behind it
        try:
            if not _has_long_one(data):
                for record in packed:
                    if not expected <= record.offset <= latest + read:
                        break
                    yield record if len(record.headers) <= MAX_HEADERS else _without_headers(record)
                    read += 1
                    expected = record.offset + 1
                else:
                    return
        except MemoryError:  # says nothing of the record
            raise
        except Exception:  # noqa: BLE001, S110  # of a record that it cannot read: it has no way past it
            pass
        yield from self._one_by_one(data, count, read, expected)

    def _opened(self) -> tuple[Any, memoryview, int] | _Why:
        """Return what reads the records, the batch as it is unpacked, and how many it says there are."""
        packed, data = self._packed, memoryview(self._fetched.data)[self._start : self._end]
        [count] = _INT32.unpack_from(data, _COUNT)
        if codec := packed.attributes & _CODEC:
            try:
                data = _unpacked(data, codec)
            except _TooLargeError as error:
                detail = f"a batch of {len(data)} bytes is more than {MAX_UNPACKED_BYTES} when unpacked"
                return _Why(Reason.TOO_LARGE, detail, error.unpacked_bytes)
            except MemoryError:  # says nothing of the batch
                raise
            except Exception as error:  # noqa: BLE001  # whatever the codecs may raise
                return _Why(Reason.UNREADABLE, f"a batch that cannot be unpacked: {error!r}")
            packed = DefaultRecordBatch(data)
            self._fetched.hold(len(data))
        if count > self.next_offset - self.base_offset:
            return _Why(Reason.UNREADABLE, f"a batch of {count} records, more than it has offsets")
        if count > MAX_RECORDS:
            return _Why(Reason.TOO_LARGE, f"a batch of {count} records, more than {MAX_RECORDS}", len(data))
        return packed, data, count

    def _one_by_one(self, data: memoryview, count: int, read: int, expected: int) -> Iterator[Any]:
        """Yield the records from number `read` on, by their lengths: what is wrong with one stays with it."""
        at, end = _RECORDS, len(data)
        for number in range(count):
            length, start = _length(data, at)
            at = start + length
            if not start <= at <= end:  # nobody can tell where the next one begins
                why = _Why(Reason.UNREADABLE, f"a record of {length} bytes, where {end - start} are left")
                yield self._unread(expected, self.next_offset - 1, why)
                return
            if number >= read:
                record = self._record(data[start:at], expected, self.next_offset - count + number)
                yield record
                expected = record.offset + 1

    def _record(self, body: memoryview, expected: int, latest: int) -> Any:
        if len(body) > MAX_RECORD_BYTES:
            detail = f"a record of {len(body)} bytes, more than {MAX_RECORD_BYTES}"
            return self._unread(expected, expected, _Why(Reason.TOO_LARGE, detail, len(body)))
        try:
            record = _parsed(body, self._packed)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever is in it
            return self._unread(expected, expected, _Why(Reason.UNREADABLE, f"a broken record: {error!r}"))
        if not expected <= record.offset <= latest:
            detail = f"a record with offset {record.offset}, where {expected} to {latest} can be"
            return self._unread(expected, expected, _Why(Reason.UNREADABLE, detail))
        return record

    def _unread(self, first: int, last: int, why: _Why) -> Any:
        packed = self._packed
        value = Unread(why.reason, why.detail, first, last, self._end - self._start, why.unpacked_bytes)
        return DefaultRecord(last, packed.max_timestamp, packed.timestamp_type, None, value, [])


def _unpacked(batch: memoryview, codec: int) -> memoryview:
    """Return the batch as if it had never been compressed, except for its checksum.

    Raises:
        Exception: it was packed by something else, or not at all; _TooLargeError, if it becomes too large.
    """
    head, packed = bytearray(batch[:_RECORDS]), batch[_RECORDS:]
    head[_ATTRIBUTES] &= 0xFF ^ _CODEC
    if codec == _GZIP:
        return memoryview(_gunzip(packed, head))
    if codec == _SNAPPY:
        blocks = list(_snappy_blocks(packed))
        sizes = [cramjam.snappy.decompress_raw_len(block) for block in blocks]
        if sum(sizes) > MAX_UNPACKED_BYTES:
            raise _TooLargeError(sum(sizes))
        data = _room(head, sum(sizes))
        ends = np.cumsum([_RECORDS, *sizes])
        for block, at, end in zip(blocks, ends, ends[1:], strict=False):
            cramjam.snappy.decompress_raw_into(block, data[at:end])
        return memoryview(data)
    unpack = {_LZ4: cramjam.lz4, _ZSTD: cramjam.zstd}[codec].decompress_into
    # Of room for the largest, only what is written to is taken; but to ask for it takes time.
    for room_bytes in (_ROOM * len(packed), MAX_UNPACKED_BYTES):
        data = _room(head, min(room_bytes, MAX_UNPACKED_BYTES))
        try:
            return memoryview(data)[: _RECORDS + unpack(packed, data[_RECORDS:])]
        except cramjam.DecompressionError as error:
            if "failed to write whole buffer" not in str(error):
                raise
    raise _TooLargeError(MAX_UNPACKED_BYTES)


def _room(head: bytearray, size_bytes: int) -> Any:
    data = np.empty(_RECORDS + size_bytes, np.uint8)
    data[:_RECORDS] = head
    return data


def _gunzip(packed: memoryview, data: bytearray) -> bytearray:
    """Unpack all members behind `data`. What follows them and is none is left alone, as Java does."""
    at, end = 0, _RECORDS + MAX_UNPACKED_BYTES
    while at < len(packed) and (at == 0 or bytes(packed[at : at + 2]) == b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while not unpacker.eof:
            given = packed[at : at + _GZIP_BYTES]
            piece = unpacker.decompress(given, end - len(data) + 1)
            if not given and not piece:
                raise EOFError("gzip breaks off")
            at += len(given) - len(unpacker.unconsumed_tail or unpacker.unused_data)
            data += piece
            if len(data) > end:
                raise _TooLargeError(MAX_UNPACKED_BYTES)
    return data


def _snappy_blocks(packed: memoryview) -> Iterator[memoryview]:
    """Yield what snappy packed: a block, or, as Java writes it, many with their lengths behind a header."""
    if packed[: len(_XERIAL)] != _XERIAL:
        yield packed
        return
    at = len(_XERIAL)
    while at < len(packed):
        [length] = _INT32.unpack_from(packed, at)
        at += _INT32.size
        if not 0 <= length <= len(packed) - at:
            raise ValueError(f"a block of {length} bytes")
        yield packed[at : at + length]
        at += length


def _length(data: memoryview, at: int) -> tuple[int, int]:
    """Return how long the record there is, and where it begins; -1 if that cannot be told."""
    try:
        length, start = decode_varint(data, at)
    except (IndexError, ValueError):
        return -1, at
    return length, start


def _has_long_one(data: memoryview) -> bool:
    """Return whether a record is too long to be read, before any is: one may be all headers."""
    at, end = _RECORDS, len(data) - MAX_RECORD_BYTES
    while at < end:
        length, at = _length(data, at)
        if not 0 <= length <= MAX_RECORD_BYTES:
            return True
        at += length
    return False


def _parsed(body: memoryview, packed: Any) -> Any:
    """Return a record, with its names of headers made text whatever bytes they are."""
    ts_delta, at = decode_varint(body, 1)  # behind the attributes, of which there are none
    offset_delta, at = decode_varint(body, at)
    key, at = _field(body, at)
    value, at = _field(body, at)
    count, at = decode_varint(body, at)
    headers: Any = []
    if count > MAX_HEADERS:
        headers, at = LeftOut(len(body) - at), len(body)
    else:
        for _ in range(count):
            name, at = _field(body, at)
            said, at = _field(body, at)
            headers.append(((name or b"").decode("utf-8", "replace"), said))
    if at != len(body):
        raise ValueError(f"{len(body)} bytes long, but ends at {at}")
    is_create_time = packed.timestamp_type == 0
    timestamp = packed.first_timestamp + ts_delta if is_create_time else packed.max_timestamp
    offset = packed.base_offset + offset_delta
    return DefaultRecord(offset, timestamp, packed.timestamp_type, key, value, headers)


def _field(body: memoryview, at: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(body, at)
    if length > len(body) - at:
        raise ValueError(f"a field of {length} bytes")
    return (None, at) if length < 0 else (bytes(body[at : at + length]), at + length)


def _without_headers(record: Any) -> Any:
    size_bytes = sum(len(name.encode()) + len(value or b"") for name, value in record.headers)
    headers = LeftOut(size_bytes + 2 * len(record.headers))
    return DefaultRecord(
        record.offset, record.timestamp, record.timestamp_type, record.key, record.value, headers
    )


@contextmanager
def standing_in(make: _StandIn | None) -> Iterator[None]:
    """Have a consumer that starts within the block get what `make` makes of a batch; None: the batch itself.

    It fetches in tasks that it makes when it starts, and these keep what was set then. So does the task in
    which it tells of assignments: whoever starts a consumer there says so again.
    """
    token = _stand_in.set(make)
    try:
        yield
    finally:
        _stand_in.reset(token)


def install() -> None:
    """Have every consumer of this process read like this, Faust's and those of the commands."""
    fetcher.MemoryRecords = SafeRecords
