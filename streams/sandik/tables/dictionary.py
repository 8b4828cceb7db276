"""The meaning of each column of an export: OUT.dictionary.json, made from the schemas of the topics."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sandik.tables.writers import Columns
from sandik_schemas.load import json_schema

#: Columns that are not fields of the schema.
_OURS = {
    "corrected_share": "Share of the posts that are about the tag, as a coded sample corrects `share`.",
    "corrected_low": "Lower bound of corrected_share, 95 %: of sampling and of coding.",
    "corrected_high": "Upper bound of corrected_share, 95 %.",
    "created_at": "Event time as ISO 8601 in UTC; the same instant as created_at_ms.",
    "record_timestamp_ms": "When the record was written to Kafka: milliseconds since 1970-01-01T00:00:00Z.",
    "source_partition": "Partition of `posts` that holds the post.",
    "source_offset": "Offset of the post in its partition of `posts`.",
}
_TYPES = {
    "text": ("string", "string"),
    "int": ("int64", "integer"),
    "float": ("double", "number"),
    "bool": ("bool", "true or false"),
    "time": ("timestamp[ms, UTC]", "ISO 8601 in UTC, ending in Z"),
    "texts": ("list<string>", "JSON array; in CSV, as text"),
    "terms": ("list<struct>", "JSON array of objects; in CSV, as text"),
}


#: The notes on texts in CSV.
RAW = "as they are: a spreadsheet may run a text that begins with =, +, - or @"
GUARDED = (
    "with an apostrophe before =, +, - and @ (and blanks before these) at the beginning of a text, or behind "
    "a semicolon, a tab or a line break in it, so that no spreadsheet runs it; numbers are as they are"
)


def dictionary_path(out: Path) -> Path:
    """Return the path of the dictionary beside an export."""
    return out.with_name(f"{out.name}.dictionary.json")


def is_raw(out: Path) -> bool:
    """Return whether the dictionary beside a CSV file says that its texts are not guarded."""
    try:
        told = msgspec.json.decode(dictionary_path(out).read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return told.get("csv_texts") == RAW


def dictionary(what: str, columns: Columns, notes: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns in order: name, type in Parquet, form in JSON and CSV, meaning and unit."""
    fields = json_schema(
        {"posts": "post", "mentions": "mention", "counts": "count", "sources": "count"}[what]
    )["properties"]
    return {
        "of": what,
        "zone": "All times are UTC.",
        "missing": "null in Parquet and JSON lines; an empty field in CSV.",
        **notes,
        "columns": [
            {
                "name": name,
                "parquet": _TYPES[kind][0],
                "json_and_csv": _TYPES[kind][1],
                "meaning": _OURS.get(name) or fields[name]["description"],
            }
            for name, kind in columns.items()
        ],
    }
