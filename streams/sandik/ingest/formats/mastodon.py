"""Mastodon and compatible servers: statuses, and the events of streams.

Reads a status, a list of statuses (timelines), a search, a context, and an event of a stream,
`{"event": ..., "payload": ...}`, whose payload is JSON in a string (WebSocket) or the object itself.

The text is what a reader sees: content warning, content without HTML, poll options. A boost is a post with
the boosted text and `repost_of`. An edit is an update under the same id; a status that was edited before it
was fetched is a creation with its last text. Statuses for followers or mentioned people only are skipped:
they are not public.

A status has a global `uri`, and an `id` of its server; deletions name only the `id`. `known` maps ids to
posts. The deletion of an unknown status gets the server's id, and the time that Mastodon's ids contain.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, MutableMapping

import msgspec

from sandik.ingest.decoding.json_access import (
    ALT_TEXT,
    LINK_CARDS,
    MissingError,
    at,
    each,
    hashtags,
    identifier,
    required,
    string,
)
from sandik.ingest.decoding.markup import html_to_text
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import iso_ms
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason, quote
from sandik_schemas.post import MIN_CREATED_AT_MS, Post

#: How many ids are remembered, so that a deletion finds its post.
MAX_KNOWN = 100_000
MAX_KNOWN_CHARACTERS = 600
_PRIVATE = ("private", "direct")
_ID_TIME_BITS = 16  # the bits of an id below its milliseconds


class Known(OrderedDict[str, str]):
    """The server's ids -> ids of posts, for the newest statuses."""

    def __setitem__(self, key: str, value: str) -> None:
        """Remember an id, and forget the oldest if there are too many."""
        if len(key) > MAX_KNOWN_CHARACTERS or len(value) > MAX_KNOWN_CHARACTERS:
            return
        super().__setitem__(key, value)
        if len(self) > MAX_KNOWN:
            self.popitem(last=False)


def convert(
    value: object, known: MutableMapping[str, str] | None = None, include: Collection[str] = ()
) -> Iterator[Item]:
    """Yield the posts of one object, or why there are none.

    `known`: the server's ids -> ids of posts. `include`: those of EXTRAS to add to the text.
    """
    known = {} if known is None else known
    if identifier(value, "event") is not None and at(value, "content") is None:
        yield _event(value, known, include)
    elif at(value, "content") is not None or at(value, "account") is not None:
        yield _status(value, known, include, is_edit=False)
    else:
        held = [*each(value, "ancestors"), *each(value, "statuses"), *each(value, "descendants")]
        if not held and not isinstance(at(value, "statuses"), list):
            raise MissingError("neither a status nor an event of Mastodon")
        for status in held:
            yield _status(status, known, include, is_edit=False)


def _event(value: object, known: MutableMapping[str, str], include: Collection[str]) -> Item:
    event, payload = required(value, "event"), at(value, "payload")
    if event == "delete":
        return _delete(required(value, "payload"), known)
    if event not in ("update", "status.update"):
        return Skipped(SkipReason.NOTICE, event)
    if isinstance(payload, str):
        try:
            payload = msgspec.json.decode(payload)
        except (msgspec.DecodeError, RecursionError) as error:
            return Rejected(RejectReason.NOT_JSON, f"payload of {event}: {error}")
    return _status(payload, known, include, is_edit=event == "status.update")


def _delete(local_id: str, known: MutableMapping[str, str]) -> Item:
    # Old ids are sequence numbers without a time.
    is_timeless = not local_id.isdecimal() or int(local_id[:20]) >> _ID_TIME_BITS < MIN_CREATED_AT_MS
    if is_timeless or len(local_id) > 20:
        return Skipped(SkipReason.UNTRACEABLE_DELETE, quote(local_id))
    return as_ingested(
        Post(
            id=known.get(local_id, f"mastodon:{local_id}"),
            source="mastodon",
            created_at_ms=int(local_id) >> _ID_TIME_BITS,
            text="",
            op="delete",
        )
    )


def _status(
    status: object, known: MutableMapping[str, str], include: Collection[str], *, is_edit: bool
) -> Item:
    post_id = _post_id(status)
    created_at = required(status, "created_at")
    created_at_ms = iso_ms(created_at)
    if created_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, f"created_at {quote(created_at)} is not a time with a zone")
    if (visibility := string(status, "visibility")) in _PRIVATE:
        return Skipped(SkipReason.NOT_PUBLIC, str(visibility))
    if local_id := identifier(status, "id"):
        known[local_id] = post_id
    boosted = at(status, "reblog")
    said = boosted if isinstance(boosted, dict) else status
    content = at(said, "content")
    if not isinstance(content, str):
        raise MissingError("no content")
    parts = (
        html_to_text(string(said, "spoiler_text") or ""),
        html_to_text(content),
        "\n".join(filter(None, (string(option, "title") for option in each(said, "poll", "options")))),
        *_extras(said, include),
    )
    reply_to = identifier(status, "in_reply_to_id")
    return as_ingested(
        Post(
            id=post_id,
            source="mastodon",
            created_at_ms=created_at_ms,
            text="\n\n".join(part for part in parts if part),
            author_id=string(status, "account", "url") or identifier(status, "account", "acct"),
            lang_hint=string(said, "language"),
            url=string(status, "url") or string(said, "url"),
            hashtags=hashtags(*(string(tag, "name") for tag in each(said, "tags"))),
            repost_of=_post_id(boosted) if isinstance(boosted, dict) else None,
            reply_to=known.get(reply_to, f"mastodon:{reply_to}") if reply_to else None,
            op="update" if is_edit else "create",
        )
    )


def _extras(status: object, include: Collection[str]) -> Iterator[str]:
    if ALT_TEXT in include:
        yield from (string(one, "description") or "" for one in each(status, "media_attachments"))
    if LINK_CARDS in include:
        yield string(status, "card", "title") or ""


def _post_id(status: object) -> str:
    return f"mastodon:{string(status, 'uri') or string(status, 'url') or required(status, 'id')}"
