"""X (Twitter) API v2: frames of its streams, pages of its searches, and flattened posts as twarc writes them.

A frame is `{"data": {...}, "includes": {...}, "matching_rules": [...]}`; a page has a list as `data`. The
full text is used: `note_tweet` of a long post, the original's text of a repost (the API cuts reposts at 140
characters). Entities such as `&amp;` are decoded.

An edit is a new object with its own id. `edit_history_tweet_ids` begins with the first id, which is used as
the id of the post. In a stream, a later version is an update; on a page it is the only version, so it is a
creation.
"""

from collections.abc import Iterator
from html import unescape
from typing import Literal

from sandik.ingest.decoding.json_access import (
    MissingError,
    at,
    each,
    hashtags,
    identifier,
    required,
    string,
    strings,
)
from sandik.ingest.decoding.links import Span, with_whole_links
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import iso_ms
from sandik.ingest.formats import x_v1
from sandik.ingest.formats.x_ids import id_time_ms, language_hint, reposted_user
from sandik.ingest.formats.x_notes import Notes
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason, quote
from sandik_schemas.post import Post

_Op = Literal["create", "update"]


def convert(value: object, notes: Notes | None = None) -> Iterator[Item]:
    """Yield the posts of one line or page, or why there are none. `notes`: the long texts of an archive."""
    data = at(value, "data")
    if at(value, "noteTweet") is not None:
        yield x_v1.note(value)
    elif x_v1.is_like(value):
        yield from x_v1.convert(value, notes)
    elif isinstance(data, dict):
        yield (
            _compliance(data)
            if "text" not in data and "id" not in data
            else _post(data, value, is_page=False)
        )
    elif isinstance(data, list) and data:
        for tweet in data:
            try:
                yield _post(tweet, value, is_page=True)
            except MissingError as error:
                yield Rejected(RejectReason.NOT_A_POST, str(error))
    elif at(value, "text") is not None:
        yield _post(value, value, is_page=True)
    elif at(value, "errors") is not None or at(value, "title") is not None:
        problem = next(each(value, "errors"), value)
        detail = string(problem, "detail") or string(problem, "title") or string(problem, "message") or ""
        yield Skipped(SkipReason.NOTICE, detail)
    elif at(value, "meta") is not None:
        yield Skipped(SkipReason.NOTICE, "a page without posts")
    elif at(value, "action") is not None:
        yield Skipped(SkipReason.NOTICE, f"compliance: {string(value, 'action')}")
    else:
        raise MissingError("neither a post, a frame nor a page of X")


def _compliance(data: object) -> Item:
    deleted = at(data, "delete", "tweet")
    if deleted is None:
        return Skipped(SkipReason.NOTICE, f"compliance: {', '.join(data) if isinstance(data, dict) else ''}")
    event_at_ms = iso_ms(required(data, "delete", "event_at"))
    if event_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, "event_at is no instant")
    return as_ingested(
        Post(
            id=f"x:{required(deleted, 'id')}",
            source="x",
            created_at_ms=event_at_ms,
            text="",
            author_id=identifier(deleted, "author_id"),
            op="delete",
        )
    )


def _post(tweet: object, frame: object, *, is_page: bool) -> Item:
    if at(tweet, "text") is None and (at(tweet, "username") or at(tweet, "name") or at(tweet, "tweet_count")):
        return Skipped(SkipReason.OTHER_RECORD, "a user, a list or a count")
    own_id = required(tweet, "id")
    first_id = next(strings(tweet, "edit_history_tweet_ids"), own_id)
    op: _Op = "create" if is_page or first_id == own_id else "update"
    created_at = string(tweet, "created_at")
    created_at_ms = id_time_ms(own_id) if created_at is None else iso_ms(created_at)
    if created_at_ms is None:
        detail = "no created_at: ask for it with tweet.fields" if created_at is None else quote(created_at)
        return Rejected(RejectReason.BAD_TIME, detail)
    references = {string(ref, "type"): ref for ref in each(tweet, "referenced_tweets")}
    reposted, answered = references.get("retweeted"), references.get("replied_to")
    said = _included(reposted, frame) if reposted is not None else tweet
    text = _text(said) if _text(said) is not None else _text(tweet)
    if text is None:
        raise MissingError("no text")
    text = with_whole_links(text, _links(said))
    repost_id, reply_id = identifier(reposted, "id") or reposted_user(text), identifier(answered, "id")
    return as_ingested(
        Post(
            id=f"x:{first_id}",
            source="x",
            created_at_ms=created_at_ms,
            text=unescape(text),
            author_id=identifier(tweet, "author_id"),
            lang_hint=language_hint(string(tweet, "lang")),
            url=f"https://x.com/i/web/status/{own_id}",
            hashtags=hashtags(*_tags(said), *_tags(tweet)),
            repost_of=f"x:{repost_id}" if repost_id else None,
            reply_to=f"x:{reply_id}" if reply_id else None,
            op=op,
        )
    )


def _included(reference: object, frame: object) -> object:
    """Return the referenced post: twarc puts it into the reference, X into `includes`."""
    wanted = identifier(reference, "id")
    beside = (tweet for tweet in each(frame, "includes", "tweets") if identifier(tweet, "id") == wanted)
    return reference if at(reference, "text") is not None else next(beside, None)


def _text(tweet: object) -> str | None:
    text = at(tweet, "note_tweet", "text")
    text = at(tweet, "text") if text is None else text
    return text if isinstance(text, str) else None


def _tags(tweet: object) -> Iterator[str | None]:
    for holder in (tweet, at(tweet, "note_tweet")):
        for tag in each(holder, "entities", "hashtags"):
            yield string(tag, "tag")


def _links(tweet: object) -> Iterator[Span]:
    for link in each(tweet, "entities", "urls"):
        start, end, address = at(link, "start"), at(link, "end"), string(link, "expanded_url")
        if isinstance(start, int) and isinstance(end, int) and address is not None:
            yield start, end, address
