"""Notes on the charts: what happened when, from a file of the operator's."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from sandik.errors import UsageError
from sandik.kafka.ranges import instant_ms

#: More of them cover a chart.
MOST_NOTES = 100
MOST_CHARACTERS = 80


class Note(msgspec.Struct, frozen=True):
    """What happened at a time."""

    at_ms: int
    text: str


def read_notes(path: Path) -> tuple[Note, ...]:
    """Return the notes of a TOML file, in the order of time: tables `[[note]]` with `at` and `text`.

    Raises:
        UsageError: it cannot be read, or holds something else.
    """
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--notes {path}: {error}") from error
    tables = found.get("note", [])
    if set(found) - {"note"} or not isinstance(tables, list) or len(tables) > MOST_NOTES:
        raise UsageError(f"--notes {path}: write up to {MOST_NOTES} tables [[note]], and nothing else")
    notes = [_note(f"--notes {path}, note {number}", table) for number, table in enumerate(tables, 1)]
    return tuple(sorted(notes, key=lambda note: note.at_ms))


def _note(where: str, table: Any) -> Note:
    if not isinstance(table, dict) or set(table) != {"at", "text"}:
        raise UsageError(f'{where}: write at = "2023-05-11T18:00Z" and text = "…", and nothing else')
    text = table["text"]
    if not isinstance(text, str) or not 0 < len(text) <= MOST_CHARACTERS:
        raise UsageError(f"{where}: text must have 1 to {MOST_CHARACTERS} characters")
    at = str(table["at"])
    if not at[:1].isdigit():  # before now: which now?
        raise UsageError(f"{where}: {at!r} is not a time: write 2023-05-11T18:00Z")
    try:
        return Note(instant_ms(at, now_ms=0) or 0, text)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
