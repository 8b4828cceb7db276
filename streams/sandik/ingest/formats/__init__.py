"""The formats of sources: wire format -> post v1, skipped with a reason, or rejected with a reason.

*.toml      one file per format: how to recognise it and, if no code is needed, where its fields are
declared    loads such a file as a Format; also files of users
paths, pick apply a format's fields to objects and rows
*.py        code for formats that need it, named in READERS

All are pure: bytes in, items out. Code for JSON has a function `convert` (one decoded object -> its items),
which live sources use too.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from msgspec import convert

from sandik.ingest.decoding.frames import (
    BYTE_ORDER_MARK,
    Convert,
    lines,
    read_each,
    read_value,
    server_sent_events,
    whole,
)
from sandik.ingest.decoding.objects import objects
from sandik.ingest.decoding.unpack import begins
from sandik.ingest.formats import (
    bluesky_car,
    delimited,
    feed,
    ira_tsv,
    jetstream,
    jsonl,
    mastodon,
    parquet,
    reddit,
    telegram,
    telegram_html,
    x,
    xlsx,
    youtube,
)
from sandik.ingest.formats.declared import Fields, Format, catalogue
from sandik.ingest.formats.pick import converter
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.formats.x_notes import Notes
from sandik.ingest.items import Item
from sandik.ingest.recognise.table_start import separator_of


@dataclass(frozen=True)
class Content:
    """What a format reads. `raw` is the file itself: Parquet is not read from front to back."""

    bytes: io.BufferedReader
    raw: io.FileIO
    #: The source's name if the format has no own one: the file's name without its endings.
    default_source: str
    options: TableOptions
    #: The long texts of an X archive, which are in another file of it.
    notes: Notes | None = None


def _json(content: Content, convert: Convert) -> Iterator[Item]:
    return read_each(objects(content.bytes), convert)


def _mastodon(content: Content) -> Iterator[Item]:
    convert = partial(mastodon.convert, known=mastodon.Known(), include=content.options.include)
    if not begins(content.bytes, 16).startswith((b"event:", b"data:", b":", b"id:", b"retry:")):
        yield from _json(content, convert)
        return
    for number, event in enumerate(server_sent_events(lines(content.bytes)), start=1):
        yield from read_value(event, convert, f"event {number}")


#: Readers of the formats that need code.
READERS: Mapping[str, Callable[[Content], Iterator[Item]]] = {
    "jsonl": lambda content: jsonl.read_each(objects(content.bytes)),
    "jetstream": lambda content: _json(content, partial(jetstream.convert, include=content.options.include)),
    "mastodon": _mastodon,
    "telegram": lambda content: telegram.read(
        content.bytes, zone=content.options.zone, private_chats=content.options.private_chats
    ),
    "x": lambda content: _json(content, partial(x.convert, notes=content.notes)),
    "reddit": lambda content: _json(content, reddit.convert),
    "youtube": lambda content: _json(content, youtube.convert),
    "feed": lambda content: feed.read(whole(content.bytes, feed.MAX_FEED_BYTES, "split it")),
    "csv": lambda content: delimited.read(
        content.bytes, content.options, content.default_source, is_tsv=False
    ),
    "tsv": lambda content: delimited.read(
        content.bytes, content.options, content.default_source, is_tsv=True
    ),
    "parquet": lambda content: parquet.read(content.raw, content.options, content.default_source),
    "xlsx": lambda content: xlsx.read(
        content.bytes.read(xlsx.MAX_WORKBOOK_BYTES + 1), content.options, content.default_source
    ),
    "ira-tsv": lambda content: ira_tsv.read(lines(content.bytes)),
    "telegram-html": lambda content: telegram_html.read(
        content.bytes.read(telegram_html.MAX_PAGE_BYTES + 1), content.options, content.default_source
    ),
    "bluesky-car": lambda content: bluesky_car.read(content.bytes.read(bluesky_car.MAX_REPOSITORY_BYTES + 1)),
}
FORMATS = tuple(catalogue())


def read_format(name: str, content: Content) -> Iterator[Item]:
    """Yield the items of a source of this format, or of the user's own format in `content.options`."""
    form = content.options.declared or catalogue()[name]
    if form.fields is None:
        return READERS[form.reader or name](content)
    content = replace(content, options=replace(content.options, declared=form))
    head = begins(content.bytes, 64).removeprefix(BYTE_ORDER_MARK).lstrip()
    if form.container == "table" or (form.container == "both" and not head.startswith((b"{", b"["))):
        return READERS[_table(content.bytes)](content)
    return _json(content, converter(form, content.options, content.default_source))


def _table(stream: io.BufferedReader) -> str:
    """Return the kind of table: parquet, xlsx, tsv or csv."""
    head = begins(stream, 4096)
    if head.startswith(parquet.MAGIC):
        return "parquet"
    if head.startswith(xlsx.MAGICS):
        return "xlsx"
    return "tsv" if separator_of(head.split(b"\n", 1)[0].decode("utf-8", "replace")) == "\t" else "csv"


def by_paths(columns: Mapping[str, str]) -> Format:
    """Return the format for JSON whose fields are named by paths in `--columns`."""
    fields = convert({"time": (), "text": (), **columns}, type=Fields)
    return Format("columns", "JSON, its fields named by --columns", fields=fields)
