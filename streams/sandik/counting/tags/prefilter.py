"""What each kind of pattern makes worth asking: entries, conditions, and the words that these need."""

from collections.abc import Iterable, Sequence

from sandik.counting.tags.pattern_index import Kind
from sandik.counting.tags.rules import Asks, Rules


class Asking:
    """Says, by number of a kind, what patterns of it are for."""

    def __init__(self, rules: Rules, kinds: Sequence[Kind]) -> None:
        #: The ranks of entries that it is a form of, and the leaves that it is.
        self.ranks = [kind.ranks for kind in kinds]
        self.leaves = [kind.leaves for kind in kinds]
        #: Ranks of entries whose `match` may find something where it stands.
        self.matching = [rules.matching(bits) for bits in self.leaves]
        conditional = [tuple(rank for rank in ranks if rank in rules.by_rank) for ranks in self.ranks]
        #: Whether it makes a condition be asked.
        self.is_trigger = [bool(one or other) for one, other in zip(self.matching, conditional, strict=True)]
        #: Whether it is known though its end was cut off: forms are, and what a `match` begins with.
        self.is_known_cut = [bool(ranks or bits & rules.firsts) for ranks, bits in kinds]
        #: What each asks for.
        self.asks: list[tuple[Asks, ...]] = [
            (*_without(bits, rules.asks_of_forms(some)), *_without(bits, rules.asks_of_leaves(bits)))
            for bits, some in zip(self.leaves, conditional, strict=True)
        ]
        #: Leaves of which one is needed by whatever it asks for: -1, all, where something needs none.
        self._gates = [_gate(asks) for asks in self.asks]

    def wanted(self, triggers: Iterable[int], present: int) -> int:
        """Return the leaves that must be known, where these kinds and at most these leaves stand."""
        wanted = 0
        possible: dict[int, bool] = {}
        for kind in triggers:
            if self._gates[kind] >= 0 and not present & self._gates[kind]:
                continue
            for needs, leaves, unless_needs, unless, sums in self.asks[kind]:
                # Loops, not `all`: this is asked of a sixth of all posts.
                for need in needs:
                    if not present & need:
                        break
                else:
                    if sums:
                        # The same sum is asked for by each of its signs.
                        if (is_possible := possible.get(id(sums))) is None:
                            is_possible = all(one.is_possible(present) for one in sums)
                            possible[id(sums)] = is_possible
                        if not is_possible:
                            continue
                    wanted |= leaves
                    for need in unless_needs:
                        if not present & need:
                            break
                    else:
                        wanted |= unless
        return wanted


def _without(bits: int, asks: Iterable[Asks]) -> Iterable[Asks]:
    """Return these, without the needs that a pattern with these leaves fulfils; each once."""
    return dict.fromkeys(
        ask._replace(needs=tuple(need for need in ask.needs if not need & bits)) for ask in asks
    )


def _gate(asks: Iterable[Asks]) -> int:
    gate = 0
    for ask in asks:
        gate |= ask.needs[0] if ask.needs else -1
    return gate
