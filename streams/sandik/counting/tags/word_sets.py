"""Word sets: named sets of words, used as {name} in conditions of entries of the same language.

    [[words]]
    name = "medium"                the name in queries: {medium}
    language = "tr"                for entries of this language, of all tags
    lemmas = ["video", "kaset"]    inflected if the set has `inflects`
    inflects = "noun"              and `head`, `softens`, `aorist`, `without` as for a term
    forms = ["klip(|ler)", "foto*"]  more words, by hand; * at the end makes a prefix

Several [[words]] with the same name and language make one set: nouns in one, verbs in another. Generated
forms are in forms/<tag>.<language>.txt, under {name}.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any, Literal, NamedTuple

import msgspec

from sandik.counting.tags.alphabet import fold_batch
from sandik.counting.tags.entries import Place, Problem, Row, lines_of


class SetRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One [[words]] as written."""

    name: str
    language: str
    lemmas: tuple[str, ...] = ()
    inflects: Literal["noun", "compound", "verb", "adjective"] | None = None
    head: Literal["last", "first", "all"] = "last"
    softens: bool = False
    aorist: str = ""
    forms: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    note: str = ""
    source: str = ""

    @property
    def key(self) -> str:
        """Return the key of the generated forms."""
        return f"{{{self.name}}}"

    def as_row(self) -> Row:
        """Return an entry that the generator inflects in the same way."""
        return Row(
            self.language,
            self.lemmas[0],
            inflects=self.inflects,
            head=self.head,
            softens=self.softens,
            aorist=self.aorist,
            spellings=self.lemmas[1:],
            forms=self.forms,
            without=self.without,
        )


class LocatedSet(NamedTuple):
    """A [[words]], and where it begins."""

    place: Place
    row: SetRow

    @property
    def language_name(self) -> str:
        """Return language:name."""
        return f"{self.row.language}:{self.row.name}"

    def __str__(self) -> str:
        return f"{self.row.language} {self.row.key}"


class WordSet(NamedTuple):
    """What matching needs of a set: its name (language:name), and its members, folded, sorted, distinct.

    A member that ends with * is a prefix.
    """

    name: str
    members: tuple[str, ...]


def read_sets(file: Traversable) -> tuple[list[LocatedSet], list[Problem]]:
    """Return the word sets of a TOML file, and the mistakes. Invalid TOML is reported elsewhere."""
    try:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        content = tomllib.loads(text) if "words" in text else {}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return [], []  # `read_rows` says it
    tables, shared = content.get("words", []), content.get("default", {})
    shared = {"language": shared["language"]} if isinstance(shared, dict) and "language" in shared else {}
    if not isinstance(tables, list):
        return [], [Problem(Place(file, 0), "write [[words]], one for each set")]
    found, problems = [], []
    for table, lines in zip(tables, lines_of(text, "words", len(tables)), strict=True):
        place = Place(file, lines[""])
        try:
            row = msgspec.convert({**shared, **table}, SetRow)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$.")
            field = re.split(r"\W", path)[0]
            where = f"`{field}`: " if field else ""
            problems.append(Problem(Place(file, lines.get(field, place.line)), f"{where}{message}; mend it"))
            continue
        if complaint := _complaint(row):
            problems.append(Problem(place, complaint))
        else:
            found.append(LocatedSet(place, row))
    return found, problems


def joined(rows: Iterable[LocatedSet], forms: Mapping[LocatedSet, Iterable[str]]) -> Iterator[WordSet]:
    """Yield the sets by name, each once. `forms`: the written or generated forms of each table."""
    members: dict[str, set[str]] = {}
    for row in rows:
        written = [*forms[row]]
        folded = fold_batch([form.removesuffix("*") for form in written]).folded[1:-2].split("\n")
        stars = ("*" * form.endswith("*") for form in written)
        words = (form.strip() + star for form, star in zip(folded, stars, strict=True))
        members.setdefault(row.language_name, set()).update(words)
    for name, found in sorted(members.items()):
        yield WordSet(name, tuple(sorted(found)))


def _complaint(row: SetRow) -> str:
    if not re.fullmatch(r"[\w-]+", row.name) or not row.language.strip():
        return "a set needs a `language`, and a `name` of letters, digits and -"
    if not row.lemmas and not row.forms:
        return f"{row.key} has no word; write `lemmas` or `forms`"
    if row.inflects and not row.lemmas:
        return f"{row.key} inflects, but has no `lemmas`"
    words: tuple[Any, ...] = (*row.lemmas, *row.forms)
    if bad := next((word for word in words if not any(map(str.isalnum, word)) or "*" in word[:-1]), None):
        return f"{row.key}: '{bad}' is no word; * may stand at the end only"
    return ""
