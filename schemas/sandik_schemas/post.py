"""post v1: one social post, as sources write it to the topic `posts`."""

from typing import Annotated, Literal

import msgspec

#: Event times before this (2000-01-01T00:00:00Z) are taken for a wrong unit (seconds) or a dead clock.
MIN_CREATED_AT_MS = 946_684_800_000

#: Event times after this (3000-01-01T00:00:00Z) are taken for one, too, whatever a record's timestamp says.
MAX_CREATED_AT_MS = 32_503_680_000_000

#: Characters of a text that are read. The longest that any source allows is Reddit's 40,000: what is longer
#: than this is no post but a file gone wrong.
MAX_TEXT_CHARS = 100_000

NonEmpty = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class Post(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One post. Unknown fields are ignored, so producers may add their own.

    `created_at_ms` is the event time: integer milliseconds since 1970-01-01T00:00:00Z, as the source says;
    from 2000 to 3000, or the post is rejected.
    `id` is unique over all sources (`source:native id`) and is also the record's key.
    `op`: only creations are counted. Counts say what was said when; an edit or a deletion does not unsay it.
    `source_detail` is the channel, feed or forum of the source, where it has one.
    `close` is no post: it says that its partition is complete up to `created_at_ms`, so that the windows that
    end until then become final.
    """

    id: NonEmpty
    source: NonEmpty
    created_at_ms: int
    text: str
    author_id: str | None = None
    lang_hint: str | None = None
    url: str | None = None
    hashtags: tuple[str, ...] = ()
    repost_of: str | None = None
    reply_to: str | None = None
    ingested_at_ms: int | None = None
    op: Literal["create", "update", "delete", "close"] = "create"
    source_detail: str | None = None
