"""Tell a record of `posts` from another that has its offset after the topic was recreated."""

import hashlib
from typing import Protocol

_BYTES = 16


class Stored(Protocol):
    """A record as Kafka stores it. `timestamp` is in ms UTC."""

    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102


def fingerprint(record: Stored) -> bytes:
    """Return 16 bytes that hash the record's timestamp and value."""
    timestamp = record.timestamp.to_bytes(8, "big", signed=True)
    return _hash(timestamp + (b"" if record.value is None else b"v" + record.value))


def of_value(value: bytes | None) -> bytes | None:
    """Return 16 bytes that hash a record's value; None for none."""
    return None if value is None else _hash(value)


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_BYTES).digest()
