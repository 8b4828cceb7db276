"""RSS and Atom feeds, one post an entry.

The id is the entry's own, prefixed by the feed's address if it is not global. The time is when the entry was
published, else updated. The text is title and content, without HTML. Feeds keep only their newest entries:
reading one again writes the same ids again, and workers count them once per window.
"""

import io
from calendar import timegm
from collections.abc import Iterator
from typing import Any

import feedparser  # type: ignore[import-untyped]

from sandik.ingest.decoding.json_access import string
from sandik.ingest.decoding.markup import html_to_text
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik_schemas.post import Post

#: The largest feed. Parsing a whole feed takes about twenty times its size in memory.
MAX_FEED_BYTES = 16 << 20


def read(data: bytes) -> Iterator[Item]:
    """Yield other items, then the posts, oldest first. `where` counts entries in the feed's order."""
    # feedparser would take plain bytes for an address to fetch.
    parsed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not parsed.entries and (parsed.bozo or not parsed.get("version")):
        reason = parsed.get("bozo_exception", "neither RSS nor Atom")
        yield Rejected(RejectReason.NOT_AN_EXPORT, str(reason), "file")
        return
    posts = []
    for number, entry in enumerate(parsed.entries, start=1):
        item = _entry(entry, parsed.feed)
        if isinstance(item, Post):
            posts.append(item)
        else:
            yield item._replace(where=f"entry {number}")
    yield from sorted(posts, key=lambda post: post.created_at_ms)


def _entry(entry: dict[str, Any], feed: object) -> Post | Rejected:
    native_id = string(entry, "id") or string(entry, "link")
    if native_id is None:
        return Rejected(RejectReason.NOT_A_POST, "neither id nor link")
    if ":" not in native_id:
        native_id = f"{string(feed, 'link') or string(feed, 'title') or ''}#{native_id}"
    time = entry.get("published_parsed") or entry.get("updated_parsed")
    if time is None:
        return Rejected(RejectReason.BAD_TIME, "neither published nor updated has a readable time")
    title = html_to_text(string(entry, "title") or "")
    contents = entry.get("content") or [{"value": entry.get("summary") or ""}]
    body = html_to_text(string(contents[0], "value") or "")
    # Feeds of short posts repeat the beginning of the post as its title.
    parts = (body,) if body.startswith(title.removesuffix("…").removesuffix("...")) else (title, body)
    language = string(contents[0], "language") or string(feed, "language")
    return as_ingested(
        Post(
            id=f"feed:{native_id}",
            source="feed",
            created_at_ms=timegm(time) * 1000,
            text="\n\n".join(part for part in parts if part),
            author_id=string(entry, "author"),
            lang_hint=language,
            url=string(entry, "link"),
            source_detail=string(feed, "link") or string(feed, "title"),
        )
    )
