"""Forms that two entries share: duplicates, conflicts, and terms that can never count."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from sandik.counting.tags.alphabet import fold
from sandik.counting.tags.lexicon import Entry, Written, by_hand
from sandik.counting.tags.valid_days import do_meet
from sandik.lexicon_tools.finding import Finding


def overlaps(entries: Sequence[Written]) -> Iterator[Finding]:
    """Yield at most one finding for each two entries."""
    wanting: defaultdict[str, list[int]] = defaultdict(list)
    for number, written in enumerate(entries):
        for form in written.entry.forms:
            wanting[form].append(number)
    shared: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for form, owners in wanting.items():
        for pair in combinations(owners, 2):
            shared[pair].append(form)
    for (first, second), forms in shared.items():
        one, other = entries[first], entries[second]
        if not _same_posts(one.entry, other.entry):
            continue
        if one.entry.tag != other.entry.tag:
            yield from _in_two_tags(one, other, forms)
        elif one.entry.is_trap != other.entry.is_trap:
            term, trap = (other, one) if one.entry.is_trap else (one, other)
            yield from _trapped(term, trap, forms)
        elif one.entry.beside != other.entry.beside:
            yield from _looser(one, other, forms)
        elif one.row.row.language == other.row.row.language and one.entry.lemma != other.entry.lemma:
            yield from _duplicate(one, other, forms)


def _same_posts(one: Entry, other: Entry) -> bool:
    if not do_meet(one.valid, other.valid):
        return False
    if (one.near, one.unless) != (other.near, other.unless):
        return False  # which one counts depends on the words around
    return not (one.only_in and other.only_in) or not set(one.only_in).isdisjoint(other.only_in)


def _in_two_tags(one: Written, other: Written, forms: list[str]) -> Iterator[Finding]:
    if one.entry.is_trap or other.entry.is_trap or one.entry.beside or other.entry.beside:
        return
    message = (
        f"{_said(other, forms)} is also of the tag {one.entry.tag} ({one.entry.where}): such a post has both"
    )
    yield Finding("warning", "conflict", other.row.at("forms", "lemma"), message)


def _trapped(term: Written, trap: Written, forms: list[str]) -> Iterator[Finding]:
    place, where = term.row.at("forms", "lemma"), trap.entry.where
    languages = set(term.entry.only_in)
    everywhere = not trap.entry.only_in or (languages and languages <= set(trap.entry.only_in))
    if everywhere and set(trap.entry.beside) in (set(), set(term.entry.beside)):
        message = f"{_said(term, forms)} never counts: the trap at {where} takes it; leave one of them out"
        yield Finding("error", "unreachable", place, message)
    else:
        message = f"{_said(term, forms)} is also a trap ({where}), which wins if both match"
        yield Finding("warning", "conflict", place, message)


def _looser(one: Written, other: Written, forms: list[str]) -> Iterator[Finding]:
    strict, free = (one, other) if one.entry.beside else (other, one)
    how = "in other company" if free.entry.beside else "by itself"
    message = f"{_said(strict, forms)} counts {how} at {free.entry.where}; leave one of them out"
    yield Finding("warning", "conflict", strict.row.at("forms", "lemma"), message)


def _duplicate(one: Written, other: Written, forms: list[str]) -> Iterator[Finding]:
    # Forms of related words overlap (oylama, oylamak): a finding only if somebody wrote the form, or if one
    # entry has no other form.
    by_somebody = {fold(form).strip() for written in (one, other) for form in by_hand(written.row.row)}
    plain = [form for form in forms if form in by_somebody]
    if len(forms) in (len(one.entry.forms), len(other.entry.forms)):
        plain = forms
    if plain:
        message = f"{_said(other, plain)} is also at {one.entry.where}; leave one of them out"
        yield Finding("warning", "duplicate", other.row.at("forms", "lemma"), message)


def _said(written: Written, forms: Sequence[str]) -> str:
    more = f" (and {len(forms) - 3} more)" if len(forms) > 3 else ""
    return f"{written.row}: {', '.join(repr(written.spelled[form]) for form in sorted(forms)[:3])}{more}"
