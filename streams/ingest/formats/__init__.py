"""The formats of sources: wire format -> post v1, skipped with a reason, or rejected with a reason.

jsonl       post v1, one JSON object a line
jetstream   Bluesky, frames of Jetstream v1 and v2
mastodon    statuses, and the events of its streams as SSE or as WebSocket messages
telegram    Telegram Desktop's result.json, and flat lists of channel posts
x           X API v2 and Twitter v1.1: streams, pages, archives
reddit      comments and submissions, as dumps and as listings
youtube     comments: the Data API's, yt-dlp's, youtube-comment-downloader's
feed        RSS and Atom
csv, tsv    any table with a column for time and text
parquet     the same
ira-tsv     the tab-separated extract of the Internet Research Agency tweets

All are pure: bytes in, items out. Those of JSON offer `convert` (one decoded object -> its items), which live
sources use as well, and `is_like` (does this object look like mine?).
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain

from streams.ingest.frames import Convert, lines, read_objects, read_value, server_sent_events
from streams.ingest.items import Item

from . import delimited, feed, ira_tsv, jetstream, jsonl, mastodon, parquet, reddit, telegram, x, youtube
from .table import TableOptions


@dataclass(frozen=True)
class Content:
    """What a format reads. `raw` is the file itself, for the one format that is not read front to back."""

    bytes: io.BufferedReader
    raw: io.FileIO
    #: The name of the source where the format has none of its own: the file's name without its endings.
    default_source: str
    options: TableOptions


def _json(content: Content, convert: Convert) -> Iterator[Item]:
    return read_objects(lines(content.bytes), convert)


def _mastodon(content: Content) -> Iterator[Item]:
    known: dict[str, str] = {}
    convert = partial(mastodon.convert, known=known)
    numbered = lines(content.bytes)
    first = next(numbered, b"")
    everything = chain([first], numbered)
    if not first.startswith((b"event:", b"data:", b":", b"id:", b"retry:")):
        yield from read_objects(everything, convert)
        return
    for number, event in enumerate(server_sent_events(everything), start=1):
        yield from read_value(event, convert, f"event {number}")


READERS: Mapping[str, Callable[[Content], Iterator[Item]]] = {
    "jsonl": lambda content: jsonl.read(lines(content.bytes)),
    "jetstream": lambda content: _json(content, jetstream.convert),
    "mastodon": _mastodon,
    "telegram": lambda content: telegram.read(content.bytes.read()),
    "x": lambda content: _json(content, x.convert),
    "reddit": lambda content: _json(content, reddit.convert),
    "youtube": lambda content: _json(content, youtube.convert),
    "feed": lambda content: feed.read(content.bytes.read()),
    "csv": lambda content: delimited.read(
        content.bytes, content.options, content.default_source, is_tsv=False
    ),
    "tsv": lambda content: delimited.read(
        content.bytes, content.options, content.default_source, is_tsv=True
    ),
    "parquet": lambda content: parquet.read(content.raw, content.options, content.default_source),
    "ira-tsv": lambda content: ira_tsv.read(lines(content.bytes)),
}
FORMATS = tuple(READERS)
