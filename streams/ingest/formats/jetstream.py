"""Bluesky, as Jetstream sends it: frames of `/subscribe` (v1) and of `subscribeEvents` (v2).

A v1 frame is `{did, time_us, kind, commit}`; a v2 frame wraps a lexicon message,
`{"$type": "message", "payload": {"$type": "...#commit", did, time, ...}}`. Posts are the records of
`app.bsky.feed.post`. Views of posts (`{uri, author, record, indexedAt}`), as the other endpoints of Bluesky
give them, in feeds inside a `post`, are read, too.

`createdAt` is what the author's program claims; the server says when it saw the post. The claim is the event
time, unless it is no instant (then the server's time is) or lies more than five minutes after the server's:
such a post is rejected here, because once it is an archive nobody else can tell.

A repost names a post and does not repeat its text, so nothing can be counted in it: it is skipped.
"""

from collections.abc import Iterator

from schemas.post import Post
from streams.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from streams.ingest.shape import MissingError, at, each, hashtags, number, required, string, strings
from streams.ingest.text import as_ingested
from streams.ingest.times import iso_ms

POSTS = "app.bsky.feed.post"
REPOSTS = "app.bsky.feed.repost"

#: The same as the workers' SANDIK_MAX_AHEAD_MS by default.
MAX_AHEAD_MS = 300_000


def is_like(value: object) -> bool:
    """Tell a frame, or the view of a post, by its fields."""
    is_v1 = string(value, "did") is not None and at(value, "time_us") is not None
    is_v2 = at(value, "$type") in ("message", "error") and at(value, "did") is None
    view = at(value, "post") or value
    return is_v1 or is_v2 or (str(at(view, "uri")).startswith("at://") and at(view, "record") is not None)


def convert(value: object) -> Iterator[Item]:
    """Yield what one frame holds: a post, or why there is none."""
    if at(value, "$type") == "message":
        payload = at(value, "payload")
        kind = str(at(payload, "$type")).rpartition("#")[2]
        yield (
            _commit(payload, payload, _ms(string(payload, "time")))
            if kind == "commit"
            else _no_post(kind, payload)
        )
    elif at(value, "$type") == "error":
        detail = f"{string(value, 'error')}: {string(value, 'message')}"
        yield Skipped(SkipReason.NOTICE, detail)
    elif string(value, "uri") or string(value, "post", "uri"):
        yield _view(at(value, "post") or value)
    else:
        time_us = number(value, "time_us")
        kind = "commit" if at(value, "commit") is not None else str(at(value, "kind"))
        seen_ms = None if not time_us else int(time_us // 1000)
        yield _commit(value, at(value, "commit"), seen_ms) if kind == "commit" else _no_post(kind, value)


def _no_post(kind: str, envelope: object) -> Item:
    if kind in ("identity", "account", "sync"):
        return Skipped(SkipReason.ACCOUNT, kind)
    if kind == "info":
        return Skipped(SkipReason.NOTICE, kind)
    if string(envelope, "did") is not None:
        return Skipped(SkipReason.OTHER_RECORD, kind)  # what the network will think of next
    return Rejected(RejectReason.NOT_A_POST, f"no frame of Jetstream: kind {kind}")


def _commit(envelope: object, commit: object, seen_ms: int | None) -> Item:
    did, collection, rkey = (
        required(envelope, "did"),
        required(commit, "collection"),
        required(commit, "rkey"),
    )
    operation = required(commit, "operation")
    if collection != POSTS:
        is_repost = collection == REPOSTS and operation == "create"
        return Skipped(SkipReason.REPOST_WITHOUT_TEXT if is_repost else SkipReason.OTHER_RECORD, collection)
    uri = f"at://{did}/{collection}/{rkey}"
    if operation == "delete":
        if seen_ms is None:
            return Rejected(RejectReason.BAD_TIME, "a deletion without the server's time")
        return as_ingested(
            Post(f"bluesky:{uri}", "bluesky", created_at_ms=seen_ms, text="", author_id=did, op="delete")
        )
    if operation not in ("create", "update"):
        return Rejected(RejectReason.NOT_A_POST, f"no such operation: {operation}")
    op = "create" if operation == "create" else "update"
    return _record(uri, did, at(commit, "record"), seen_ms, op=op)


def _view(view: object) -> Item:
    uri, record = required(view, "uri"), at(view, "record")
    did, _, path = uri.removeprefix("at://").partition("/")
    if not path.startswith(f"{POSTS}/"):
        return Skipped(SkipReason.OTHER_RECORD, path.partition("/")[0])
    return _record(uri, did, record, _ms(string(view, "indexedAt")), op="create")


def _record(uri: str, did: str, record: object, seen_ms: int | None, *, op: str) -> Item:
    text = at(record, "text")
    if not isinstance(text, str):
        raise MissingError("no record.text")
    claimed_ms = _ms(string(record, "createdAt"))
    created_at_ms = seen_ms if claimed_ms is None else claimed_ms
    if created_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, "no createdAt that is an instant, and no server's time")
    if seen_ms is not None and created_at_ms - seen_ms > MAX_AHEAD_MS:
        ahead_ms = created_at_ms - seen_ms
        return Rejected(
            RejectReason.CLOCK_AHEAD, f"createdAt is {ahead_ms} ms ahead of the time the server saw it"
        )
    parent = string(record, "reply", "parent", "uri")
    return as_ingested(
        Post(
            id=f"bluesky:{uri}",
            source="bluesky",
            created_at_ms=created_at_ms,
            text=text,
            author_id=did,
            lang_hint=next(strings(record, "langs"), None),
            url=f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}",
            hashtags=hashtags(*_facet_tags(record), *strings(record, "tags")),
            reply_to=f"bluesky:{parent}" if parent else None,
            op="update" if op == "update" else "create",
        )
    )


def _facet_tags(record: object) -> Iterator[str | None]:
    for facet in each(record, "facets"):
        for feature in each(facet, "features"):
            if str(at(feature, "$type")).endswith("#tag"):
                yield string(feature, "tag")


def _ms(time: str | None) -> int | None:
    return None if time is None else iso_ms(time)
