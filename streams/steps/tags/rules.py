"""The conditions of a lexicon's entries, made ready for matching: `match`, `near` and `unless`.

Their words and sets become patterns of the automaton that finds the forms, so a text is still read once. A
text is looked at again only if a form of an entry with conditions counts in it, or the first member of what a
`match` finds: the **triggers**.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.steps.tags.conditions import Scene, Span, Spot
from streams.steps.tags.lexicon import Entry, Lexicon
from streams.steps.tags.queries import members_of
from streams.steps.tags.query import Chain, Condition, Place, Word, hits_of, parse, words_of


class Found(NamedTuple):
    """What a `match` finds, what must hold besides, and the words without which it can find nothing."""

    place: Place
    besides: tuple[Condition, ...]


class Rule(NamedTuple):
    """The conditions of one entry."""

    found: tuple[Found, ...]
    near: Condition | None
    unless: Condition | None

    def holds(self, scene: Scene, hit: Spot) -> bool:
        """Say whether the entry counts at a hit."""
        return (self.near is None or scene.holds(self.near, hit)) and (
            self.unless is None or not scene.holds(self.unless, hit)
        )

    def hits(self, scene: Scene) -> Iterator[Spot]:
        """Yield what `match` finds, whether or not the entry's other conditions hold there."""
        for place, besides in self.found:
            spots = scene.spots(place)
            if spots and all(scene.holds(condition) for condition in besides):
                yield from spots


class Rules:
    """The rules of a lexicon, by rank of their entry, and the words they are made of, each with a number."""

    def __init__(self, lexicon: Lexicon, entries: Sequence[Entry]) -> None:
        sets = {one.name: one.members for one in lexicon.sets}
        self.by_rank = {rank: _rule(entry) for rank, entry in enumerate(entries) if entry.has_rules}
        self.matching = tuple(rank for rank, rule in self.by_rank.items() if rule.found)
        words = {word for rule in self.by_rank.values() for word in _words(rule)}
        self.numbers = {word: number for number, word in enumerate(sorted(words))}
        #: Pattern -> numbers of the words it stands for: in full, and as the beginning of a longer word.
        self.whole: defaultdict[str, list[int]] = defaultdict(list)
        self.beginnings: defaultdict[str, list[int]] = defaultdict(list)
        for word, number in self.numbers.items():
            for member in members_of(word, sets):
                patterns = self.beginnings if member.endswith("*") else self.whole
                pattern = member.removesuffix("*")
                patterns[pattern].append(number)
                if patterns is self.beginnings and " " in pattern:  # run together, as in hashtags
                    patterns[pattern.replace(" ", "")].append(number)
        #: Words -> the ranks of entries whose `match` needs one of them.
        self.triggers: defaultdict[int, list[int]] = defaultdict(list)
        for rank in self.matching:
            for number in {
                self.numbers[word] for one in self.by_rank[rank].found for word in _first(one.place)
            }:
                self.triggers[number].append(rank)

    def scene(self, text: str, stands: Iterable[tuple[int, int, Sequence[int]]]) -> Scene:
        """Return a text in which words stand: start, end and their numbers."""
        spans: dict[int, list[Span]] = {}
        for start, end, numbers in stands:
            for number in numbers:
                spans.setdefault(number, []).append((start, end))
        numbers_of = self.numbers
        return Scene(text, lambda word: spans.get(numbers_of[word], ()))


def _rule(entry: Entry) -> Rule:
    match = parse(entry.match, "match") if entry.match else None
    found = tuple(Found(place, besides) for place, besides in hits_of(match)) if match else ()
    near = parse(entry.near, "near") if entry.near else None
    unless = parse(entry.unless, "unless") if entry.unless else None
    return Rule(found, near, unless)


def _words(rule: Rule) -> Iterator[Word]:
    for place, besides in rule.found:
        yield from words_of(place)
        for beside in besides:
            yield from words_of(beside)
    for condition in (rule.near, rule.unless):
        if condition:
            yield from words_of(condition)


def _first(place: Place) -> Iterator[Word]:
    """Yield words of which one must stand where the place does."""
    if isinstance(place, Word):
        yield place
    elif isinstance(place, Chain):
        yield from _first(place.places[0])
    else:
        for one in place.places:
            yield from _first(one)
