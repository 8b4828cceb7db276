"""Find errors and doubtful entries in a lexicon: `findings(layers)`.

Errors: what no worker loads; generated forms that are out of date; entries that can never count. Warnings:
entries that work, but probably not as intended.
"""

import difflib
from collections.abc import Iterable, Iterator, Set
from importlib.util import find_spec

from sandik.counting.language import UNDETERMINED
from sandik.counting.language.fasttext.model import load_fasttext_model
from sandik.counting.tags.entries import Place
from sandik.counting.tags.entry_queries import words_in
from sandik.counting.tags.layer_files import LayerRows, read_forms
from sandik.counting.tags.layers import LexiconChoice
from sandik.counting.tags.lexicon import Draft, LexiconError, Written, read_lexicon
from sandik.counting.tags.word_sets import LocatedSet
from sandik.lexicon_tools.finding import Finding
from sandik.lexicon_tools.generate import forms_of
from sandik.lexicon_tools.overlaps import overlaps
from sandik.lexicon_tools.satisfiable import never_counts

#: A form with fewer letters is in too many languages and nicknames, unless it has `only_in` or `beside`.
MIN_LETTERS = 3

#: From here on, Unicode has the scripts of East Asia, in which two characters are a long word.
_EAST_ASIA = "\u3000"

#: The package that the generator needs for a language. Workers do not need it, so it may be missing.
_DICTIONARIES = {"ru": "pymorphy3_dicts_ru", "uk": "pymorphy3_dicts_uk"}


def findings(lexicon: LexiconChoice) -> list[Finding]:
    """Return the findings about the lexicon of these layers, by file and line.

    Raises:
        LexiconError: a layer is not a lexicon folder.
    """
    draft = read_lexicon(lexicon)
    found = [Finding("error", "unreadable", place, message) for place, message in draft.problems]
    for layer in draft.layers:
        found += _stale(layer)
    found += _never_in_company(draft)
    languages = {*load_fasttext_model().codes, UNDETERMINED.code}
    found += _unknown_languages(draft, languages)
    found += _models(draft, languages)
    found += _queries(draft)
    for written in draft.entries:
        found += _odd_forms(written)
    found += overlaps(draft.entries)
    return sorted(set(found), key=lambda one: (str(one.place.file), one.place.line, one.level, one.message))


def _queries(draft: Draft) -> Iterator[Finding]:
    """Yield word sets that no query uses, and queries with which their entry can never count."""
    used = {word.text[1:-1] for written in draft.entries for word in words_in(written.entry) if word.is_set}
    # Sets of earlier layers may belong to entries that a later layer removes.
    for one in draft.layers[-1].sets:
        # An entry that could not be read may have the query that uses it.
        if one.language_name not in used and not draft.problems:
            yield Finding("error", "unused", one.place, f"{one}: no query of this language names it")
    for row, entry, _ in draft.entries:
        if complaint := never_counts(entry):
            field = complaint.split("`")[1]
            yield Finding("error", "unreachable", row.at(field), f"{row}: {complaint}, so it never counts")


def _stale(layer: LayerRows) -> Iterator[Finding]:
    """Yield the entries whose committed forms differ from what the generator makes now."""
    folder = layer.layer.folder
    repair = f"out of date; run python -m sandik.lexicon_tools.generate {folder}"
    for tag, rows in layer.rows.items():
        sets = [one for one in layer.sets if one.place.file.name.split(".")[0] == tag and one.row.inflects]
        languages = {one.row.language for one in rows if one.row.inflects}
        for language in languages | {one.row.language for one in sets}:
            written = read_forms(folder, tag, language)
            file = Place(folder / "forms" / f"{tag}.{language}.txt", 0)
            dictionary = _DICTIONARIES.get(language)
            if dictionary and find_spec(dictionary) is None:
                message = f"not compared with the entries; install pymorphy3 and {dictionary}"
                yield Finding("warning", "stale", file, message)
                continue
            for row in [row for row in rows if row.row.inflects and row.row.language == language]:
                generated = written.pop(row.row.lemma, None)
                try:
                    forms = forms_of(row.row)
                except LexiconError as error:
                    yield Finding("error", "unreadable", row.at("inflects"), f"{row}: {error}")
                    continue
                if generated not in (None, forms):
                    yield Finding("error", "stale", row.place, f"{row}: its forms are {repair}")
            yield from _stale_sets([one for one in sets if one.row.language == language], written, repair)
            for lemma in sorted(written):
                yield Finding("error", "stale", file, f"'{lemma}' is not an entry any more; {repair}")


def _stale_sets(sets: list[LocatedSet], written: dict[str, list[str]], repair: str) -> Iterator[Finding]:
    places = {one.row.key: one.place for one in sets}
    for key, place in places.items():
        generated = written.pop(key, None)
        try:
            forms = sorted(
                {form for one in sets if one.row.key == key for form in forms_of(one.row.as_row())}
            )
        except LexiconError as error:
            yield Finding("error", "unreadable", place, f"{key}: {error}")
            continue
        if generated not in (None, forms):
            yield Finding("error", "stale", place, f"{key}: its forms are {repair}")


def _never_in_company(draft: Draft) -> Iterator[Finding]:
    alone = {entry.tag for _, entry, _ in draft.entries if not entry.beside and not entry.is_trap}
    for row, entry, _ in draft.entries:
        if entry.beside and not alone.intersection(entry.beside):
            message = (
                f"{row}: no term of {' or '.join(entry.beside)} counts by itself, so this one never does"
            )
            yield Finding("error", "unreachable", row.at("beside"), message)


def _unknown_languages(draft: Draft, known: Set[str]) -> Iterator[Finding]:
    for row in (row for rows in draft.rows.values() for row in rows):
        for code in row.row.only_in:
            yield from _undetected(f"{row}", code, known, row.at("only_in"))
        if row.row.language not in known:
            message = f"{row}: there is no such language{_suggestion(row.row.language, known)}"
            yield Finding("warning", "conflict", row.at("language"), message)


def _models(draft: Draft, known: Set[str]) -> Iterator[Finding]:
    """Yield the models that can never count."""
    for layer, model in ((one.layer, model) for one in draft.layers for model in one.models):
        place, name = Place(layer.folder / model.file, 0), f"{model.language} '{model.lemma}'"
        yield from _undetected(name, model.language, known, place)
        most = sum(weight for weight in model.weights.values() if weight > 0)
        if most < model.least:
            message = (
                f"{name}: all that weighs for it is {most}, and {model.least} are needed, so it never counts"
            )
            yield Finding("error", "unreachable", place, message)


def _undetected(name: str, code: str, known: Set[str], place: Place) -> Iterator[Finding]:
    if code not in known:
        message = f"{name}: no post is ever of a language '{code}'{_suggestion(code, known)}"
        yield Finding("error", "unreachable", place, message)


def _suggestion(code: str, known: Iterable[str]) -> str:
    # Three letters in place of two (tur, eng) are the usual mistake.
    close = [code[:2]] if code[:2] in known else difflib.get_close_matches(code, known, 1)
    return f"; did you mean '{close[0]}'?" if close else "; use the code of ISO 639-1, such as tr"


def _odd_forms(written: Written) -> Iterator[Finding]:
    row, entry, spelled = written
    for form in entry.forms:
        place = row.at("forms", "spellings", "lemma")
        letters = sum(map(str.isalnum, form))
        if letters < MIN_LETTERS and not (entry.beside or entry.only_in) and max(form) < _EAST_ASIA:
            message = f"{row}: '{spelled[form]}' is in too many texts; add `only_in` or `beside`"
            yield Finding("warning", "too short", place, message)
        if form.startswith(("@", "http://", "https://", "www.")):
            message = (
                f"{row}: '{spelled[form]}' is a name or a link, and words in these never count; leave it out"
            )
            yield Finding("error", "unreachable", place, message)
        if form.endswith("*"):
            message = (
                f"{row}: '{spelled[form]}' is found only where somebody writes the asterisk. List "
                f"the forms, use `inflects`, or write `match = '\"{spelled[form]}\"'`: there it is any ending"
            )
            yield Finding("warning", "unreachable", place, message)
