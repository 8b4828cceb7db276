"""Read a lexicon: a folder of `<tag>.toml`, or `<tag>.<language>.toml`, and the inflected forms made from it.

    [[term]]                       or [[trap]]: the same, but what it matches is taken and never counts
    language = "tr"                of the word, not of the post
    lemma = "montaj"               what a mention calls it
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
import tomllib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from streams.errors import SandikError
from streams.steps.tags.fold import FOLD_VERSION, fold_batch

#: Raise it when the same forms match otherwise than before (boundaries, hashtags, overlaps, context).
MATCH_VERSION = 1


class LexiconError(SandikError):
    """A lexicon cannot be read. The message names the file, the entry and what to do."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as written in the TOML."""

    language: str
    lemma: str
    inflects: Literal["noun", "compound", "verb", "adjective"] | None = None
    head: Literal["last", "first", "all"] = "last"
    softens: bool = False
    aorist: str = ""
    spellings: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    only_in: tuple[str, ...] = ()
    note: str = ""
    source: str = ""


class TagFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One TOML file."""

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


class Lexicon(NamedTuple):
    """All entries of a folder; `version` changes exactly when what they match or are called does."""

    tag_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    version: str


def load_lexicon(path: Path | None = None) -> Lexicon:
    """Return the lexicon in the folder `path`, or the built-in one. Raises LexiconError."""
    folder = path if path is not None else resources.files("streams.lexicon")
    if not folder.is_dir():
        raise LexiconError(f"{folder}: no such folder; a lexicon is a folder with one <tag>.toml per tag")
    files = tag_files(folder)
    if not files:
        raise LexiconError(f"{folder}: no <tag>.toml in it; write one file per tag, such as election.toml")
    if reserved := {"all", "both"} & set(files):
        raise LexiconError(
            f"{folder}: a tag cannot be called {sorted(reserved)[0]}: counts use it; rename the file"
        )
    entries = sorted(entry for tag in files for entry in _entries(folder, tag, files[tag], set(files)))
    # `election` first, as the tag that the others are read beside; the rest by name.
    tag_names = tuple(sorted(files, key=lambda tag: (tag != "election", tag)))
    digest = hashlib.sha256(msgspec.json.encode([FOLD_VERSION, MATCH_VERSION, entries])).hexdigest()
    return Lexicon(tag_names, tuple(entries), f"lex-{digest[:12]}")


def tag_files(folder: Traversable) -> dict[str, list[Traversable]]:
    """Return the TOML files of each tag: `<tag>.toml` and `<tag>.<anything>.toml`, by name."""
    files: dict[str, list[Traversable]] = {}
    for child in sorted(folder.iterdir(), key=lambda child: child.name):
        if child.name.endswith(".toml"):
            files.setdefault(child.name.split(".")[0], []).append(child)
    return files


def read_tag_file(file: Traversable) -> TagFile:
    """Return the rows of one TOML file. Raises LexiconError."""
    try:
        rows = msgspec.convert(tomllib.loads(file.read_text("utf-8")), TagFile)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"{file}: not valid TOML: {error}; mend it there") from error
    except msgspec.ValidationError as error:
        raise LexiconError(f"{file}: {error} (entries are numbered from 0); mend that entry") from error
    seen: set[tuple[str, str]] = set()
    for row in (*rows.term, *rows.trap):
        if (row.language, row.lemma) in seen:
            raise LexiconError(f"{file}: {row.language} '{row.lemma}' is there twice; merge the two entries")
        seen.add((row.language, row.lemma))
    return rows


def expand(pattern: str) -> Iterator[str]:
    """Yield what `pattern` stands for: "seçim (günü|gecesi)" is two phrases, "elections?" just itself."""
    parts = re.split(r"\(([^()]*)\)", pattern)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    for choice in itertools.product(*choices):
        yield "".join(choice)


def _entries(folder: Traversable, tag: str, files: list[Traversable], tags: set[str]) -> Iterator[Entry]:
    generated: dict[str, dict[str, list[str]]] = {}
    written: dict[tuple[str, str], Traversable] = {}
    for file in files:
        rows = read_tag_file(file)
        for is_trap, row in [(False, row) for row in rows.term] + [(True, row) for row in rows.trap]:
            where = f"{file}: {row.language} '{row.lemma}'"
            if other := written.get((row.language, row.lemma)):
                raise LexiconError(f"{where} is also in {other.name}; merge the two entries")
            written[row.language, row.lemma] = file
            if unknown := set(row.beside) - tags:
                raise LexiconError(f"{where}: `beside` names {sorted(unknown)}; it can name {sorted(tags)}")
            spelled = [form for pattern in row.forms or (row.lemma,) for form in expand(pattern)]
            if row.inflects:
                if row.language not in generated:
                    generated[row.language] = _read_forms(folder / "forms" / f"{tag}.{row.language}.txt")
                if row.lemma not in generated[row.language]:
                    raise LexiconError(
                        f"{where}: no forms of it yet; run python -m streams.lexicon.generate {folder}"
                    )
                spelled = generated[row.language][row.lemma]
            folded = fold_batch(spelled).folded[1:-2].split("\n")
            forms = tuple(sorted({form.strip() for form in folded}))
            if not all(any(map(str.isalnum, form)) for form in forms):
                raise LexiconError(f"{where}: a form without any letter or digit; remove it")
            yield Entry(tag, row.lemma, is_trap, tuple(sorted(row.beside)), tuple(sorted(row.only_in)), forms)


def _read_forms(file: Traversable) -> dict[str, list[str]]:
    """Return lemma -> forms: a lemma starts its line, its forms follow, indented, one a line."""
    forms: dict[str, list[str]] = {}
    if not file.is_file():
        return forms
    under: list[str] = []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("  "):
            under.append(line.strip())
        elif line and not line.startswith("#"):
            under = forms.setdefault(line.strip(), [])
    return forms
