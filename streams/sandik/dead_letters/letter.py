"""A letter: a record of `posts.dlq` or `posts.late`, read from its headers.

A producer chooses the headers of a post, and a worker copies them into the letter. So only the headers that
the worker added after them are trusted, if they match the letter's own topic and partition.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import ConsumerRecord

from sandik_schemas.headers import ATTEMPTS, LEFT_OUT, REDRIVEN_FROM

LATE = "late"

#: The first header that a worker adds after those of the post.
_FIRST_OF_OURS = "original_topic"
_OFFSET = re.compile(r"[0-9]{1,18}")
_ATTEMPTS = re.compile(r"[1-9][0-9]{0,5}")

Headers = Iterable[tuple[str, bytes | None]]


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


def as_json(letter: Letter) -> dict[str, Any]:
    """Return a letter for programs. Of bytes that are not UTF-8, all are in `key_hex` and `value_hex`."""
    found: dict[str, Any] = letter._asdict()
    for name in ("key", "value"):
        data = found[name]
        if data is None:
            continue
        try:
            found[name] = data.decode()
        except UnicodeDecodeError:
            found[name] = data.decode("utf-8", "replace")
            found[f"{name}_hex"] = data.hex()
    for name in ("origin", "redriven_from"):
        found[name] = None if found[name] is None else str(found[name])
    return found
