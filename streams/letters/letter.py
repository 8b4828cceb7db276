"""A record of `posts.dlq` or `posts.late`, and what its headers say."""

from typing import Any, NamedTuple

from aiokafka import ConsumerRecord

from schemas.headers import ATTEMPTS, LEFT_OUT

LATE = "late"


class Letter(NamedTuple):
    """`origin` is the record of `posts`: topic, partition, offset. `reason` of a late post is `late`."""

    partition: int
    offset: int
    written_ms: int
    reason: str
    detail: str
    origin: tuple[str, int, int]
    attempts: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether the record was copied: those too long for a letter are in `posts` only."""
        return LEFT_OUT not in self.headers

    @property
    def origin_id(self) -> str:
        """The origin as the header `redriven_from` has it."""
        return "/".join(map(str, self.origin))


def letter_of(record: ConsumerRecord) -> Letter | None:
    """Return the letter; None for a record that no worker of ours wrote.

    A record that was put back and failed again has each header several times: the last one holds.
    """
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    try:
        origin = (
            headers["original_topic"],
            int(headers["original_partition"]),
            int(headers["original_offset"]),
        )
        attempts = int(headers.get(ATTEMPTS, "0"))
    except (KeyError, ValueError):
        return None
    is_late = "lateness_ms" in headers and "reason" not in headers
    detail = (
        f"{headers['lateness_ms']} ms, {headers.get('window', '')}" if is_late else headers.get("detail", "")
    )
    return Letter(
        record.partition,
        record.offset,
        record.timestamp,
        LATE if is_late else headers.get("reason", ""),
        detail,
        origin,
        attempts,
        record.key,
        record.value,
        headers,
    )


def as_json(letter: Letter) -> dict[str, Any]:
    """Return what a program may read: bytes that are no text are replaced, `value_hex` has them all then."""
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
    found["origin"] = letter.origin_id
    return found
