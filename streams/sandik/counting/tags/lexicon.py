"""Read a lexicon: layers of `<tag>.toml`, or `<tag>.<language>.toml`, and the inflected forms made from it.

    [[term]]                       or [[trap]]: matches like a term, takes the letters, and never counts
    language = "tr"                of the word, not of the post
    lemma = "montaj"               its name in mentions
    pos = "noun"                   part of speech, for people; implied by `inflects`
    inflects = "noun"              forms are in forms/<tag>.<language>.txt; without it: `forms`, or the lemma
    forms = ["montaj(lı|lanmış)"]  more forms, by hand; (a|b) stands for either
    beside = ["deepfake"]          counts only if the post has a term of these tags that counts by itself
    only_in = ["tr"]               counts only in posts of these detected languages
    match = '"yapay zeka" NEAR/9 {medium}'  also matches where this query does (`query_parser.py`)
    near = "{party} OR {office}"   counts only if this is within nine words, or NEAR/n
    unless = "NEAR/5 {contest}"    does not count if this holds; without NEAR/n, anywhere in the post
    valid = "2023-03-10/2023-05-28"  counts only in posts of these days (UTC)
    note, source                   for people

    [default]                      defaults of all entries of the file
    [[remove]]                     language and lemma of entries of earlier layers to remove; "*" is any

`inflects`, `head`, `softens`, `aorist`, `spellings` and `without` are for the generator,
`python -m sandik.lexicon_tools.generate`. [[words]] are sets for queries: `word_sets.py`.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import NamedTuple

import msgspec

from sandik.counting.tags.alphabet import FOLD_VERSION, fold_batch
from sandik.counting.tags.entries import LocatedRow, Place, Problem, Row
from sandik.counting.tags.entry_queries import EntryQueryError, expand, queries_of, words_in
from sandik.counting.tags.layer_files import (
    LayerRows,
    read_forms,
    read_layer,
    read_tag_file,
    tag_files,
    twice,
)
from sandik.counting.tags.layers import Layer, LexiconChoice, LexiconError, read_layers
from sandik.counting.tags.models import Model
from sandik.counting.tags.pairs import openings_of, read_pairs
from sandik.counting.tags.post_openings import Opening
from sandik.counting.tags.word_sets import LocatedSet, WordSet, joined
from sandik_schemas.languages import languages_in
from sandik_schemas.pair import DEFAULT_PAIR, Pair

__all__ = ["Entry", "Lexicon", "LexiconError", "Row", "expand", "load_lexicon", "read_tag_file", "tag_files"]

#: Raise it when the same forms match differently (boundaries, hashtags, overlaps, context).
MATCH_VERSION = 10


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
    #: The days in which it counts, as written; "" is always.
    valid: str = ""
    #: Its place, as file:line. Not part of the lexicon's version.
    where: str = ""

    @property
    def has_rules(self) -> bool:
        """Return whether it has a query."""
        return bool(self.match or self.near or self.unless)

    def accepts(self, language: str) -> bool:
        """Return whether it counts in posts of this language or pair of languages."""
        return not self.only_in or any(one in self.only_in for one in languages_in(language))


class Lexicon(NamedTuple):
    """All entries of all layers. `version` changes exactly when their matches or names do."""

    tag_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    version: str
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)
    sets: tuple[WordSet, ...] = ()
    openings: tuple[Opening, ...] = ()
    models: tuple[Model, ...] = ()


class Written(NamedTuple):
    """An entry, its row, and its forms: folded -> as written."""

    row: LocatedRow
    entry: Entry
    spelled: Mapping[str, str]


class Draft(NamedTuple):
    """Everything readable of a lexicon, and all its mistakes."""

    layers: list[LayerRows]
    rows: dict[str, list[LocatedRow]]  # of all layers, by tag
    entries: list[Written]  # what the layers come to
    problems: list[Problem]
    pairs: tuple[Pair, ...]
    openings: tuple[Opening, ...]
    models: tuple[Model, ...]

    @property
    def sets(self) -> list[LocatedSet]:
        """The word sets of all layers; sets of one name and language are joined."""
        return [one for layer in self.layers for one in layer.sets]

    @property
    def set_forms(self) -> dict[LocatedSet, tuple[str, ...]]:
        """The words of each set."""
        return {one: forms for layer in self.layers for one, forms in layer.sets.items()}


def load_lexicon(lexicon: LexiconChoice = None) -> Lexicon:
    """Return the lexicon of these layers, or the built-in one. Raises LexiconError."""
    draft = read_lexicon(lexicon)
    if draft.problems:
        more = f" (and {len(draft.problems) - 1} more: sandik lexicon check)" if draft.problems[1:] else ""
        raise LexiconError(f"{draft.problems[0]}{more}")
    entries = sorted(written.entry for written in draft.entries)
    used = {word.text[1:-1] for entry in entries for word in words_in(entry) if word.is_set}
    sets = tuple(one for one in joined(draft.sets, draft.set_forms) if one.name in used)
    version = _version(entries, sets, draft.pairs, draft.openings, draft.models)
    tags = _tag_names(entries)
    return Lexicon(tags, tuple(entries), version, draft.pairs, sets, draft.openings, draft.models)


def read_lexicon(lexicon: LexiconChoice) -> Draft:
    """Return everything readable of a lexicon, and all its mistakes.

    Raises:
        LexiconError: a layer is not a lexicon folder.
    """
    layers = read_layers(lexicon)
    problems: list[Problem] = []
    read = [read_layer(layer, problems) for layer in layers]
    rows: dict[str, list[LocatedRow]] = {}
    for one in read:
        for tag, some in one.rows.items():
            rows.setdefault(tag, []).extend(some)
    known = {row.language_name for one in read for row in one.sets}
    entries: dict[_Key, Written] = {}
    models: dict[tuple[str, str], Model] = {}
    for one in read:
        problems.extend(_removed(entries, models, one))
        problems.extend(_of_no_tag(one, rows))
        prefix = f"{one.layer.name}/" if len(read) > 1 else ""
        models |= {
            (model.tag, model.language): model._replace(where=f"{prefix}{model.where}")
            for model in one.models
        }
        for tag, some in one.rows.items():
            problems.extend(twice(some))
            entries.update(_written_rows(tag, some, one.layer, rows, known, problems, prefix))
    left = [*entries.values()]
    tags = _tag_names(written.entry for written in left)
    # An unreadable file is reported; that its tag is missing need not be.
    pairs, wrong = read_pairs(layers, tags if not problems else tuple(rows))
    openings = openings_of(layers, tuple(rows))
    problems += [*wrong, *openings.problems]
    # A tag without a term has no counts, so nothing is weighed for it.
    kept = tuple(one for _, one in sorted(models.items()) if one.tag in tags)
    return Draft(read, rows, left, problems, pairs, tuple(openings.by_tag.values()), kept)


#: The key of an entry: tag, language, lemma, days.
_Key = tuple[str, str, str, str]


def _removed(
    entries: dict[_Key, Written], models: dict[tuple[str, str], Model], layer: LayerRows
) -> Iterator[Problem]:
    """Apply the layer's removals to the layers before it; yield a problem for a removal of nothing."""
    for tag, removals in layer.removals.items():
        for place, removal in removals:
            gone = [
                key
                for key, one in entries.items()
                if key[0] == tag and removal.takes(one.row.row.language, one.row.row.lemma)
            ]
            for key in gone:
                del entries[key]
            weighing = [
                key for key, one in models.items() if key[0] == tag and removal.takes(one.language, one.lemma)
            ]
            for model in weighing:
                del models[model]
            if not gone and not weighing:
                message = f"no layer before has {removal.language} '{removal.lemma}' to remove; leave it out"
                yield Problem(place, message)


def _of_no_tag(layer: LayerRows, tags: Collection[str]) -> Iterator[Problem]:
    for model in layer.models:
        if model.tag not in tags:
            message = f"a model of '{model.tag}', of which no layer has a term; its tag can be {sorted(tags)}"
            yield Problem(Place(layer.layer.folder / model.file, 0), message)


def _written_rows(
    tag: str,
    rows: Sequence[LocatedRow],
    layer: Layer,
    tags: Iterable[str],
    sets: Collection[str],
    problems: list[Problem],
    prefix: str,
) -> Iterator[tuple[_Key, Written]]:
    generated: dict[str, Mapping[str, list[str]]] = {}
    for row in rows:
        language = row.row.language
        if row.row.inflects and language not in generated:
            generated[language] = read_forms(layer.folder, tag, language)
        try:
            written = _written(tag, row, generated.get(language, {}), tags, layer.folder, sets, prefix)
        except EntryQueryError as error:
            problems.append(Problem(row.at(error.field), f"{row}: {error}"))
        except LexiconError as error:
            problems.append(Problem(row.place, f"{row}: {error}"))
        else:
            yield (tag, language, row.row.lemma, row.row.valid), written


def _tag_names(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the tags that have a term: `election` first, the others by name."""
    tags = {entry.tag for entry in entries if not entry.is_trap}
    return tuple(sorted(tags, key=lambda tag: (tag != DEFAULT_PAIR.base, tag)))


def _version(
    entries: Sequence[Entry],
    sets: tuple[WordSet, ...],
    pairs: tuple[Pair, ...],
    openings: tuple[Opening, ...],
    models: tuple[Model, ...],
) -> str:
    # Pairs, openings and models are included only if set: most lexicons have none of their own.
    content = [FOLD_VERSION, MATCH_VERSION, [entry[:-1] for entry in entries], sets]
    content += [pairs] if pairs != (DEFAULT_PAIR,) else []
    content += [openings] if openings else []
    content += [[model[:-1] for model in models]] if models else []
    return f"lex-{hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:12]}"


def by_hand(row: Row) -> list[str]:
    """Return the forms in the row itself; without any, the lemma."""
    if row.match and not row.forms:
        return []
    return [form for pattern in row.forms or (row.lemma,) for form in expand(pattern)]


def _written(
    tag: str,
    row: LocatedRow,
    generated: Mapping[str, list[str]],
    tags: Iterable[str],
    folder: Traversable,
    sets: Collection[str],
    prefix: str,
) -> Written:
    content = row.row
    if unknown := set(content.beside).difference(tags):
        raise LexiconError(f"`beside` names {sorted(unknown)}; it can name {sorted(tags)}")
    forms = by_hand(content)
    if content.inflects:
        if content.lemma not in generated:
            raise LexiconError(f"no forms of it yet; run python -m sandik.lexicon_tools.generate {folder}")
        forms = generated[content.lemma]
    if broken := next((form for form in forms if re.search("[()|]", form)), None):
        raise LexiconError(f"'{broken}' has one bracket or | too many; (a|b) cannot stand inside another")
    folded = [form.strip() for form in fold_batch(forms).folded[1:-2].split("\n")] if forms else []
    if not all(any(map(str.isalnum, form)) for form in folded):
        raise LexiconError("a form without any letter or digit; remove it")
    spelled = dict(zip(folded, forms, strict=True))
    beside, only_in = tuple(sorted(content.beside)), tuple(sorted(content.only_in))
    queries, where = queries_of(content, sets), f"{prefix}{row.place.file.name}:{row.place.line}"
    own = tag, content.lemma, row.is_trap, beside, only_in, tuple(sorted(spelled))
    return Written(row, Entry(*own, *queries, content.valid, where), spelled)
