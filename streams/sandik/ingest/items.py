"""What a reader yields for every line, frame or message of its source: a post, or why there is none."""

from enum import StrEnum
from typing import NamedTuple

from sandik_schemas.post import Post

#: Details quote at most this much of the source: reports end up in logs, posts should not.
MAX_QUOTE_CHARACTERS = 80


class RejectReason(StrEnum):
    """Why something that should be a post cannot become one. A closed set."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_A_POST = "not_a_post"  # a field is missing or has the wrong type
    NOT_AN_EXPORT = "not_an_export"  # the file as a whole is not of this format
    BAD_COLUMNS = "bad_columns"
    BAD_TIME = "bad_time"  # no event time, or one that does not say which instant it means
    CLOCK_AHEAD = "clock_ahead"  # written later than the source itself saw it
    CLOCK_APART = "clock_apart"  # a time that the posts around it in the file contradict
    TOO_LARGE = "too_large"  # longer than any source allows, or a record Kafka would refuse
    BROKEN_OFF = "broken_off"  # the file is cut off or broken: what follows is missing
    NOT_UNPACKED = "not_unpacked"  # a file of an archive that is encrypted, or packed in a foreign way
    NO_POSTS = "no_posts"  # a file with nothing in it


#: Something of a source is missing, or all of it: the command does not end with 0.
INCOMPLETE = frozenset({RejectReason.BROKEN_OFF, RejectReason.NOT_UNPACKED})


class SkipReason(StrEnum):
    """Why something readable is not a post. A closed set."""

    SERVICE = "service"  # Telegram: somebody joined, a message was pinned
    UNSUPPORTED = "unsupported"  # Telegram: the exporter did not know the kind of message
    OTHER_RECORD = "other_record"  # a like, a profile, a user, a list
    ACCOUNT = "account"  # news of an account: its name, its closing
    NOTICE = "notice"  # the source speaks of itself: limits, warnings, an empty page
    REPOST_WITHOUT_TEXT = "repost_without_text"  # Bluesky: names the post and does not repeat it
    REMOVED = "removed"  # the author or a moderator took the text away
    NOT_PUBLIC = "not_public"  # for followers or the addressed only
    UNTRACEABLE_DELETE = "untraceable_delete"  # Mastodon: the id alone, and it holds no time
    FILTERED = "filtered"  # not what --filter asked for
    OUTSIDE_PERIOD = "outside_period"  # not in what --from and --to asked for
    DUPLICATE = "duplicate"  # a live source delivered it again after a reconnect
    OTHER_FILE = "other_file"  # in an archive of many files, one without posts


class Rejected(NamedTuple):
    """What should be a post but cannot become one. `where` is "line 17" or "message 42"."""

    reason: RejectReason
    detail: str
    where: str = ""


class Skipped(NamedTuple):
    """What was understood and is no post."""

    reason: SkipReason
    detail: str = ""
    where: str = ""


Item = Post | Rejected | Skipped


def quote(text: str) -> str:
    """Return `text` for a report: escaped, on one line, at most 80 characters of it."""
    shown = text if len(text) <= MAX_QUOTE_CHARACTERS else text[:MAX_QUOTE_CHARACTERS] + "…"
    return repr(shown)
