"""Bluesky, as Jetstream sends it: frames of `/subscribe` (v1) and of `subscribeEvents` (v2).

A v1 frame is `{did, time_us, kind, commit}`; a v2 frame wraps a lexicon message,
`{"$type": "message", "payload": {"$type": "...#commit", did, time, ...}}`. Posts are the records of
`app.bsky.feed.post`. The reader also takes views of posts (`{uri, author, record, indexedAt}`) from other
Bluesky endpoints (feeds, searches, threads, `listRecords`), and events of tap.

`createdAt` is set by the author's client; the server adds when it saw the post. The event time is
`createdAt`, or the server's time if `createdAt` is invalid. If `createdAt` is more than five minutes after
the server's time, the post is rejected here, because an archive no longer has the server's time.

A repost has no text of its own, so it is skipped.
"""

from collections.abc import Collection, Iterator

from sandik.ingest.decoding.json_access import (
    ALT_TEXT,
    LINK_CARDS,
    MissingError,
    at,
    each,
    hashtags,
    number,
    required,
    string,
    strings,
)
from sandik.ingest.decoding.links import Span, byte_spans, with_whole_links
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import iso_ms
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from sandik_schemas.post import Post

POSTS = "app.bsky.feed.post"
REPOSTS = "app.bsky.feed.repost"

#: The same as the workers' SANDIK_MAX_AHEAD_MS by default.
MAX_AHEAD_MS = 300_000


def convert(value: object, include: Collection[str] = ()) -> Iterator[Item]:
    """Yield the post of a frame, or why there is none. `include`: those of EXTRAS to add to the text."""
    if at(value, "$type") == "message":
        payload = at(value, "payload")
        kind = str(at(payload, "$type")).rpartition("#")[2]
        yield (
            _commit(payload, payload, _ms(string(payload, "time")), include)
            if kind == "commit"
            else _no_post(kind, payload)
        )
    elif at(value, "$type") == "error":
        detail = f"{string(value, 'error')}: {string(value, 'message')}"
        yield Skipped(SkipReason.NOTICE, detail)
    elif (views := list(_views(value))) or _is_page(value):
        for view in views:
            try:
                yield _view(view, include)
            except MissingError as error:
                yield Rejected(RejectReason.NOT_A_POST, str(error))
        if not views:
            yield Skipped(SkipReason.NOTICE, "a page without posts")
    elif string(value, "type") in ("record", "identity", "user") and string(value, "did") is None:
        yield _of_tap(value, include)
    else:
        time_us = number(value, "time_us")
        kind = "commit" if at(value, "commit") is not None else str(at(value, "kind"))
        seen_ms = None if not time_us else int(time_us // 1000)
        yield (
            _commit(value, at(value, "commit"), seen_ms, include)
            if kind == "commit"
            else _no_post(kind, value)
        )


def _is_page(value: object) -> bool:
    return any(isinstance(at(value, name), list) for name in ("feed", "posts", "records"))


def _views(value: object) -> Iterator[object]:
    """Yield the views of posts in an answer of Bluesky: one, a list, or a tree."""
    if string(value, "uri") is not None:
        yield value
    elif at(value, "thread") is not None:
        # A tree of views, or a list since its second version.
        for one in each(value, "thread") if isinstance(at(value, "thread"), list) else (at(value, "thread"),):
            yield from _views(at(one, "value") or one)
    elif string(value, "post", "uri") is not None:
        # Replies in a thread are posts to count; other posts in a feed item are only shown with it.
        yield at(value, "post")
        for answer in each(value, "replies"):
            yield from _views(answer)
    else:
        for name in ("feed", "posts", "records"):
            for one in each(value, name):
                yield from _views(one)


def _of_tap(value: object, include: Collection[str]) -> Item:
    """Read an event of tap, which follows repositories: a commit with other field names."""
    record = at(value, "record")
    if string(value, "type") != "record":
        return _no_post("identity", value)
    renamed = {
        "collection": at(record, "collection"),
        "rkey": at(record, "rkey"),
        "operation": at(record, "action"),
        "record": at(record, "record"),
    }
    return _commit(record, renamed, None, include)


def _no_post(kind: str, envelope: object) -> Item:
    if kind in ("identity", "account", "sync"):
        return Skipped(SkipReason.ACCOUNT, kind)
    if kind == "info":
        return Skipped(SkipReason.NOTICE, kind)
    if string(envelope, "did") is not None:
        return Skipped(SkipReason.OTHER_RECORD, kind)  # a kind added later
    return Rejected(RejectReason.NOT_A_POST, f"no frame of Jetstream: kind {kind}")


def _commit(envelope: object, commit: object, seen_ms: int | None, include: Collection[str]) -> Item:
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
    return record_item(uri, did, at(commit, "record"), seen_ms, op=op, include=include)


def _view(view: object, include: Collection[str]) -> Item:
    uri = required(view, "uri")
    record = at(view, "value") if at(view, "record") is None else at(view, "record")
    did, _, path = uri.removeprefix("at://").partition("/")
    if not path.startswith(f"{POSTS}/"):
        return Skipped(SkipReason.OTHER_RECORD, path.partition("/")[0])
    return record_item(
        uri, did, record, _ms(string(view, "indexedAt") or string(view, "indexed_at")), include=include
    )


def record_item(
    uri: str,
    did: str,
    record: object,
    seen_ms: int | None,
    *,
    op: str = "create",
    include: Collection[str] = (),
) -> Item:
    """Return the post of one record. `seen_ms`: when the server saw it, if known.

    Raises:
        MissingError: it has no text.
    """
    text = at(record, "text")
    if not isinstance(text, str):
        raise MissingError("no record.text")
    claimed_ms = _ms(string(record, "createdAt") or string(record, "created_at"))  # the name in Python's SDK
    created_at_ms = seen_ms if claimed_ms is None else claimed_ms
    if created_at_ms is None:
        return Rejected(
            RejectReason.BAD_TIME, "createdAt is not a valid time, and the server's time is missing"
        )
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
            text="\n\n".join(
                [with_whole_links(text, byte_spans(text, _links(record))), *_extras(record, include)]
            ),
            author_id=did,
            lang_hint=next(strings(record, "langs"), None),
            url=f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}",
            hashtags=hashtags(*_facet_tags(record), *strings(record, "tags")),
            reply_to=f"bluesky:{parent}" if parent else None,
            op="update" if op == "update" else "create",
        )
    )


def _extras(record: object, include: Collection[str]) -> Iterator[str]:
    """Yield the descriptions of pictures and the titles of link cards."""
    embed = at(record, "embed")
    for shown in (embed, at(embed, "media")):
        if ALT_TEXT in include:
            described = (string(shown, "alt"), *(string(image, "alt") for image in each(shown, "images")))
            yield from filter(None, described)
        if LINK_CARDS in include and (title := string(shown, "external", "title")):
            yield title


def _links(record: object) -> Iterator[Span]:
    for facet in each(record, "facets"):
        start, end = at(facet, "index", "byteStart"), at(facet, "index", "byteEnd")
        for feature in each(facet, "features"):
            address = string(feature, "uri")
            if isinstance(start, int) and isinstance(end, int) and address is not None:
                yield start, end, address


def _facet_tags(record: object) -> Iterator[str | None]:
    for facet in each(record, "facets"):
        for feature in each(facet, "features"):
            if str(at(feature, "$type")).endswith("#tag"):
                yield string(feature, "tag")


def _ms(time: str | None) -> int | None:
    return None if time is None else iso_ms(time)
