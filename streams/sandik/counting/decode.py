"""bytes -> Post, or Rejected with a reason."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import repeat
from operator import sub
from typing import NamedTuple

import msgspec
import numpy as np

from sandik.counting.foreign_formats import disguise_of
from sandik.counting.surrogates import HALF_IN_ID, REPLACEMENT, UNDECODABLE, decode_mended
from sandik_schemas.post import MAX_CREATED_AT_MS, MIN_CREATED_AT_MS, Post

#: Details go into a record header, where a parser's quote of a megabyte would not fit.
MAX_DETAIL_CHARACTERS = 300

#: The depth at which a parser gives up depends on its caller and on Python's version. A fixed limit makes a
#: replay decide as the worker did.
MAX_NESTING = 100

#: `[` and `{` differ in one bit, which this leaves out, and `]` and `}` in the same one.
_EITHER, _OPENS, _CLOSES = 0xFF ^ ord("[") ^ ord("{"), ord("["), ord("]")

_decoder = msgspec.json.Decoder(Post)


class Reason(StrEnum):
    """Why a record of `posts` is not counted but sent to `posts.dlq`. A closed set."""

    NO_VALUE = "no_value"
    NOT_JSON = "not_json"
    NOT_A_POST = "not_a_post"
    CREATED_AT_TOO_EARLY = "created_at_too_early"
    CREATED_AT_AHEAD = "created_at_ahead"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"


class Rejected(NamedTuple):
    """A record that is not a post we can count. `detail` is for people, at most 300 characters.

    `records`: how many it stands for, of a batch of Kafka's that was not read.
    """

    reason: Reason
    detail: str
    records: int = 1


class Unread(bytes):
    """Stands for the value of records that could not be read, from `first_offset` to `last_offset`.

    It is empty, so code that reads it as a message fails to decode it. `packed_bytes` is the size of Kafka's
    batch, `unpacked_bytes` the size of what is too large in it, if known.
    """

    def __new__(
        cls,
        reason: Reason,
        detail: str,
        first_offset: int,
        last_offset: int,
        packed_bytes: int,
        unpacked_bytes: int,
    ) -> "Unread":
        """Return it; `detail` may be of any length."""
        unread = super().__new__(cls)
        unread.reason, unread.detail = reason, detail[:MAX_DETAIL_CHARACTERS]
        unread.first_offset, unread.last_offset = first_offset, last_offset
        unread.packed_bytes, unread.unpacked_bytes = packed_bytes, unpacked_bytes
        return unread

    reason: Reason
    detail: str
    first_offset: int
    last_offset: int
    packed_bytes: int
    unpacked_bytes: int

    @property
    def rejected(self) -> Rejected:
        """Why none of them is counted."""
        return Rejected(self.reason, self.detail, self.last_offset - self.first_offset + 1)


def why_not(value: bytes, error: Exception) -> str:
    """Return what is wrong with a value of which a decoder says `error`."""
    return value.detail if isinstance(value, Unread) else str(error)


def decode(value: bytes | None, record_timestamp_ms: int, max_ahead_ms: int) -> Post | Rejected:
    """Return the post in `value`, or the reason why it is none.

    An event time more than `max_ahead_ms` ahead of the record's timestamp is rejected: it would move the
    partition's clock ahead, and all other posts would be late. A time before 2000 or after 3000 is rejected
    as a wrong unit. Half an emoji becomes U+FFFD, as in `sandik ingest`.
    """
    if value is None:
        return Rejected(Reason.NO_VALUE, "the record has no value (a tombstone)")
    if isinstance(value, Unread):
        return value.rejected
    if value.count(b"[") + value.count(b"{") > MAX_NESTING and _is_nested_too_deep(value):
        return Rejected(Reason.NOT_A_POST, f"nested more than {MAX_NESTING} levels deep")
    try:
        post, is_mended = decode_mended(_decoder.decode, value)
    except msgspec.ValidationError as error:
        return _rejected(Reason.NOT_A_POST, error, value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _rejected(Reason.NOT_JSON, error, value)
    if is_mended and REPLACEMENT in post.id:
        return Rejected(Reason.NOT_A_POST, HALF_IN_ID)
    if post.created_at_ms < MIN_CREATED_AT_MS:
        return Rejected(
            Reason.CREATED_AT_TOO_EARLY,
            f"created_at_ms {post.created_at_ms} is before 2000-01-01: is it in seconds?",
        )
    if post.created_at_ms > MAX_CREATED_AT_MS:
        return Rejected(
            Reason.CREATED_AT_AHEAD,
            f"created_at_ms {post.created_at_ms} is after 3000-01-01: is it in microseconds?",
        )
    ahead_ms = post.created_at_ms - record_timestamp_ms
    if ahead_ms > max_ahead_ms:
        return Rejected(
            Reason.CREATED_AT_AHEAD,
            f"created_at_ms {post.created_at_ms} is {ahead_ms} ms ahead of the record's timestamp, "
            f"more than max_ahead_ms {max_ahead_ms}",
        )
    return post


class Decoded(NamedTuple):
    """What the records of a batch are: posts, and where in the batch each stood; and the others, likewise."""

    posts: Sequence[Post]
    at: Sequence[int]
    rejected: Sequence[tuple[int, Rejected]]


def decode_all(
    values: Sequence[bytes | None], record_timestamps_ms: Sequence[int], max_ahead_ms: int
) -> Decoded:
    """Return what `decode` says of each record.

    Decodes all of them at once, which costs a third less, and one by one only if one of them is no post.
    """
    posts = _all_good(values, record_timestamps_ms, max_ahead_ms)
    if posts is not None:
        return Decoded(posts, range(len(posts)), ())
    found = list(map(decode, values, record_timestamps_ms, repeat(max_ahead_ms)))
    return Decoded(
        [one for one in found if isinstance(one, Post)],
        [at for at, one in enumerate(found) if isinstance(one, Post)],
        [(at, one) for at, one in enumerate(found) if isinstance(one, Rejected)],
    )


def _all_good(
    values: Sequence[bytes | None], record_timestamps_ms: Sequence[int], max_ahead_ms: int
) -> Sequence[Post] | None:
    some = [value for value in values if value is not None]
    if not some or len(some) < len(values):
        return None
    octets = np.frombuffer(b"".join(some), np.uint8)
    opened = np.count_nonzero(octets & _EITHER == _OPENS)
    if opened - len(some) >= MAX_NESTING and _may_be_too_deep(some):
        return None
    try:
        posts = [*map(_decoder.decode, some)]
    except UNDECODABLE:
        return None
    created_at_ms = [post.created_at_ms for post in posts]
    first_ms, last_ms = min(created_at_ms), max(created_at_ms)
    if first_ms < MIN_CREATED_AT_MS or last_ms > MAX_CREATED_AT_MS:
        return None
    may_be_ahead = last_ms - min(record_timestamps_ms) > max_ahead_ms
    if may_be_ahead and max(map(sub, created_at_ms, record_timestamps_ms)) > max_ahead_ms:
        return None
    return posts


def _may_be_too_deep(values: Sequence[bytes]) -> bool:
    arrays, objects = (max(map(bytes.count, values, repeat(opening))) for opening in (b"[", b"{"))
    return arrays + objects > MAX_NESTING


def _is_nested_too_deep(value: bytes) -> bool:
    """Return whether arrays and objects are nested too deep, in a few passes of numpy and C.

    The answer for invalid JSON may be either: it is rejected anyway.
    """
    octets = np.frombuffer(value.replace(rb"\\", b"").replace(rb"\"", b""), np.uint8)
    is_outside = np.cumsum(octets == ord('"'), dtype=np.uint8) % 2 == 0  # of strings; 256 quotes are none
    kinds = octets & _EITHER
    steps = ((kinds == _OPENS).astype(np.int8) - (kinds == _CLOSES)) * is_outside
    return bool(np.cumsum(steps, dtype=np.int32).max() > MAX_NESTING)


def _rejected(reason: Reason, error: Exception, value: bytes) -> Rejected:
    told = disguise_of(value)
    return Rejected(reason, (f"{told} ({error})" if told else str(error))[:MAX_DETAIL_CHARACTERS])
