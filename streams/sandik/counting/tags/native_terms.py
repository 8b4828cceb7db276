"""The compiled twin of `places` and of `match`: the terms of many texts at once.

It scans each text, and looks into an automaton where a word begins. The lexicon is passed as numbers.
"""

from array import array
from collections.abc import Container, Iterable, Sequence
from types import ModuleType
from typing import Any, NamedTuple, TypedDict

from sandik.counting.tags.alphabet import about_character
from sandik.counting.tags.boundaries import MIN_GLUED, markup_rules
from sandik.counting.tags.cut_words import LIMITS
from sandik.counting.tags.lexicon import Entry
from sandik.counting.tags.pattern_index import Kind, Numbered
from sandik.counting.tags.places import Span
from sandik.counting.tags.prefilter import Asking
from sandik.counting.tags.query_parser import All, Chain, Condition, Not, Place, Short, Stands, Word
from sandik.counting.tags.ready import About, Ready
from sandik.counting.tags.required_words import Needs, bits_in
from sandik.counting.tags.rules import Rule, Rules
from sandik.counting.tags.stems import STEM_LETTERS
from sandik.counting.tags.valid_days import Eras
from sandik.counting.tags.weighing import FEWEST_WORDS, Ranked

#: For how many languages and pairs of languages the accepting entries are cached.
_MAX_LANGUAGES = 1_000

#: Groups of leaves, of which a text needs one each.
_Groups = list[list[int]]


class ToldKind(TypedDict):
    """What a kind of pattern triggers."""

    ranks: tuple[int, ...]
    matching: tuple[int, ...]
    is_trigger: bool
    #: Whether it counts though its end was cut off.
    counts_cut: bool
    leaves: tuple[int, ...]
    asks: list[tuple[_Groups, list[int], _Groups, list[int]]]


class ToldCondition(NamedTuple):
    """A condition. `number` is a place, or the most characters."""

    kind: str
    number: int = 0
    parts: tuple["ToldCondition", ...] = ()
    within: int | None = None


class ToldRule(NamedTuple):
    """The conditions of an entry. A `found` is a place, the other conditions, and the needs of each way."""

    found: list[tuple[int, list[ToldCondition], list[_Groups]]]
    near: ToldCondition | None
    unless: ToldCondition | None
    near_needs: _Groups
    unless_needs: _Groups


class ToldRules(NamedTuple):
    """Entries (tag, is a trap, tags beside, has `near`, rule), openings, and places made of other places."""

    entries: list[tuple[int, bool, list[int], bool, ToldRule | None]]
    openings: list[tuple[int, int, list[int]]]
    leaves: int
    made: list[tuple[list[int], tuple[int, ...]]]


class ToldModels(NamedTuple):
    """The models of a language: rank, least sum and most characters of each; what stems weigh in each."""

    models: list[tuple[int, int, int]]
    weights: list[tuple[str, list[int]]]


class Told(NamedTuple):
    """What the compiled part is told of a lexicon: numbers and bytes."""

    spelled: bytes
    kinds: list[ToldKind]
    rules: ToldRules
    models: dict[str, ToldModels]


def told(native: ModuleType, ready: Ready) -> Told:
    """Return what the compiled part is told of a lexicon. Takes seconds."""
    rules, asking = ready.conditions()
    spelled = native.spelled(_patterns(ready.patterns), MIN_GLUED, about_character)
    kinds = [*_kinds(ready.patterns.kinds, asking, {*array("I", ready.cut.kinds)})]
    return Told(spelled, kinds, _rules(rules, ready.about), _models(ready.models))


class NativeTerms:
    """Finds patterns like `Places` (it leaves out more words that decide nothing), and terms."""

    def __init__(self, native: ModuleType, lexicon: Told, entries: Sequence[Entry], eras: Eras) -> None:
        days = _Accepting(entries), eras.bounds_ms, _Out(eras, len(entries))
        *others, models = lexicon
        limits = LIMITS, STEM_LETTERS, FEWEST_WORDS
        self._native = native.Patterns(*others, models, limits, markup_rules(), about_character, days)

    def counted(
        self,
        texts: Sequence[str],
        languages: Sequence[str],
        times_ms: Sequence[int | None] | None,
    ) -> list[tuple[int, list[Span]]]:
        """Return the terms that count, by index of their text.

        `times_ms`: when each was posted; without it no entry is outside its days.
        """
        times = None if times_ms is None else [*times_ms]
        found: list[tuple[int, list[Span]]] = self._native.counted([*texts], [*languages], times)
        return found

    def near(self, texts: Sequence[str]) -> set[int]:
        """See `Tagger.near`."""
        return {*self._native.near([*texts])}


class _Accepting(dict[str, bytes]):
    """By language, for each entry a byte: whether it accepts it. Filled as it is asked."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._entries = entries

    def __missing__(self, language: str) -> bytes:
        found = bytes(entry.accepts(language) for entry in self._entries)
        if len(self) < _MAX_LANGUAGES:
            self[language] = found
        return found


class _Out(dict[int, bytes]):
    """By era, for each entry a byte: whether it is out of its days. Filled as it is asked."""

    def __init__(self, eras: Eras, entries: int) -> None:
        super().__init__()
        self._eras, self._entries = eras, entries

    def __missing__(self, era: int) -> bytes:
        out = self._eras.out(era)
        found = self[era] = bytes(rank in out for rank in range(self._entries))
        return found


def _patterns(patterns: Numbered) -> Iterable[tuple[str, int, bool, bool]]:
    """Yield each pattern, its kind, whether it is for hashtags only, and whether it is a prefix."""
    kinds = iter(patterns.kind_of)
    for some in (patterns.forms, patterns.words):
        for which, found in enumerate(some):
            for pattern, kind in zip(found, kinds, strict=False):
                yield pattern, kind, which == 1, which == 2


def _kinds(kinds: Iterable[Kind], asking: Asking, cut: Container[int]) -> Iterable[ToldKind]:
    of_each = zip(kinds, asking.matching, asking.is_trigger, asking.asks, strict=True)
    for number, (kind, matching, is_trigger, asks) in enumerate(of_each):
        told = [
            (_groups(one.needs), [*bits_in(one.leaves)], _groups(one.unless_needs), [*bits_in(one.unless)])
            for one in asks
        ]
        yield ToldKind(
            ranks=kind.ranks,
            matching=matching,
            is_trigger=is_trigger,
            counts_cut=number in cut,
            leaves=kind.leaves,
            asks=told,
        )


def _models(ranked: Iterable[Ranked]) -> dict[str, ToldModels]:
    of_language: dict[str, list[Ranked]] = {}
    for one in ranked:
        of_language.setdefault(one.model.language, []).append(one)
    return {
        language: ToldModels(
            [(rank, model.least, model.most_characters) for rank, model in some],
            [
                (stems, [model.weights.get(stems, 0) for _, model in some])
                for stems in dict.fromkeys(stems for _, model in some for stems in model.weights)
            ],
        )
        for language, some in of_language.items()
    }


def _groups(needs: Needs) -> _Groups:
    return [[*bits_in(need)] for need in needs]


def _rules(rules: Rules, about: About) -> ToldRules:
    tags = _Numbers()
    places = _Numbers(rules.numbers)
    made: list[tuple[list[int], tuple[int, ...]]] = []

    def place(one: Place) -> int:
        if one not in places and not isinstance(one, Word):
            parts = [place(part) for part in one.places]
            made.append((parts, one.within if isinstance(one, Chain) else ()))
            places.of(one)
        return places[one]

    def condition(one: Condition) -> ToldCondition:
        if isinstance(one, Stands):
            return ToldCondition("stands", place(one.place), within=one.within)
        if isinstance(one, Short):
            return ToldCondition("short", one.characters)
        if isinstance(one, Not):
            return ToldCondition("not", parts=(condition(one.part),))
        return ToldCondition("all" if isinstance(one, All) else "any", parts=tuple(map(condition, one.parts)))

    def rule(one: Rule | None) -> ToldRule | None:
        if one is None:
            return None
        found = [
            (place(found.place), [*map(condition, found.besides)], [_groups(way.needs) for way in found.ways])
            for found in one.found
        ]
        near, unless = (condition(part) if part is not None else None for part in (one.near, one.unless))
        return ToldRule(found, near, unless, _groups(one.near_needs), _groups(one.unless_needs))

    entries = [
        (
            tags.of(entry.tag),
            entry.is_trap,
            [tags.of(tag) for tag in entry.beside],
            bool(entry.near),
            rule(rules.by_rank.get(rank)),
        )
        for rank, entry in enumerate(about.entries)
    ]
    openings = [
        (tags.of(one.tag), one.characters, [tags.of(tag) for tag in one.beside]) for one in about.openings
    ]
    return ToldRules(entries, openings, len(rules.numbers), made)


class _Numbers(dict[Any, int]):
    """Numbers things in the order of arrival."""

    def of(self, thing: object) -> int:
        return self.setdefault(thing, len(self))
