"""Bursts as an Atom feed, for whoever wants to be told. Pure."""

from collections.abc import Iterable
from urllib.parse import urlencode
from xml.etree import ElementTree

from sandik.counting.labels import iso
from sandik.figures.language_names import name_in
from sandik.figures.rollup import EVERY, Row

#: A feed is asked for again and again: what is older is known.
MOST_ENTRIES = 50


def bursts_feed(rows: Iterable[Row], page: str, address: str, sources: frozenset[str] = frozenset()) -> bytes:
    """Return the feed of the bursts in the rows, the newest first.

    `page` is the address of the page, `address` that of the feed; `sources` are those of the posts, or none
    for all.

    An entry keeps its id while its counts grow, so a reader is told of a burst once.
    """
    found = [(row, tag) for row in rows for tag in row.bursts]
    found.sort(key=lambda one: (-one[0].start_ms, one[0].language, one[1]))
    feed = ElementTree.Element("feed", xmlns="http://www.w3.org/2005/Atom")
    _add(feed, "id", "urn:sandik:bursts")
    _add(feed, "title", "sandik: bursts")
    link = _add(feed, "link")
    link.set("rel", "self")
    link.set("href", address)
    of_sources = ",".join(sorted(sources))
    _add(feed, "updated", iso(found[0][0].end_ms if found else 0))
    _add(_add(feed, "author"), "name", "sandik")
    for row, tag in found[:MOST_ENTRIES]:
        posts = row.counts.get(tag, 0) + row.current.get(tag, 0)
        language = "all languages" if row.language == EVERY else name_in("en", row.language) or row.language
        entry = _add(feed, "entry")
        parts = row.start_ms, row.end_ms, _safe(row.language), _safe(tag), *([of_sources] if sources else [])
        _add(entry, "id", f"urn:sandik:burst:{':'.join(map(str, parts))}")
        _add(entry, "title", _safe(f"{language}, {tag}: {posts:,} posts"))
        _add(entry, "updated", iso(row.end_ms))
        query = {"span": "custom", "from": row.start_ms, "to": row.end_ms}
        if row.language != EVERY:
            query["languages"] = row.language
        if sources:
            query["source"] = of_sources
        _add(entry, "link").set("href", f"{page}?{urlencode(query)}")
        _add(entry, "summary", f"From {iso(row.start_ms)} to {iso(row.end_ms)}: far above the steps before.")
    return bytes(ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True))


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, name)
    child.text = text
    return child


def _safe(text: str) -> str:
    # Control characters are no XML, however they are written.
    return "".join(one if one.isprintable() else "�" for one in text)
