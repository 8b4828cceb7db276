"""Which leaves trigger a `match`: of the words that it needs, those that look rarest.

Names of politicians are in every third post; words that few posts have decide which conditions are asked.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from sandik.counting.tags.required_words import bits_in
from sandik.counting.tags.rules import Asks, Rule


class Triggers:
    """What each leaf triggers."""

    def __init__(self, rules: Mapping[int, Rule], commonness: Sequence[float]) -> None:
        """Take the rules by rank, and how common each leaf is."""
        self._by_leaf: defaultdict[int, list[tuple[int, Asks]]] = defaultdict(list)
        for rank, rule in rules.items():
            for way in (way for one in rule.found for way in one.ways):
                asks = rule.asks(way)
                rarest = min(asks.needs, key=lambda need: sum(commonness[bit] for bit in bits_in(need)))
                for number in bits_in(rarest):
                    self._by_leaf[number].append((rank, asks))
        self._leaves = reduce(or_, (1 << number for number in self._by_leaf), 0)

    def matching(self, leaves: int) -> tuple[int, ...]:
        """Return the ranks of entries whose `match` may find something with one of these leaves."""
        return tuple({rank for rank, _ in self._triggered(leaves)})

    def asks(self, leaves: int) -> Iterator[Asks]:
        """Yield their needs."""
        return (asks for _, asks in self._triggered(leaves))

    def _triggered(self, leaves: int) -> Iterator[tuple[int, Asks]]:
        for number in bits_in(leaves & self._leaves):
            yield from self._by_leaf[number]
