"""The beginning of a table: lines that may be its header, and lines before it."""

import csv
import re
from collections.abc import Iterable
from datetime import tzinfo

from sandik.ingest.decoding.times import zone_of_name

SEPARATORS = ",;\t|"
#: The header must be within this many lines.
MAX_HEADER_LINES = 30
_MAX_LINE_CHARACTERS = 1 << 16
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)
_ZONE = re.compile(r"\d:\d\d(?:\.\d+)?\s+([A-Z]{2,5})\b")


def possible_headers(text: str) -> list[tuple[str, ...]]:
    """Return the first lines as rows. Some exports put a report's name before the header."""
    lines = text.split("\n", MAX_HEADER_LINES)[:MAX_HEADER_LINES]
    told = _SAYS_SEPARATOR.fullmatch(lines[0].strip())
    found = []
    for line in lines[1:] if told else lines:
        if line.strip():
            bare = line[:_MAX_LINE_CHARACTERS].rstrip("\r")
            found.append(_cells(bare, told[1] if told else separator_of(bare)))
    return found


def separator_of(line: str) -> str:
    """Return the most frequent separator of the line."""
    return max(SEPARATORS, key=line.count)


def zone_in(preamble: Iterable[str | None]) -> tzinfo | None:
    """Return the zone of the dates before a header: `From:,Mon May 08 00:00:00 TRT 2023`."""
    for line in preamble:
        for name in _ZONE.findall(line or ""):
            if (zone := zone_of_name(name)) is not None:
                return zone
    return None


def _cells(line: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=separator), ()))
    except csv.Error:
        return tuple(line.split(separator))
