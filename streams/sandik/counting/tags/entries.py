"""The entries of one TOML file as written, each with its line, and all mistakes in them."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any, Literal, NamedTuple

import msgspec

from sandik.counting.tags.valid_days import span_ms

_KINDS = ("term", "trap")
#: Other tables of a file: defaults of its entries, entries of earlier layers to remove, and word sets
#: (`word_sets.py`).
_DEFAULT, _REMOVE, _WORDS = "default", "remove", "words"
_TABLES = (*_KINDS, _DEFAULT, _REMOVE, _WORDS)
_HEADER = re.compile(r"^[ \t]*\[\[?[ \t]*(term|trap|default|remove|words)[ \t]*\]", re.MULTILINE)
_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as written in the TOML; `lexicon.py` says what the fields mean."""

    language: str
    lemma: str
    pos: Literal["", "noun", "proper noun", "verb", "adjective", "adverb", "phrase", "abbreviation"] = ""
    inflects: Literal["noun", "compound", "verb", "adjective"] | None = None
    head: Literal["last", "first", "all"] = "last"
    softens: bool = False
    aorist: str = ""
    spellings: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    only_in: tuple[str, ...] = ()
    match: str = ""
    near: str = ""
    unless: str = ""
    valid: str = ""
    note: str = ""
    source: str = ""


class Place(NamedTuple):
    """A line of a file. Line 0: the file as a whole."""

    file: Traversable
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


class Problem(NamedTuple):
    """A mistake in a lexicon: what is wrong, and what to do."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class LocatedRow(NamedTuple):
    """A row, and where it begins."""

    place: Place
    is_trap: bool
    row: Row
    lines: Mapping[str, int]  # field -> its line

    def at(self, *fields: str) -> Place:
        """Return the line of the first of these fields that the row has, else of the row itself."""
        line = next((self.lines[field] for field in fields if field in self.lines), self.place.line)
        return Place(self.place.file, line)

    def __str__(self) -> str:
        return f"{self.row.language} '{self.row.lemma}'"


class Removal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[remove]]`: entries of earlier layers to remove; "*" is any."""

    language: str
    lemma: str

    def takes(self, language: str, lemma: str) -> bool:
        """Return whether an entry or model is one of them."""
        return self.language in ("*", language) and self.lemma in ("*", lemma)


class FileRows(NamedTuple):
    """The contents of a tag's TOML file, and its mistakes. The terms come first."""

    rows: list[LocatedRow]
    removals: list[tuple[Place, Removal]]
    problems: list[Problem]


def read_rows(file: Traversable) -> FileRows:
    """Return the readable rows, the removals, and the mistakes."""
    try:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        content = tomllib.loads(text)
    except UnicodeDecodeError as error:
        return FileRows(
            [], [], [Problem(Place(file, 0), f"not valid TOML: it is not UTF-8 ({error}); save it as UTF-8")]
        )
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        message = f"not valid TOML: {_TOML_LINE.sub('', str(error))}; fix it there"
        return FileRows(
            [], [], [Problem(Place(file, int(found[1]) if found else text.count("\n") + 1), message)]
        )
    problems = [
        Problem(_find(file, text, name), f"unknown table `{name}`{_suggestion(name, _TABLES)}")
        for name in content
        if name not in _TABLES
    ]
    shared = content.get(_DEFAULT, {})
    if not isinstance(shared, dict):
        problems.append(Problem(_find(file, text, _DEFAULT), f"write [{_DEFAULT}], once"))
        shared = {}
    rows: list[LocatedRow] = []
    for kind in _KINDS:
        entries = content.get(kind, [])
        if not isinstance(entries, list):
            problems.append(Problem(_find(file, text, kind), f"write [[{kind}]], one for each entry"))
            continue
        for entry, lines in zip(entries, lines_of(text, kind, len(entries)), strict=True):
            row, wrong = _read_row(file, {**shared, **entry}, lines)
            problems += wrong
            if row:
                rows.append(LocatedRow(Place(file, lines[""]), kind == "trap", row, lines))
    removals, wrong = _read_removals(file, text, content)
    problems += wrong
    if not (rows or removals or content.get(_WORDS) or problems):
        problems.append(Problem(Place(file, 0), "no [[term]] in it: nothing would ever count; add one"))
    return FileRows(rows, removals, problems)


def _read_removals(
    file: Traversable, text: str, content: Mapping[str, Any]
) -> tuple[list[tuple[Place, Removal]], list[Problem]]:
    entries = content.get(_REMOVE, [])
    if not isinstance(entries, list):
        return [], [Problem(_find(file, text, _REMOVE), f"write [[{_REMOVE}]], one for each entry")]
    removals, problems = [], []
    for entry, lines in zip(entries, lines_of(text, _REMOVE, len(entries)), strict=True):
        place = Place(file, lines[""])
        try:
            removals.append((place, msgspec.convert(entry, Removal)))
        except msgspec.ValidationError as error:
            problems.append(Problem(place, f'{error}; give `language` and `lemma`, "*" for any'))
    return removals, problems


def _read_row(
    file: Traversable, entry: dict[str, Any], lines: Mapping[str, int]
) -> tuple[Row | None, list[Problem]]:
    fields = Row.__struct_fields__
    problems = [
        Problem(Place(file, lines.get(name, lines[""])), f"unknown field `{name}`{_suggestion(name, fields)}")
        for name in entry
        if name not in fields
    ]
    try:
        row = msgspec.convert({name: entry[name] for name in entry if name in fields}, Row)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = re.split(r"\W", path)[0]
        where = f"`{field}`: " if field else ""
        place = Place(file, lines.get(field, lines[""]))
        return None, [*problems, Problem(place, f"{where}{message}; fix this entry")]
    if row.valid:
        try:
            span_ms(row.valid)
        except ValueError as error:
            problems.append(Problem(Place(file, lines.get("valid", lines[""])), f"`valid`: {error}"))
    for name in ("language", "lemma"):
        if not entry[name].strip():
            problems.append(
                Problem(Place(file, lines.get(name, lines[""])), f"`{name}` is empty; fill it in")
            )
    return (None if problems else row), problems


def lines_of(text: str, kind: str, count: int) -> Iterator[Mapping[str, int]]:
    """Yield, per entry of this kind, field -> line; "" -> the line it begins in.

    The TOML reader keeps no lines. They are unknown (0) if entries are not written as [[term]] tables.
    """
    headers = list(_HEADER.finditer(text))
    if sum(header[1] == kind for header in headers) != count:
        yield from ({"": 0} for _ in range(count))
        return
    ends = [*(header.start() for header in headers), len(text)][1:]
    for header, end in zip(headers, ends, strict=True):
        if header[1] == kind:
            lines = {"": _line(text, header.start())}
            for field in re.finditer(r"^[ \t]*(\w+)[ \t]*=", text[header.end() : end], re.MULTILINE):
                lines.setdefault(field[1], _line(text, header.end() + field.start(1)))
            yield lines


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _find(file: Traversable, text: str, name: str) -> Place:
    found = re.search(rf"^[ \t\[]*{re.escape(name)}\b", text, re.MULTILINE)
    return Place(file, _line(text, found.start()) if found else 0)


def _suggestion(name: str, choices: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, choices, 1)
    return f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(choices)}"
