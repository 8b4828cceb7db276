"""Telegram Desktop's messages.html: a chat's name at the top, and a `div` for every message.

The file has neither the chat's id nor its kind. In a channel, all posts are by the name at the top. Any other
chat may be private: it is skipped without `--private-chats`.
"""

import re
from collections.abc import Iterator
from datetime import tzinfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sandik.ingest.decoding.markup import html_to_text
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import formatted_ms
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason, quote
from sandik_schemas.post import Post

#: The exporter starts a new file every thousand messages.
MAX_PAGE_BYTES = 32 << 20
_MESSAGE_ID = re.compile(r"message(-?\d+)")
_ZONED = re.compile(r"(\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d)(?: (?:UTC|GMT)([+-]\d\d:?\d\d))?")
_HASHTAG = re.compile(r"#(\w+)")


def read(data: bytes, options: TableOptions, default_source: str) -> Iterator[Item]:
    """Yield the posts in file order, and why other messages are not posts."""
    if len(data) > MAX_PAGE_BYTES:
        yield Rejected(RejectReason.TOO_LARGE, f"a page of more than {MAX_PAGE_BYTES >> 20} MiB", "file")
        return
    page = LexborHTMLParser(data.decode("utf-8", "replace"))
    messages = page.css("div.message")
    if not messages:
        yield Rejected(RejectReason.NOT_AN_EXPORT, "no message of Telegram in it", "file")
        return
    title = _text(page.css_first(".page_header .text")) or default_source
    is_private = not options.private_chats and any(
        _own(node, ".from_name") not in ("", title) for node in messages if "default" in _classes(node)
    )
    for number, node in enumerate(messages, start=1):
        item = _read_message(node, title, options.zone, is_private=is_private)
        yield item if isinstance(item, Post) else item._replace(where=f"message {number}")


def _read_message(node: LexborNode, title: str, zone: tzinfo | None, *, is_private: bool) -> Item:
    if "default" not in _classes(node):
        return Skipped(SkipReason.SERVICE, _text(node)[:80])
    if is_private:
        return Skipped(SkipReason.NOT_PUBLIC, "a chat whose kind the file does not name")
    found = _MESSAGE_ID.fullmatch(node.attributes.get("id") or "")
    if found is None:
        return Rejected(RejectReason.NOT_A_POST, "a message without an id")
    written = _attribute(node.css_first(".date"), "title")
    created_at_ms = _instant_ms(written, zone)
    if created_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, f"{quote(written)} is not a time with a zone: add --zone")
    parts = [_markup(node.css_first(".text")), _text(node.css_first(".media_poll .question"))]
    parts += [_text(answer) for answer in node.css(".media_poll .answer")]
    origin = _text(node.css_first(".forwarded .from_name"))
    reply = _attribute(node.css_first(".reply_to a"), "href").rpartition("go_to_message")[2]
    text = "\n\n".join(part for part in parts if part)
    return as_ingested(
        Post(
            id=f"telegram:{title}:{found[1]}",
            source="telegram",
            created_at_ms=created_at_ms,
            text=text,
            author_id=title,
            hashtags=tuple(dict.fromkeys(_HASHTAG.findall(text))),
            repost_of=f"telegram:{origin}" if origin else None,
            reply_to=f"telegram:{title}:{reply}" if reply.isdecimal() else None,
        )
    )


def _instant_ms(written: str, zone: tzinfo | None) -> int | None:
    found = _ZONED.fullmatch(written.strip())
    if found is None:
        return None
    if found[2] is None:
        return formatted_ms(found[1], "%d.%m.%Y %H:%M:%S", zone)
    return formatted_ms(f"{found[1]} {found[2]}", "%d.%m.%Y %H:%M:%S %z")


def _classes(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def _own(node: LexborNode, selector: str) -> str:
    """Return the text of the first selected node that is not part of a forwarded message."""
    for found in node.css(selector):
        parent = found.parent
        if parent is None or "forwarded" not in _classes(parent):
            return _text(found)
    return ""


def _text(node: LexborNode | None) -> str:
    return "" if node is None else " ".join(node.text().split())


def _markup(node: LexborNode | None) -> str:
    return "" if node is None else html_to_text(node.inner_html or "")


def _attribute(node: LexborNode | None, name: str) -> str:
    return "" if node is None else node.attributes.get(name) or ""
