"""The conditions of a lexicon's entries, prepared for matching: `match`, `near` and `unless`.

Their words and sets become patterns, so that they are found together with the forms. Each **leaf** of a query
(a word, a set, one of several) has a bit, and a text has the bits of its leaves, which mostly decide whether
a condition can hold. Conditions are only tested in texts with a form of such an entry, or with a **trigger**
(`triggers`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import or_
from typing import NamedTuple

from sandik.counting.tags.conditions import Scene, Spot
from sandik.counting.tags.lexicon import Entry
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
)
from sandik.counting.tags.required_words import (
    Needs,
    bits_of,
    can_hold,
    needs_of,
)


class Way(NamedTuple):
    """One way of a `match`: what it needs, and its leaves."""

    needs: Needs
    leaves: int


class Found(NamedTuple):
    """What a `match` finds, the other conditions on the text, and the ways to satisfy them."""

    place: Place
    besides: tuple[Condition, ...]
    ways: tuple[Way, ...]

    def is_possible(self, present: int) -> bool:
        """Return whether it can find something with these leaves."""
        for way in self.ways:  # noqa: SIM110 - as in `can_hold`
            if can_hold(way.needs, present):
                return True
        return False


class Asks(NamedTuple):
    """The leaves that must be known if `needs` are present, and those of the veto if its needs are."""

    needs: Needs
    leaves: int
    unless_needs: Needs
    unless: int


class Rule(NamedTuple):
    """The conditions of one entry, and the leaves of its `near` and `unless`."""

    found: tuple[Found, ...]
    near: Condition | None
    unless: Condition | None
    near_needs: Needs
    unless_needs: Needs
    leaves: tuple[int, int]
    #: Leaves of which one begins each hit of its `match`.
    firsts: int

    def asks(self, way: Way | None = None) -> Asks:
        """Return what must be known if a form of the entry counts, or its `match` may find something."""
        near, unless = self.leaves
        needs, leaves = way or ((), 0)
        needs = (*needs, *self.near_needs)
        return Asks(needs, leaves | near, self.unless_needs, unless)

    def may_match(self, present: int) -> bool:
        """Return whether `match` can find something with these leaves."""
        return any(one.is_possible(present) for one in self.found)

    def is_true(self, present: int) -> bool:
        """Return whether the entry counts everywhere: no condition, and its veto cannot hold."""
        return self.near is None and (self.unless is None or not can_hold(self.unless_needs, present))

    def holds(self, scene: Scene, hit: Spot) -> bool:
        """Return whether the entry counts at a hit."""
        near, unless, present = self.near, self.unless, scene.present
        if near is not None and not (can_hold(self.near_needs, present) and scene.holds(near, hit)):
            return False
        return unless is None or not (can_hold(self.unless_needs, present) and scene.holds(unless, hit))

    def hits(self, scene: Scene) -> list[Spot]:
        """Return the hits of `match`, each once, regardless of the entry's other conditions."""
        found: dict[Spot, None] = {}
        for one in self.found:
            if one.is_possible(scene.present):
                spots = scene.spots(one.place)
                if spots and all(scene.holds(condition) for condition in one.besides):
                    found.update(dict.fromkeys(spots))
        return [*found]


class Rules:
    """The rules of entries, by the rank of their entry, and the numbers of their leaves."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        parsed = {rank: _parsed(entry) for rank, entry in enumerate(entries) if entry.has_rules}
        leaves = dict.fromkeys(leaf for one in parsed.values() for leaf in one.leaves())
        self.numbers: dict[Place, int] = {leaf: number for number, leaf in enumerate(leaves)}
        self.by_rank = {rank: one.rule(self.numbers) for rank, one in parsed.items()}
        #: Leaves that can begin a hit of a `match`.
        self.firsts = reduce(or_, (rule.firsts for rule in self.by_rank.values()), 0)

    def asks(self, ranks: Iterable[int]) -> Iterator[Asks]:
        """Yield what must be known if a form of these entries occurs."""
        return (self.by_rank[rank].asks() for rank in ranks)


class _Parsed(NamedTuple):
    match: Condition | None
    near: Condition | None
    unless: Condition | None

    def leaves(self) -> Iterator[Leaf]:
        """Yield the leaves of all three; those of `match` as they are searched."""
        for condition in self:
            if condition is not None:
                yield from leaves_of(condition)

    def rule(self, numbers: dict[Place, int]) -> Rule:
        """Return it with numbers for leaves."""
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
            (near, unless),
            reduce(or_, (1 << numbers[leaf] for one in found for leaf in _first(one.place)), 0),
        )


def _ways(place: Place, besides: Iterable[Condition], numbers: Mapping[Place, int]) -> Iterator[Way]:
    """Yield the ways in which a place can occur, one per part of an OR, and the other conditions."""
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
    """Yield leaves of which one must occur with the place."""
    if is_leaf(place):
        yield place
    elif isinstance(place, Chain):
        yield from _first(place.places[0])
    elif isinstance(place, Either):
        for one in place.places:
            yield from _first(one)
