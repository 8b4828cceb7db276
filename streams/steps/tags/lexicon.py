"""Read a lexicon: a folder of `<tag>.toml`, or `<tag>.<language>.toml`, and the inflected forms made from it.

    [[term]]                       or [[trap]]: the same, but what it matches is taken and never counts
    language = "tr"                of the word, not of the post
    lemma = "montaj"               what a mention calls it
    pos = "noun"                   part of speech, for people; `inflects` says it, too
    inflects = "noun"              forms are in forms/<tag>.<language>.txt; without it: `forms`, or the lemma
    forms = ["montaj(lı|lanmış)"]  more forms, by hand; (a|b) stands for either
    beside = ["deepfake"]          counts only if the post has a term of such a tag that counts by itself
    only_in = ["tr"]               counts only in posts detected as one of these languages
    note, source                   for people

`inflects`, `head`, `softens`, `aorist`, `spellings` and `without` are for the generator:
`python -m streams.lexicon.generate` tells what they do.
"""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

import msgspec

from schemas.languages import languages_in
from streams.errors import SandikError
from streams.steps.tags.fold import FOLD_VERSION, fold_batch
from streams.steps.tags.rows import LocatedRow, Place, Problem, Row, read_rows

__all__ = ["Entry", "Lexicon", "LexiconError", "Row", "expand", "load_lexicon", "read_tag_file", "tag_files"]

#: Raise it when the same forms match otherwise than before (boundaries, hashtags, overlaps, context).
MATCH_VERSION = 2

#: Tags that counts use for themselves.
_RESERVED = {"all", "both", "repost"}


class LexiconError(SandikError):
    """A lexicon cannot be read. The message names the file, the line and what to do."""


class TagFile(NamedTuple):
    """The rows of one TOML file."""

    term: tuple[Row, ...]
    trap: tuple[Row, ...] = ()


class Entry(NamedTuple):
    """What matching needs of one entry. `forms` are folded, sorted and distinct."""

    tag: str
    lemma: str
    is_trap: bool
    beside: tuple[str, ...]
    only_in: tuple[str, ...]
    forms: tuple[str, ...]
    #: Where it is written, as file:line. Not part of the lexicon's version.
    where: str = ""

    def accepts(self, language: str) -> bool:
        """Say whether it counts in posts of this language, or of these two."""
        return not self.only_in or any(one in self.only_in for one in languages_in(language))


class Lexicon(NamedTuple):
    """All entries of a folder; `version` changes exactly when what they match or are called does."""

    tag_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    version: str


class Written(NamedTuple):
    """An entry, the row it comes from, and each of its forms as it is spelled there: folded -> written."""

    row: LocatedRow
    entry: Entry
    spelled: Mapping[str, str]


class Draft(NamedTuple):
    """All that can be read of a folder, and all that is wrong with it."""

    rows: dict[str, list[LocatedRow]]  # by tag
    entries: list[Written]
    problems: list[Problem]


def load_lexicon(path: Path | None = None) -> Lexicon:
    """Return the lexicon in the folder `path`, or the built-in one. Raises LexiconError."""
    draft = read_lexicon(lexicon_folder(path))
    if draft.problems:
        more = f" (and {len(draft.problems) - 1} more: sandik lexicon check)" if draft.problems[1:] else ""
        raise LexiconError(f"{draft.problems[0]}{more}")
    entries = sorted(written.entry for written in draft.entries)
    # `election` first, as the tag that the others are read beside; the rest by name.
    tag_names = tuple(sorted(draft.rows, key=lambda tag: (tag != "election", tag)))
    meaning = [entry[:-1] for entry in entries]
    digest = hashlib.sha256(msgspec.json.encode([FOLD_VERSION, MATCH_VERSION, meaning])).hexdigest()
    return Lexicon(tag_names, tuple(entries), f"lex-{digest[:12]}")


def lexicon_folder(path: Path | None) -> Traversable:
    """Return the folder `path`, or that of the built-in lexicon. Raises LexiconError."""
    folder = path if path is not None else resources.files("streams.lexicon")
    if not folder.is_dir():
        raise LexiconError(f"{folder}: no such folder; a lexicon is a folder with one <tag>.toml per tag")
    if not tag_files(folder):
        raise LexiconError(f"{folder}: no <tag>.toml in it; write one file per tag, such as election.toml")
    return folder


def read_lexicon(folder: Traversable) -> Draft:
    """Return what can be read of a lexicon, and every reason why it cannot be used."""
    draft = Draft({}, [], [])
    for tag, files in tag_files(folder).items():
        if tag in _RESERVED:
            message = f"a tag cannot be called {tag}: counts use it; rename the file"
            draft.problems.append(Problem(Place(files[0], 0), message))
        draft.rows[tag] = []
        for file in files:
            rows, problems = read_rows(file)
            draft.rows[tag] += rows
            draft.problems.extend(problems)
    for tag, rows in draft.rows.items():
        draft.problems.extend(_twice(rows))
        written: dict[str, Mapping[str, list[str]]] = {}
        for row in rows:
            language = row.row.language
            if row.row.inflects and language not in written:
                written[language] = read_forms(folder, tag, language)
            try:
                draft.entries.append(_written(tag, row, written.get(language, {}), draft.rows, folder))
            except LexiconError as error:
                draft.problems.append(Problem(row.place, f"{row}: {error}"))
    return draft


def tag_files(folder: Traversable) -> dict[str, list[Traversable]]:
    """Return the TOML files of each tag: `<tag>.toml` and `<tag>.<anything>.toml`, by name."""
    files: dict[str, list[Traversable]] = {}
    for child in sorted(folder.iterdir(), key=lambda child: child.name):
        if child.name.endswith(".toml"):
            files.setdefault(child.name.split(".")[0], []).append(child)
    return files


def read_tag_file(file: Traversable) -> TagFile:
    """Return the rows of one TOML file. Raises LexiconError."""
    rows, problems = read_rows(file)
    if problems or (problems := list(_twice(rows))):
        raise LexiconError(str(problems[0]))
    return TagFile(
        tuple(row.row for row in rows if not row.is_trap), tuple(row.row for row in rows if row.is_trap)
    )


def read_forms(folder: Traversable, tag: str, language: str) -> dict[str, list[str]]:
    """Return lemma -> generated forms: a lemma starts its line, its forms follow, indented, one a line."""
    forms: dict[str, list[str]] = {}
    file = folder / "forms" / f"{tag}.{language}.txt"
    if not file.is_file():
        return forms
    under: list[str] = []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("  "):
            under.append(line.strip())
        elif line and not line.startswith("#"):
            under = forms.setdefault(line.strip(), [])
    return forms


def expand(pattern: str) -> Iterator[str]:
    """Yield what `pattern` stands for: "seçim (günü|gecesi)" is two phrases, "elections?" just itself."""
    parts = re.split(r"\(([^()]*)\)", pattern)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    for choice in itertools.product(*choices):
        yield "".join(choice)


def by_hand(row: Row) -> list[str]:
    """Return the forms that are written in the row itself."""
    return [form for pattern in row.forms or (row.lemma,) for form in expand(pattern)]


def _twice(rows: Iterable[LocatedRow]) -> Iterator[Problem]:
    first: dict[tuple[str, str], LocatedRow] = {}
    for row in rows:
        other = first.setdefault((row.row.language, row.row.lemma), row)
        if other is not row:
            where = f"{other.place.file.name}:{other.place.line}"
            yield Problem(row.place, f"{row} is there twice, first in {where}; merge the two entries")


def _written(
    tag: str, row: LocatedRow, generated: Mapping[str, list[str]], tags: Iterable[str], folder: Traversable
) -> Written:
    content = row.row
    if unknown := set(content.beside).difference(tags):
        raise LexiconError(f"`beside` names {sorted(unknown)}; it can name {sorted(tags)}")
    forms = by_hand(content)
    if content.inflects:
        if content.lemma not in generated:
            raise LexiconError(f"no forms of it yet; run python -m streams.lexicon.generate {folder}")
        forms = generated[content.lemma]
    if broken := next((form for form in forms if re.search("[()|]", form)), None):
        raise LexiconError(f"'{broken}' has a bracket or | too many; (a|b) cannot stand inside another")
    folded = [form.strip() for form in fold_batch(forms).folded[1:-2].split("\n")]
    if not all(any(map(str.isalnum, form)) for form in folded):
        raise LexiconError("a form without any letter or digit; remove it")
    spelled = dict(zip(folded, forms, strict=True))
    beside, only_in = tuple(sorted(content.beside)), tuple(sorted(content.only_in))
    where = f"{row.place.file.name}:{row.place.line}"
    entry = Entry(tag, content.lemma, row.is_trap, beside, only_in, tuple(sorted(spelled)), where)
    return Written(row, entry, spelled)
