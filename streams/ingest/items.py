"""What a reader yields for every line or message of its source: a post, or why there is none."""

from enum import StrEnum
from typing import NamedTuple

from schemas.post import Post

#: Details quote at most this much of the source: reports end up in logs, posts should not.
MAX_QUOTE_CHARACTERS = 80


class UnreadableReason(StrEnum):
    """Why something in a source cannot be turned into a post. A closed set."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_A_POST = "not_a_post"  # a field is missing or has the wrong type
    NOT_AN_EXPORT = "not_an_export"  # the file as a whole is not of this format
    BAD_COLUMNS = "bad_columns"
    BAD_TIME = "bad_time"  # no event time, or one that does not say which instant it means
    TOO_LARGE = "too_large"  # a single record Kafka would refuse


class SkipReason(StrEnum):
    """Why something readable is not a post. A closed set."""

    SERVICE = "service"  # Telegram: somebody joined, a message was pinned
    UNSUPPORTED = "unsupported"  # Telegram: the exporter did not know the kind of message


class Unreadable(NamedTuple):
    """A line or message that should be a post but cannot become one. `where` is "line 17" or "message 42"."""

    where: str
    reason: UnreadableReason
    detail: str


class Skipped(NamedTuple):
    """A line or message that was understood and is no post."""

    where: str
    reason: SkipReason


Item = Post | Unreadable | Skipped


def quote(text: str) -> str:
    """Return `text` for a report: escaped, on one line, at most 80 characters of it."""
    shown = text if len(text) <= MAX_QUOTE_CHARACTERS else text[:MAX_QUOTE_CHARACTERS] + "…"
    return repr(shown)
