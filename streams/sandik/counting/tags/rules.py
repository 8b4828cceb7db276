"""The conditions of a lexicon's entries, made ready for matching: `match`, `near` and `unless`.

Their words and sets become patterns, so that texts are read for them as for the forms. Each **leaf** of a
query (a word, a set, one of several) has a bit, and what stands in a text is a number of such bits: whether a
condition can hold at all is mostly told by that alone. Only a text in which a form of an entry with
conditions counts, or the first member of what a `match` finds (the **triggers**), is looked at for them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce
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
from sandik.counting.tags.required_words import Needs, bits_of, can_hold, needs_of


class Found(NamedTuple):
    """What a `match` finds, what must hold of the text besides, and what it cannot do without."""

    place: Place
    besides: tuple[Condition, ...]
    needs: Needs


class Asks(NamedTuple):
    """The leaves that must be known, if `needs` are there; and those of the veto, if what it needs is."""

    needs: Needs
    leaves: int
    unless_needs: Needs
    unless: int


class Rule(NamedTuple):
    """The conditions of one entry, and the leaves of its `match`, `near` and `unless`."""

    found: tuple[Found, ...]
    near: Condition | None
    unless: Condition | None
    near_needs: Needs
    unless_needs: Needs
    leaves: tuple[int, int, int]

    def asks(self, *, is_match: bool) -> Iterator[Asks]:
        """Yield what has to be known where a form of the entry counts, or its `match` may find something."""
        match, near, unless = self.leaves
        for needs in (
            [(*one.needs, *self.near_needs) for one in self.found] if is_match else [self.near_needs]
        ):
            yield Asks(needs, (match if is_match else 0) | near, self.unless_needs, unless)

    def may_match(self, present: int) -> bool:
        """Say whether `match` can find something where these leaves stand."""
        for one in self.found:  # noqa: SIM110 - as in `can_hold`
            if can_hold(one.needs, present):
                return True
        return False

    def holds(self, scene: Scene, hit: Spot) -> bool:
        """Say whether the entry counts at a hit."""
        near, unless, present = self.near, self.unless, scene.present
        if near is not None and not (can_hold(self.near_needs, present) and scene.holds(near, hit)):
            return False
        return unless is None or not (can_hold(self.unless_needs, present) and scene.holds(unless, hit))

    def hits(self, scene: Scene) -> Iterator[Spot]:
        """Yield what `match` finds, whether or not the entry's other conditions hold there."""
        for place, besides, needs in self.found:
            if can_hold(needs, scene.present):
                spots = scene.spots(place)
                if spots and all(scene.holds(condition) for condition in besides):
                    yield from spots


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
        #: Leaf -> the ranks of entries whose `match` cannot do without it, or without one like it.
        self._firsts: defaultdict[int, list[int]] = defaultdict(list)
        for rank, rule in self.by_rank.items():
            for number in {self.numbers[leaf] for one in rule.found for leaf in _first(one.place)}:
                self._firsts[number].append(rank)
        self._triggers = reduce(or_, (1 << number for number in self._firsts), 0)

    def matching(self, leaves: int) -> tuple[int, ...]:
        """Return the ranks of entries whose `match` may find something where one of these leaves stands."""
        if not (leaves := leaves & self._triggers):
            return ()
        ranks = (ranks for number, ranks in self._firsts.items() if leaves >> number & 1)
        return tuple({rank for some in ranks for rank in some})


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
            Found(
                place,
                besides,
                (*needs_of(place, numbers), *(need for one in besides for need in needs_of(one, numbers))),
            )
            for place, besides in (hits_of(self.match) if self.match else ())
        )
        match, near, unless = (bits_of(one, numbers) if one else 0 for one in self)
        return Rule(
            found,
            self.near,
            self.unless,
            needs_of(self.near, numbers) if self.near else (),
            needs_of(self.unless, numbers) if self.unless else (),
            (match, near, unless),
        )


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
