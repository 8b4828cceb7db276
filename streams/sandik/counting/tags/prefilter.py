"""What each kind of pattern triggers: entries, conditions, and the words that these need."""

from collections.abc import Iterable, Sequence

from sandik.counting.tags.pattern_index import Kind
from sandik.counting.tags.rules import Asks, Rules
from sandik.counting.tags.triggers import Triggers


class Asking:
    """By number of a kind: what its patterns are for."""

    def __init__(self, rules: Rules, triggers: Triggers, kinds: Sequence[Kind]) -> None:
        #: The ranks of the entries with this form, and the leaves with this word.
        self.ranks = [kind.ranks for kind in kinds]
        self.leaves = [sum(1 << leaf for leaf in kind.leaves) for kind in kinds]
        #: Ranks of entries whose `match` it triggers.
        self.matching = [triggers.matching(bits) for bits in self.leaves]
        conditional = [tuple(rank for rank in ranks if rank in rules.by_rank) for ranks in self.ranks]
        #: Whether it triggers a condition.
        self.is_trigger = [bool(one or other) for one, other in zip(self.matching, conditional, strict=True)]
        #: What each needs.
        self.asks: list[tuple[Asks, ...]] = [
            (*_without(bits, rules.asks(some)), *_without(bits, triggers.asks(bits)))
            for bits, some in zip(self.leaves, conditional, strict=True)
        ]
        #: Leaves of which everything it triggers needs one; -1 (all) if something needs none.
        self._gates = [_gate(asks) for asks in self.asks]

    def wanted(self, triggers: Iterable[int], present: int) -> int:
        """Return the leaves that must be known, if these kinds and at most these leaves occur."""
        wanted = 0
        for kind in triggers:
            if self._gates[kind] >= 0 and not present & self._gates[kind]:
                continue
            for needs, leaves, unless_needs, unless in self.asks[kind]:
                # Loops, not `all`: this runs for a sixth of all posts.
                for need in needs:
                    if not present & need:
                        break
                else:
                    wanted |= leaves
                    for need in unless_needs:
                        if not present & need:
                            break
                    else:
                        wanted |= unless
        return wanted


def _without(bits: int, asks: Iterable[Asks]) -> Iterable[Asks]:
    """Return these without the needs fulfilled by a pattern with these leaves; each once."""
    return dict.fromkeys(
        ask._replace(needs=tuple(need for need in ask.needs if not need & bits)) for ask in asks
    )


def _gate(asks: Iterable[Asks]) -> int:
    gate = 0
    for ask in asks:
        gate |= ask.needs[0] if ask.needs else -1
    return gate
