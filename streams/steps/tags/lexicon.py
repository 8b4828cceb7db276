"""Read a lexicon: a folder of `<tag>.toml`, or `<tag>.<language>.toml`, and the inflected forms made from it.

    [[term]]                       or [[trap]]: the same, but what it matches is taken and never counts
    language = "tr"                of the word, not of the post
    lemma = "montaj"               what a mention calls it
    pos = "noun"                   part of speech, for people; `inflects` says it, too
    inflects = "noun"              forms are in forms/<tag>.<language>.txt; without it: `forms`, or the lemma
    forms = ["montaj(lı|lanmış)"]  more forms, by hand; (a|b) stands for either
    beside = ["deepfake"]          counts only if the post has a term of such a tag that counts by itself
    only_in = ["tr"]               counts only in posts detected as one of these languages
    match = '"yapay zeka" NEAR/9 {medium}'  also found where this query finds something (`query.py`)
    near = "{party} OR {office}"   counts only if this stands within nine words, or NEAR/n
    unless = "NEAR/5 {contest}"    does not count if this holds: anywhere in the post, if it says no NEAR/n
    note, source                   for people

`inflects`, `head`, `softens`, `aorist`, `spellings` and `without` are for the generator:
`python -m streams.lexicon.generate` tells what they do. [[words]] are sets for queries: `wordsets.py`.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

import msgspec

from streams.errors import SandikError
from streams.steps.tags.fold import FOLD_VERSION, fold_batch
from streams.steps.tags.queries import EntryQueryError, expand, queries_of, words_in
from streams.steps.tags.rows import LocatedRow, Place, Problem, Row, read_rows
from streams.steps.tags.wordsets import LocatedSet, WordSet, joined, read_sets

__all__ = ["Entry", "Lexicon", "LexiconError", "Row", "expand", "load_lexicon", "read_tag_file", "tag_files"]

#: Raise it when the same forms match otherwise than before (boundaries, hashtags, overlaps, context).
MATCH_VERSION = 3

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
    #: Queries, with the language of each set: {tr:medium}.
    match: str = ""
    near: str = ""
    unless: str = ""
    #: Where it is written, as file:line. Not part of the lexicon's version.
    where: str = ""

    @property
    def has_rules(self) -> bool:
        """Say whether it has a query."""
        return bool(self.match or self.near or self.unless)

    def accepts(self, language: str) -> bool:
        """Say whether it counts in posts of this language."""
        return not self.only_in or language in self.only_in


class Lexicon(NamedTuple):
    """All entries of a folder; `version` changes exactly when what they match or are called does."""

    tag_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    version: str
    sets: tuple[WordSet, ...] = ()


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
    sets: list[LocatedSet]
    set_forms: dict[LocatedSet, tuple[str, ...]]


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
    used = {word.text[1:-1] for entry in entries for word in words_in(entry) if word.is_set}
    sets = tuple(one for one in joined(draft.sets, draft.set_forms) if one.name in used)
    digest = hashlib.sha256(msgspec.json.encode([FOLD_VERSION, MATCH_VERSION, meaning, sets])).hexdigest()
    return Lexicon(tag_names, tuple(entries), f"lex-{digest[:12]}", sets)


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
    draft = Draft({}, [], [], [], {})
    for tag, files in tag_files(folder).items():
        if tag in _RESERVED:
            message = f"a tag cannot be called {tag}: counts use it; rename the file"
            draft.problems.append(Problem(Place(files[0], 0), message))
        draft.rows[tag] = []
        for file in files:
            rows, problems = read_rows(file)
            draft.rows[tag] += rows
            draft.problems.extend(problems)
            _read_sets(folder, tag, file, draft)
    known = {one.language_name for one in draft.sets}
    for tag, rows in draft.rows.items():
        draft.problems.extend(_twice(rows))
        written: dict[str, Mapping[str, list[str]]] = {}
        for row in rows:
            language = row.row.language
            if row.row.inflects and language not in written:
                written[language] = read_forms(folder, tag, language)
            try:
                draft.entries.append(_written(tag, row, written.get(language, {}), draft.rows, folder, known))
            except EntryQueryError as error:
                draft.problems.append(Problem(row.at(error.field), f"{row}: {error}"))
            except LexiconError as error:
                draft.problems.append(Problem(row.place, f"{row}: {error}"))
    return draft


def _read_sets(folder: Traversable, tag: str, file: Traversable, draft: Draft) -> None:
    sets, problems = read_sets(file)
    draft.problems.extend(problems)
    draft.sets.extend(sets)
    for one in sets:
        if not one.row.inflects:
            patterns = (*one.row.lemmas, *one.row.forms)
            draft.set_forms[one] = tuple(form for pattern in patterns for form in expand(pattern))
            continue
        generated = read_forms(folder, tag, one.row.language)
        draft.set_forms[one] = tuple(generated.get(one.row.key, ()))
        if one.row.key not in generated:
            message = f"{one}: no forms of it yet; run python -m streams.lexicon.generate {folder}"
            draft.problems.append(Problem(one.place, message))


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


def by_hand(row: Row) -> list[str]:
    """Return the forms that are written in the row itself; its lemma is one unless it says what is."""
    if row.match and not row.forms:
        return []
    return [form for pattern in row.forms or (row.lemma,) for form in expand(pattern)]


def _twice(rows: Iterable[LocatedRow]) -> Iterator[Problem]:
    first: dict[tuple[str, str], LocatedRow] = {}
    for row in rows:
        other = first.setdefault((row.row.language, row.row.lemma), row)
        if other is not row:
            where = f"{other.place.file.name}:{other.place.line}"
            yield Problem(row.place, f"{row} is there twice, first in {where}; merge the two entries")


def _written(
    tag: str,
    row: LocatedRow,
    generated: Mapping[str, list[str]],
    tags: Iterable[str],
    folder: Traversable,
    sets: Collection[str],
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
    folded = [form.strip() for form in fold_batch(forms).folded[1:-2].split("\n")] if forms else []
    if not all(any(map(str.isalnum, form)) for form in folded):
        raise LexiconError("a form without any letter or digit; remove it")
    spelled = dict(zip(folded, forms, strict=True))
    beside, only_in = tuple(sorted(content.beside)), tuple(sorted(content.only_in))
    where = f"{row.place.file.name}:{row.place.line}"
    queries = queries_of(content, sets)
    entry = Entry(tag, content.lemma, row.is_trap, beside, only_in, tuple(sorted(spelled)), *queries, where)
    return Written(row, entry, spelled)
