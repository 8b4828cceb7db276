"""Read a lexicon: layers of `<tag>.toml`, or `<tag>.<language>.toml`, and the inflected forms made from it.

    [[term]]                       or [[trap]]: the same, but what it matches is taken and never counts
    language = "tr"                of the word, not of the post
    lemma = "montaj"               what a mention calls it
    pos = "noun"                   part of speech, for people; `inflects` says it, too
    inflects = "noun"              forms are in forms/<tag>.<language>.txt; without it: `forms`, or the lemma
    forms = ["montaj(lı|lanmış)"]  more forms, by hand; (a|b) stands for either
    beside = ["deepfake"]          counts only if the post has a term of such a tag that counts by itself
    only_in = ["tr"]               counts only in posts detected as one of these languages
    valid = "2023-03-10/2023-05-28"  counts only in posts of these days (UTC)
    note, source                   for people

    [default]                      fields of all entries of the file that do not say otherwise
    [[remove]]                     language and lemma of entries of earlier layers that are to go; "*" is any

`inflects`, `head`, `softens`, `aorist`, `spellings` and `without` are for the generator:
`python -m streams.lexicon.generate` tells what they do.
"""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import NamedTuple

import msgspec

from schemas.pair import DEFAULT_PAIR, Pair
from streams.steps.tags.fold import FOLD_VERSION, fold_batch
from streams.steps.tags.layers import Layer, LexiconChoice, LexiconError, read_layers
from streams.steps.tags.pairs import FILE as PAIRS_FILE
from streams.steps.tags.pairs import RESERVED, read_pairs
from streams.steps.tags.rows import LocatedRow, Place, Problem, Removal, Row, read_rows

__all__ = ["Entry", "Lexicon", "LexiconError", "Row", "expand", "load_lexicon", "read_tag_file", "tag_files"]

#: Raise it when the same forms match otherwise than before (boundaries, hashtags, overlaps, context).
MATCH_VERSION = 2


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
    #: The days in which it counts, as they are written; "" is always.
    valid: str = ""
    #: Where it is written, as file:line. Not part of the lexicon's version.
    where: str = ""

    def accepts(self, language: str) -> bool:
        """Say whether it counts in posts of this language."""
        return not self.only_in or language in self.only_in


class Lexicon(NamedTuple):
    """All entries of all layers; `version` changes exactly when what they match or are called does."""

    tag_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    version: str
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)


class Written(NamedTuple):
    """An entry, the row it comes from, and each of its forms as it is spelled there: folded -> written."""

    row: LocatedRow
    entry: Entry
    spelled: Mapping[str, str]


class LayerRows(NamedTuple):
    """What one layer has to say: its rows, and what it takes away from the layers before it, by tag."""

    layer: Layer
    rows: dict[str, list[LocatedRow]]
    removals: dict[str, list[tuple[Place, Removal]]]


class Draft(NamedTuple):
    """All that can be read of a lexicon, and all that is wrong with it."""

    layers: list[LayerRows]
    rows: dict[str, list[LocatedRow]]  # of all layers, by tag
    entries: list[Written]  # what the layers come to
    problems: list[Problem]
    pairs: tuple[Pair, ...]


def load_lexicon(lexicon: LexiconChoice = None) -> Lexicon:
    """Return the lexicon of these layers, or the built-in one. Raises LexiconError."""
    draft = read_lexicon(lexicon)
    if draft.problems:
        more = f" (and {len(draft.problems) - 1} more: sandik lexicon check)" if draft.problems[1:] else ""
        raise LexiconError(f"{draft.problems[0]}{more}")
    entries = sorted(written.entry for written in draft.entries)
    return Lexicon(_tag_names(entries), tuple(entries), _version(entries, draft.pairs), draft.pairs)


def read_lexicon(lexicon: LexiconChoice) -> Draft:
    """Return what can be read of a lexicon, and every reason why it cannot be used.

    Raises:
        LexiconError: a layer is no folder of a lexicon.
    """
    layers = read_layers(lexicon)
    problems: list[Problem] = []
    read = [_read_layer(layer, problems) for layer in layers]
    rows: dict[str, list[LocatedRow]] = {}
    for one in read:
        for tag, some in one.rows.items():
            rows.setdefault(tag, []).extend(some)
    entries: dict[_Key, Written] = {}
    for one in read:
        problems.extend(_removed(entries, one))
        for tag, some in one.rows.items():
            problems.extend(_twice(some))
            entries.update(_written(tag, some, one.layer, rows, problems, is_only=len(read) == 1))
    left = [*entries.values()]
    tags = _tag_names(written.entry for written in left)
    # What cannot be read is said; that its tag is missing then needs no saying.
    pairs, wrong = read_pairs(layers, tags if not problems else tuple(rows))
    return Draft(read, rows, left, [*problems, *wrong], pairs)


#: What an entry is known by: tag, language and lemma. Those of different days are different entries.
_Key = tuple[str, str, str, str]


def _read_layer(layer: Layer, problems: list[Problem]) -> LayerRows:
    read = LayerRows(layer, {}, {})
    for tag, files in tag_files(layer.folder).items():
        if tag in (*RESERVED, DEFAULT_PAIR.name):
            message = f"a tag cannot be called {tag}: counts use it; rename the file"
            problems.append(Problem(Place(files[0], 0), message))
        for file in files:
            rows, removals, wrong = read_rows(file)
            read.rows.setdefault(tag, []).extend(rows)
            read.removals.setdefault(tag, []).extend(removals)
            problems.extend(wrong)
    return read


def _removed(entries: dict[_Key, Written], layer: LayerRows) -> Iterator[Problem]:
    """Take away what the layer wants gone of the layers before it; yield a problem for what is not there."""
    for tag, removals in layer.removals.items():
        for place, removal in removals:
            gone = [key for key, one in entries.items() if key[0] == tag and removal.takes(one.row.row)]
            for key in gone:
                del entries[key]
            if not gone:
                message = f"no layer before has {removal.language} '{removal.lemma}' to remove; leave it out"
                yield Problem(place, message)


def _written(
    tag: str,
    rows: Sequence[LocatedRow],
    layer: Layer,
    tags: Iterable[str],
    problems: list[Problem],
    *,
    is_only: bool,
) -> Iterator[tuple[_Key, Written]]:
    generated: dict[str, Mapping[str, list[str]]] = {}
    for row in rows:
        language = row.row.language
        if row.row.inflects and language not in generated:
            generated[language] = read_forms(layer.folder, tag, language)
        try:
            written = _entry(tag, row, generated.get(language, {}), tags, layer, is_only=is_only)
        except LexiconError as error:
            problems.append(Problem(row.place, f"{row}: {error}"))
            continue
        yield (tag, language, row.row.lemma, row.row.valid), written


def _tag_names(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the tags that have a term: `election` first, which others are read beside; the rest by name."""
    tags = {entry.tag for entry in entries if not entry.is_trap}
    return tuple(sorted(tags, key=lambda tag: (tag != DEFAULT_PAIR.base, tag)))


def _version(entries: Sequence[Entry], pairs: tuple[Pair, ...]) -> str:
    # Days and pairs are left out where they say nothing: most lexicons have none of their own.
    meaning = [entry[:6] if not entry.valid else entry[:7] for entry in entries]
    content = [FOLD_VERSION, MATCH_VERSION, meaning, *([pairs] if pairs != (DEFAULT_PAIR,) else [])]
    return f"lex-{hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:12]}"


def tag_files(folder: Traversable) -> dict[str, list[Traversable]]:
    """Return the TOML files of each tag: `<tag>.toml` and `<tag>.<anything>.toml`, by name.

    `tags.toml` is no tag: it says which of them make a pair.
    """
    files: dict[str, list[Traversable]] = {}
    for child in sorted(folder.iterdir(), key=lambda child: child.name):
        if child.name.endswith(".toml") and child.name != PAIRS_FILE:
            files.setdefault(child.name.split(".")[0], []).append(child)
    return files


def read_tag_file(file: Traversable) -> TagFile:
    """Return the rows of one TOML file. Raises LexiconError."""
    rows, _, problems = read_rows(file)
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
    first: dict[tuple[str, str, str], LocatedRow] = {}
    for row in rows:
        other = first.setdefault((row.row.language, row.row.lemma, row.row.valid), row)
        if other is not row:
            where = f"{other.place.file.name}:{other.place.line}"
            yield Problem(row.place, f"{row} is there twice, first in {where}; merge the two entries")


def _entry(
    tag: str,
    row: LocatedRow,
    generated: Mapping[str, list[str]],
    tags: Iterable[str],
    layer: Layer,
    *,
    is_only: bool,
) -> Written:
    content = row.row
    if unknown := set(content.beside).difference(tags):
        raise LexiconError(f"`beside` names {sorted(unknown)}; it can name {sorted(tags)}")
    forms = by_hand(content)
    if content.inflects:
        if content.lemma not in generated:
            raise LexiconError(f"no forms of it yet; run python -m streams.lexicon.generate {layer.folder}")
        forms = generated[content.lemma]
    if broken := next((form for form in forms if re.search("[()|]", form)), None):
        raise LexiconError(f"'{broken}' has a bracket or | too many; (a|b) cannot stand inside another")
    folded = [form.strip() for form in fold_batch(forms).folded[1:-2].split("\n")]
    if not all(any(map(str.isalnum, form)) for form in folded):
        raise LexiconError("a form without any letter or digit; remove it")
    spelled = dict(zip(folded, forms, strict=True))
    beside, only_in = tuple(sorted(content.beside)), tuple(sorted(content.only_in))
    where = f"{'' if is_only else f'{layer.name}/'}{row.place.file.name}:{row.place.line}"
    forms_folded = tuple(sorted(spelled))
    entry = Entry(tag, content.lemma, row.is_trap, beside, only_in, forms_folded, content.valid, where)
    return Written(row, entry, spelled)
