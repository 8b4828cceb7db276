"""The conditions of a lexicon's entries, made ready for matching: `match`, `near` and `unless`.

Their words and sets become patterns, so that texts are read for them as for the forms. Each **leaf** of a
query (a word, a set, one of several) has a bit, and what stands in a text is a number of such bits: whether a
condition can hold at all is mostly told by that alone. Only a text in which a form of an entry with
conditions counts, or what a `match` cannot do without (the **triggers**), is looked at for them: of what a
`match` needs, whichever looks rarest, since names of politicians stand in every third post.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import or_
from typing import NamedTuple

from sandik.counting.tags.conditions import Scene, Spot
from sandik.counting.tags.entry_queries import members_of
from sandik.counting.tags.lexicon import Entry, Lexicon
from sandik.counting.tags.query_parser import (
    Chain,
    Condition,
    Either,
    Leaf,
    Place,
    hits_of,
    is_leaf,
    leaves_of,
    parse,
    words_of,
)
from sandik.counting.tags.required_words import (
    Needs,
    Sum,
    bits_in,
    bits_of,
    can_hold,
    needs_of,
    sums_of,
)

#: How common a word is, for choosing triggers: a guess that depends on the lexicon alone, which on real posts
#: does nearly as well as counting. By so much a word is rarer than one with a letter less; and there are so
#: many words of each beginning.
_RARER_A_LETTER, _LONGER_WORDS = 1.3, 4.0


class Way(NamedTuple):
    """One way to find something: what it cannot do without, and the leaves that it looks at."""

    needs: Needs
    leaves: int


class Found(NamedTuple):
    """What a `match` finds, what must hold of the text besides, and the ways in which that can be."""

    place: Place
    besides: tuple[Condition, ...]
    ways: tuple[Way, ...]

    def is_possible(self, present: int) -> bool:
        """Return whether it can find something where these leaves stand."""
        for way in self.ways:  # noqa: SIM110 - as in `can_hold`
            if can_hold(way.needs, present):
                return True
        return False


class Asks(NamedTuple):
    """The leaves that must be known, if `needs` are there; and those of the veto, if what it needs is.

    `sums`: what has to be reached besides.
    """

    needs: Needs
    leaves: int
    unless_needs: Needs
    unless: int
    sums: tuple[Sum, ...]


class Rule(NamedTuple):
    """The conditions of one entry, and the leaves of its `near` and `unless`."""

    found: tuple[Found, ...]
    near: Condition | None
    unless: Condition | None
    near_needs: Needs
    unless_needs: Needs
    near_sums: tuple[Sum, ...]
    leaves: tuple[int, int]
    #: Leaves of which one must stand where its `match` finds something, at its beginning.
    firsts: int

    def asks(self, way: Way | None = None) -> Asks:
        """Return what has to be known where a form of the entry counts, or its `match` may find something."""
        near, unless = self.leaves
        needs, leaves = way or ((), 0)
        needs = (*needs, *self.near_needs)
        return Asks(needs, leaves | near, self.unless_needs, unless, self.near_sums)

    def may_match(self, present: int) -> bool:
        """Return whether `match` can find something where these leaves stand."""
        return any(one.is_possible(present) for one in self.found)

    def is_true(self, present: int) -> bool:
        """Return whether the entry counts anywhere: it has no condition, and its veto cannot hold."""
        return self.near is None and (self.unless is None or not can_hold(self.unless_needs, present))

    def holds(self, scene: Scene, hit: Spot) -> bool:
        """Return whether the entry counts at a hit."""
        near, unless, present = self.near, self.unless, scene.present
        if self.near_sums and not all(one.is_possible(present) for one in self.near_sums):
            return False
        if near is not None and not (can_hold(self.near_needs, present) and scene.holds(near, hit)):
            return False
        return unless is None or not (can_hold(self.unless_needs, present) and scene.holds(unless, hit))

    def hits(self, scene: Scene) -> list[Spot]:
        """Return what `match` finds, each once, whether or not the entry's other conditions hold there."""
        found: dict[Spot, None] = {}
        for one in self.found:
            if one.is_possible(scene.present):
                spots = scene.spots(one.place)
                if spots and all(scene.holds(condition) for condition in one.besides):
                    found.update(dict.fromkeys(spots))
        return [*found]


class Rules:
    """The rules of a lexicon, by rank of their entry, and the patterns of their leaves."""

    def __init__(self, lexicon: Lexicon, entries: Sequence[Entry]) -> None:
        parsed = {rank: _parsed(entry) for rank, entry in enumerate(entries) if entry.has_rules}
        leaves = dict.fromkeys(leaf for one in parsed.values() for leaf in one.leaves())
        self.numbers: dict[Place, int] = {leaf: number for number, leaf in enumerate(leaves)}
        self.by_rank = {rank: one.rule(self.numbers) for rank, one in parsed.items()}
        #: Pattern -> the leaves it stands for: in full, and as the beginning of a longer word.
        self.whole: defaultdict[str, int] = defaultdict(int)
        self.beginnings: defaultdict[str, int] = defaultdict(int)
        sets = {one.name: one.members for one in lexicon.sets}
        for leaf, number in self.numbers.items():
            for member in {member for word in words_of(leaf) for member in members_of(word, sets)}:
                pattern = member.removesuffix("*")
                patterns = self.beginnings if member.endswith("*") else self.whole
                patterns[pattern] |= 1 << number
                if member.endswith("*") and " " in pattern:  # run together, as in hashtags
                    patterns[pattern.replace(" ", "")] |= 1 << number
        self._by_trigger: defaultdict[int, list[tuple[int, Asks]]] = defaultdict(list)
        commonness = self._commonness()
        for rank, rule in self.by_rank.items():
            for way in (way for one in rule.found for way in one.ways):
                asks = rule.asks(way)
                rarest = min(asks.needs, key=lambda need: sum(commonness[bit] for bit in bits_in(need)))
                for number in bits_in(rarest):
                    self._by_trigger[number].append((rank, asks))
        self._triggers = reduce(or_, (1 << number for number in self._by_trigger), 0)
        #: Leaves that what a `match` finds can begin with.
        self.firsts = reduce(or_, (rule.firsts for rule in self.by_rank.values()), 0)

    def matching(self, leaves: int) -> tuple[int, ...]:
        """Return the ranks of entries whose `match` may find something where one of these leaves stands."""
        return tuple({rank for rank, _ in self._triggered(leaves)})

    def asks_of_leaves(self, leaves: int) -> Iterator[Asks]:
        """Yield what they need to know."""
        return (asks for _, asks in self._triggered(leaves))

    def asks_of_forms(self, ranks: Iterable[int]) -> Iterator[Asks]:
        """Yield what has to be known where a form of these entries stands."""
        return (self.by_rank[rank].asks() for rank in ranks)

    def _triggered(self, leaves: int) -> Iterator[tuple[int, Asks]]:
        for number in bits_in(leaves & self._triggers):
            yield from self._by_trigger[number]

    def _commonness(self) -> list[float]:
        """Return for each leaf about how common it is, guessed from how many and how long its members are."""
        found = [0.0] * len(self.numbers)
        for patterns, times in ((self.whole, 1.0), (self.beginnings, _LONGER_WORDS)):
            for pattern, bits in patterns.items():
                common = times * _RARER_A_LETTER ** -len(pattern)
                for number in bits_in(bits):
                    found[number] += common
        return found


class _Parsed(NamedTuple):
    match: Condition | None
    near: Condition | None
    unless: Condition | None

    def leaves(self) -> Iterator[Leaf]:
        """Yield the leaves of all three; of a `match`, as it is looked for."""
        for condition in self:
            if condition is not None:
                yield from leaves_of(condition)

    def rule(self, numbers: dict[Place, int]) -> Rule:
        """Return it with its leaves as numbers."""
        found = tuple(
            Found(place, besides, tuple(_ways(place, besides, numbers)))
            for place, besides in (hits_of(self.match) if self.match else ())
        )
        near, unless = (bits_of(one, numbers) if one else 0 for one in (self.near, self.unless))
        return Rule(
            found,
            self.near,
            self.unless,
            needs_of(self.near, numbers) if self.near else (),
            needs_of(self.unless, numbers) if self.unless else (),
            sums_of(self.near, numbers),
            (near, unless),
            reduce(or_, (1 << numbers[leaf] for one in found for leaf in _first(one.place)), 0),
        )


def _ways(place: Place, besides: Iterable[Condition], numbers: Mapping[Place, int]) -> Iterator[Way]:
    """Yield the ways in which a place can be there, one for each part of an OR, and what holds besides."""
    if isinstance(place, Either) and not is_leaf(place):
        for one in place.places:
            yield from _ways(one, besides, numbers)
        return
    needs = chain(needs_of(place, numbers), *(needs_of(one, numbers) for one in besides))
    leaves = reduce(or_, (bits_of(one, numbers) for one in besides), bits_of(place, numbers))
    yield Way(tuple(dict.fromkeys(needs)), leaves)


def _parsed(entry: Entry) -> _Parsed:
    return _Parsed(
        parse(entry.match, "match") if entry.match else None,
        parse(entry.near, "near") if entry.near else None,
        parse(entry.unless, "unless") if entry.unless else None,
    )


def _first(place: Place) -> Iterator[Leaf]:
    """Yield leaves of which one must stand where the place does."""
    if is_leaf(place):
        yield place
    elif isinstance(place, Chain):
        yield from _first(place.places[0])
    elif isinstance(place, Either):
        for one in place.places:
            yield from _first(one)
