"""What a reader yields for every line, frame or message of its source: a post, or why it is not one."""

from enum import StrEnum
from typing import NamedTuple

from sandik_schemas.post import Post

#: Details quote at most this much of the source: reports go to logs, posts should not.
MAX_QUOTE_CHARACTERS = 80


class RejectReason(StrEnum):
    """Why something that should be a post cannot be one. A closed set."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_A_POST = "not_a_post"  # a field is missing or has the wrong type
    NOT_AN_EXPORT = "not_an_export"  # the file as a whole is not of this format
    BAD_COLUMNS = "bad_columns"
    BAD_TIME = "bad_time"  # no event time, or one without a zone
    CLOCK_AHEAD = "clock_ahead"  # later than the source itself saw it
    CLOCK_APART = "clock_apart"  # contradicts the times around it in the file
    TOO_LARGE = "too_large"  # too long, or a record that Kafka would refuse
    BROKEN_OFF = "broken_off"  # the file is cut off or broken: the rest is missing
    NOT_UNPACKED = "not_unpacked"  # a file of an archive: encrypted, or an unknown compression
    NO_POSTS = "no_posts"  # a file with nothing in it


#: Part of a source, or all of it, is missing: the exit code is not 0.
INCOMPLETE = frozenset({RejectReason.BROKEN_OFF, RejectReason.NOT_UNPACKED})


class SkipReason(StrEnum):
    """Why something readable is not a post. A closed set."""

    SERVICE = "service"  # Telegram: somebody joined, a message was pinned
    UNSUPPORTED = "unsupported"  # Telegram: the exporter did not know the kind of message
    OTHER_RECORD = "other_record"  # a like, a profile, a user, a list
    ACCOUNT = "account"  # an account was renamed, closed, and so on
    NOTICE = "notice"  # about the source itself: limits, warnings, an empty page
    REPOST_WITHOUT_TEXT = "repost_without_text"  # Bluesky: names the post and does not repeat it
    REMOVED = "removed"  # the author or a moderator took the text away
    NOT_PUBLIC = "not_public"  # for followers or mentioned people only
    UNTRACEABLE_DELETE = "untraceable_delete"  # the deletion has only an id, without a time
    FILTERED = "filtered"  # excluded by --filter
    OUTSIDE_PERIOD = "outside_period"  # excluded by --from or --to
    DUPLICATE = "duplicate"  # a live source delivered it again after a reconnect
    OTHER_FILE = "other_file"  # in an archive of many files, one without posts


class Rejected(NamedTuple):
    """What should be a post but cannot become one. `where` is "line 17" or "message 42"."""

    reason: RejectReason
    detail: str
    where: str = ""


class Skipped(NamedTuple):
    """A readable item that is not a post."""

    reason: SkipReason
    detail: str = ""
    where: str = ""


Item = Post | Rejected | Skipped


def quote(text: str) -> str:
    """Return `text` for a report: escaped, on one line, at most 80 characters of it."""
    shown = text if len(text) <= MAX_QUOTE_CHARACTERS else text[:MAX_QUOTE_CHARACTERS] + "…"
    return repr(shown)
