"""Which format is this? By the first bytes, and by the file's ending where those do not say."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from streams.errors import UsageError

from .formats import ira_tsv, jetstream, mastodon, parquet, reddit, telegram, x, youtube
from .formats.delimited import SEPARATORS
from .formats.table import TableOptions, plan
from .frames import BYTE_ORDER_MARK, without_assignment

#: As much of a source as is looked at: enough for the first object of every format but huge ones.
HEAD_BYTES = 1 << 20

_COMPRESSION_ENDINGS = frozenset({".gz", ".zst", ".zstd", ".bz2", ".xz", ".zip"})
_BY_ENDING = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".tab": "tsv"}
_FEEDS = (b"<?xml", b"<rss", b"<feed", b"<rdf")
_EVENTS = (b"event:", b"data:", b":")
#: In this order: the first that recognises an object has it.
_JSON = (
    ("jetstream", jetstream.is_like),
    ("mastodon", mastodon.is_like),
    ("youtube", youtube.is_like),
    ("reddit", reddit.is_like),
    ("telegram", telegram.is_like),
    ("x", x.is_like),
)
_decoder = json.JSONDecoder()


def detect(name: str, head: bytes) -> str | None:
    """Return the name of the format, or None when nobody can tell."""
    if head.startswith(parquet.MAGIC):
        return "parquet"
    text = without_assignment(head.removeprefix(BYTE_ORDER_MARK).lstrip())
    first_line = text.partition(b"\n")[0].rstrip()
    ending = _ending(name)
    if text.lower().startswith(_FEEDS):
        return "feed"
    if text.startswith(_EVENTS):
        return "mastodon"
    if text.startswith((b"{", b"[")):
        found = next((found for value in _samples(text) if (found := _of_object(value))), None)
        return found or _BY_ENDING.get(ending)
    if first_line == ira_tsv.HEADER:
        return "ira-tsv"
    return _BY_ENDING.get(ending) or _of_table(first_line)


def _ending(name: str) -> str:
    path = PurePath(name.lower())
    while path.suffix in _COMPRESSION_ENDINGS:
        path = path.with_suffix("")
    return path.suffix


def _samples(text: bytes) -> Iterator[object]:
    """Yield objects from the beginning of JSON that may be cut off: the first line, the first elements."""
    decoded = text.decode("utf-8", "replace")
    try:
        value, _ = _decoder.raw_decode(decoded)
        yield value[0] if isinstance(value, list) and value else value
    except (ValueError, RecursionError):
        start = decoded.find("[")
        brace = decoded.find("{", start + 1)
        if start >= 0 and brace >= 0:
            try:
                yield _decoder.raw_decode(decoded, brace)[0]
            except (ValueError, RecursionError):
                return


def _of_object(value: object) -> str | None:
    if isinstance(value, Mapping) and {"id", "created_at_ms"} <= value.keys():
        return "jsonl"
    return next((name for name, is_like in _JSON if is_like(value)), None)


def _of_table(first_line: bytes) -> str | None:
    """Tell a table by a header in which time and text have names that are known."""
    line = first_line.decode("utf-8", "replace")
    separator = max(SEPARATORS, key=line.count)
    try:
        plan([name.strip('"') for name in line.split(separator)], TableOptions(), "table")
    except UsageError:
        return None
    return "tsv" if separator == "\t" else "csv"
