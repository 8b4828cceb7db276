"""Batches as no honest client writes them: packed here, byte by byte, and sent as they are."""

import gzip
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cramjam
from aiokafka import AIOKafkaProducer
from aiokafka.codec import lz4_encode
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

_HEADER = struct.Struct(">qiibIhiqqqhii")
_CRC_AT, _ATTRIBUTES_AT = 17, 21

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def _xerial(data: bytes) -> bytes:
    """Return what Java's clients write for snappy: blocks of 32 KiB behind a header."""
    packed = bytearray(b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1))
    for start in range(0, len(data), 32 << 10):
        block = bytes(cramjam.snappy.compress_raw(data[start : start + (32 << 10)]))
        packed += struct.pack(">i", len(block)) + block
    return bytes(packed)


def _zstd_stream(data: bytes) -> bytes:
    """Return what Java's clients write for zstd: a frame that does not say how long it is."""
    packer = cramjam.zstd.Compressor(level=3)
    for start in range(0, len(data), 1 << 20):
        packer.compress(data[start : start + (1 << 20)])
    return bytes(packer.finish())


#: Every way that batches are packed: name -> (Kafka's number of the codec, how).
CODECS = {
    "gzip": (GZIP, gzip.compress),
    "snappy in blocks": (SNAPPY, _xerial),
    "snappy": (SNAPPY, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    "lz4": (LZ4, lz4_encode),
    "zstd": (ZSTD, lambda data: bytes(cramjam.zstd.compress(data, level=3))),
    "zstd as a stream": (ZSTD, _zstd_stream),
}


class Raw(NamedTuple):
    """A record, with the fields that clients fill in by themselves. Names of headers are bytes here."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[bytes, bytes | None]] = ()
    offset_delta: int | None = None
    timestamp_delta_ms: int = 0
    attributes: int = 0

    def packed(self, number: int) -> bytes:
        """Return it as it stands in a batch."""
        delta = number if self.offset_delta is None else self.offset_delta
        body = bytearray([self.attributes])
        body += varint(self.timestamp_delta_ms) + varint(delta)
        body += _sized(self.key) + _sized(self.value) + varint(len(self.headers))
        if self.headers and all(one == self.headers[0] for one in self.headers):
            body += (_sized(self.headers[0][0]) + _sized(self.headers[0][1])) * len(self.headers)
        else:
            body += b"".join(_sized(name) + _sized(value) for name, value in self.headers)
        return varint(len(body)) + bytes(body)


def varint(number: int) -> bytes:
    """Return Kafka's variable-length form of an int."""
    left = (number << 1) ^ (number >> 63)
    packed = bytearray()
    while left >= 0x80:
        packed.append(left & 0x7F | 0x80)
        left >>= 7
    packed.append(left)
    return bytes(packed)


def _sized(data: bytes | None) -> bytes:
    return varint(-1) if data is None else varint(len(data)) + data


def a_batch(
    records: Sequence[Raw],
    codec: str | None = None,
    *,
    timestamp_ms: int = 0,
    base_offset: int = 0,
    behind: bytes = b"",
) -> bytes:
    """Return the records as one batch. `behind`: what follows the packed records inside it."""
    body = b"".join(record.packed(number) for number, record in enumerate(records))
    return batch_of(
        body, len(records), codec, timestamp_ms=timestamp_ms, base_offset=base_offset, behind=behind
    )


def batch_of(
    body: bytes,
    count: int,
    codec: str | None = None,
    *,
    timestamp_ms: int = 0,
    base_offset: int = 0,
    behind: bytes = b"",
) -> bytes:
    """Return a batch with that body."""
    number = NONE
    if codec is not None:
        number, pack = CODECS[codec]
        body = pack(body)
    body += behind
    times = timestamp_ms, timestamp_ms
    length = _HEADER.size - 12 + len(body)
    header = _HEADER.pack(base_offset, length, -1, 2, 0, number, count - 1, *times, -1, -1, -1, count)
    batch = bytearray(header + body)
    struct.pack_into(">I", batch, _CRC_AT, calc_crc32c(bytes(batch[_ATTRIBUTES_AT:])))
    return bytes(batch)


class _AsItIs(BatchBuilder):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, batch: bytes) -> None:
        super().__init__(1 << 30, NONE)
        self._buffer = bytearray(batch)
        [self._relative_offset] = struct.unpack_from(">i", batch, _HEADER.size - 4)
        self.close()


async def send(bootstrap: str, topic: str, batches: Iterable[tuple[int, bytes]]) -> list[int]:
    """Write the batches to their partitions; return the offset of the first record of each."""
    options = {"acks": "all", "enable_idempotence": False}
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, **options) as producer:
        await producer.client.force_metadata_update()
        await producer.partitions_for(topic)
        sent = [await producer.send_batch(_AsItIs(batch), topic, partition=at) for at, batch in batches]
        return [(await acknowledged).offset for acknowledged in sent]
