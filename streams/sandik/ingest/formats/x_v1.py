"""Twitter API v1.1: lines of streams, as in archives of 2011 to 2023, and a user's own archive.

`tweets.js` of a user's archive is JSON after `window.YTD... =`, each post in `{"tweet": ...}`; a retweet
there has no reference to the original. The longest form of the text is used: `full_text`, `extended_tweet` of
a stream, or the retweeted status.
"""

from collections.abc import Iterator
from html import unescape

from sandik.ingest.decoding.json_access import (
    MissingError,
    at,
    each,
    hashtags,
    identifier,
    number,
    required,
    string,
)
from sandik.ingest.decoding.links import Span, with_whole_links
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import X_V1_FORMAT, formatted_ms, iso_ms, number_ms
from sandik.ingest.formats.x_ids import id_time_ms, language_hint, reposted_user
from sandik.ingest.formats.x_notes import Notes
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason, quote
from sandik_schemas.post import Post

#: The time format of archives of 2012 to 2018, which had a file per month.
_GRAILBIRD_FORMAT = "%Y-%m-%d %H:%M:%S %z"
_NOTICES = frozenset(
    {"limit", "scrub_geo", "status_withheld", "user_withheld", "disconnect", "warning", "friends", "event"}
)


def is_like(value: object) -> bool:
    """Return whether it is a status or a message of a stream, by its fields."""
    status = at(value, "tweet") or value
    if identifier(status, "id_str") is not None or at(status, "full_text") is not None:
        return True
    if at(value, "delete", "status") is not None or any(is_like(one) for one in each(value, "statuses")):
        return True
    return isinstance(value, dict) and len(value) <= 2 and not _NOTICES.isdisjoint(value)


def convert(value: object, notes: Notes | None = None) -> Iterator[Item]:
    """Yield the posts of one line, or why there are none. `notes`: the long texts of an archive."""
    if statuses := list(each(value, "statuses")):
        for status in statuses:
            try:
                yield _status(status, None)
            except MissingError as error:
                yield Rejected(RejectReason.NOT_A_POST, str(error))
    elif (deleted := at(value, "delete", "status")) is not None:
        yield _deletion(deleted, number(value, "delete", "timestamp_ms"))
    elif isinstance(value, dict) and not _NOTICES.isdisjoint(value) and "id" not in value:
        yield Skipped(SkipReason.NOTICE, next(name for name in value if name in _NOTICES))
    else:
        yield _status(at(value, "tweet") or value, notes)


def _deletion(status: object, timestamp_ms: float | None) -> Item:
    native_id = identifier(status, "id_str") or required(status, "id")
    created_at_ms = id_time_ms(native_id) if timestamp_ms is None else int(timestamp_ms)
    if created_at_ms is None:
        return Skipped(SkipReason.UNTRACEABLE_DELETE, native_id)
    author_id = identifier(status, "user_id_str") or identifier(status, "user_id")
    return as_ingested(Post(f"x:{native_id}", "x", created_at_ms, text="", author_id=author_id, op="delete"))


def note(value: object) -> Item:
    """Return a long text of an archive as a post, for archives without `tweets.js`."""
    held = at(value, "noteTweet")
    created_at_ms = iso_ms(required(held, "createdAt"))
    text = at(held, "core", "text")
    if created_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, f"createdAt {quote(str(at(held, 'createdAt')))}")
    if not isinstance(text, str):
        raise MissingError("no core.text")
    native_id = required(held, "noteTweetId")
    tags = hashtags(*(string(tag, "text") for tag in each(held, "core", "hashtags")))
    return as_ingested(Post(f"x:{native_id}", "x", created_at_ms, unescape(text), hashtags=tags))


def _status(status: object, notes: Notes | None) -> Item:
    native_id = identifier(status, "id_str") or required(status, "id")
    created_at = required(status, "created_at")
    timestamp_ms = number(status, "timestamp_ms")
    created_at_ms = (
        number_ms(timestamp_ms)
        if timestamp_ms is not None
        else formatted_ms(created_at, X_V1_FORMAT)
        or iso_ms(created_at)
        or formatted_ms(created_at, _GRAILBIRD_FORMAT)
    )
    if created_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, f"created_at {quote(created_at)}")
    reposted = at(status, "retweeted_status")
    said = reposted if isinstance(reposted, dict) else status
    whole = at(said, "extended_tweet") or said
    text = at(whole, "full_text")
    text = at(said, "text") if text is None else text
    if text is None and string(status, "screen_name") is not None:
        return Skipped(SkipReason.OTHER_RECORD, "a user")
    if not isinstance(text, str):
        raise MissingError("neither full_text nor text")
    text = unescape(text if notes is None else notes.whole(text, created_at_ms))
    text = with_whole_links(text, _links(whole))
    repost_id = identifier(reposted, "id_str") or identifier(reposted, "id") or reposted_user(text)
    reply_id = identifier(status, "in_reply_to_status_id_str") or identifier(status, "in_reply_to_status_id")
    return as_ingested(
        Post(
            id=f"x:{native_id}",
            source="x",
            created_at_ms=created_at_ms,
            text=text,
            author_id=identifier(status, "user", "id_str") or identifier(status, "user", "id"),
            lang_hint=language_hint(string(status, "lang")),
            url=f"https://x.com/i/web/status/{native_id}",
            hashtags=hashtags(
                *(string(tag, "text") for tag in each(whole, "entities", "hashtags")),
                *(string(tag, "text") for tag in each(status, "entities", "hashtags")),
            ),
            repost_of=f"x:{repost_id}" if repost_id else None,
            reply_to=f"x:{reply_id}" if reply_id else None,
        )
    )


def _links(status: object) -> Iterator[Span]:
    """Yield the links in the text; before 2010 they were written out in it."""
    for link in each(status, "entities", "urls"):
        bounds = [one for one in each(link, "indices") if isinstance(one, int)]
        address = string(link, "expanded_url") or string(link, "url")
        if len(bounds) == 2 and address is not None:
            yield bounds[0], bounds[1], address
