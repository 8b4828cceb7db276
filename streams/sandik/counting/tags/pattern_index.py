"""The patterns of a lexicon in the order of their numbers, and what each of them makes worth asking."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeVar

from sandik.counting.tags.finder import Patterns
from sandik.counting.tags.rules import Asks, Rules

T = TypeVar("T")


class Asking:
    """Numbers patterns: forms of entries and triggers first, then words that only conditions ask for."""

    def __init__(self, rules: Rules, ranks: Mapping[str, list[int]]) -> None:
        """Take the rules, and for each form the ranks of its entries."""
        self.rules = rules
        hashtag_ranks = {one: _joined_ranks(owners) for one, owners in _unspaced(ranks).items()}
        hashtag_leaves = {one: _joined_leaves(owners) for one, owners in _unspaced(rules.whole).items()}
        is_first = {
            bits: rules.matching(bits) for bits in {*rules.whole.values(), *rules.beginnings.values()}
        }

        def triggers(leaves: Mapping[str, int]) -> list[str]:
            return [one for one, bits in leaves.items() if is_first.get(bits) or rules.matching(bits)]

        whole = dict.fromkeys((*ranks, *triggers(rules.whole)))
        in_hashtags = dict.fromkeys((*hashtag_ranks, *triggers(hashtag_leaves)))
        beginnings = dict.fromkeys(triggers(rules.beginnings))
        self.forms = Patterns([*whole], [*in_hashtags], [*beginnings])
        self.words = Patterns(
            [one for one in rules.whole if one not in whole],
            [one for one in hashtag_leaves if one not in in_hashtags],
            [one for one in rules.beginnings if one not in beginnings],
        )
        #: By number of a pattern: the ranks of entries it is a form of, and the leaves it is.
        self.ranks: list[list[int]] = []
        self.leaves: list[int] = []
        for patterns in (self.forms, self.words):
            for some, ranks_of, leaves_of in zip(
                patterns,
                (ranks, hashtag_ranks, {}),
                (rules.whole, hashtag_leaves, rules.beginnings),
                strict=True,
            ):
                self.ranks += [ranks_of.get(one, []) for one in some]
                self.leaves += [leaves_of.get(one, 0) for one in some]
        # Of a hundred thousand patterns, hardly two thousand differ in what they make worth asking.
        matching = cache(rules.matching)
        #: Ranks of entries whose `match` may find something where the pattern stands.
        self.matching = [matching(bits) if bits else () for bits in self.leaves]
        conditional_ranks = [
            tuple([rank for rank in ranks_ if rank in rules.by_rank]) if ranks_ else ()
            for ranks_ in self.ranks
        ]
        self.is_trigger = [
            bool(one or other) for one, other in zip(self.matching, conditional_ranks, strict=True)
        ]

        @cache
        def asks(bits: int, conditional: tuple[int, ...]) -> tuple[Asks, ...]:
            return tuple(
                dict.fromkeys(
                    ask._replace(needs=tuple(need for need in ask.needs if not need & bits))
                    for ranks_, is_match in ((conditional, False), (matching(bits) if bits else (), True))
                    for rank in ranks_
                    for ask in rules.by_rank[rank].asks(is_match=is_match)
                )
            )

        self._asks = [*map(asks, self.leaves, conditional_ranks)]
        gates = {asks_: _gate(asks_) for asks_ in set(self._asks)}
        #: Leaves of which one is needed by whatever a pattern asks for: -1, all, where something needs none.
        self._gates = [gates[asks_] for asks_ in self._asks]

    def wanted(self, triggers: Iterable[int], present: int) -> int:
        """Return the leaves that must be known, where these patterns and at most these leaves stand."""
        wanted = 0
        for pattern in triggers:
            if self._gates[pattern] >= 0 and not present & self._gates[pattern]:
                continue
            for needs, leaves, unless_needs, unless in self._asks[pattern]:
                # Loops, not `all`: this is asked of a third of all posts.
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


def _gate(asks: Iterable[Asks]) -> int:
    gate = 0
    for ask in asks:
        gate |= ask.needs[0] if ask.needs else -1
    return gate


def _unspaced(owners: Mapping[str, T]) -> dict[str, list[T]]:
    """Return what phrases become in hashtags. Nobody runs more than three words together."""
    found: defaultdict[str, list[T]] = defaultdict(list)
    for phrase in [phrase for phrase in owners if 1 <= phrase.count(" ") <= 2]:
        if (hashtag := phrase.replace(" ", "")) not in owners:
            found[hashtag].append(owners[phrase])
    return dict(found)


def _joined_ranks(owners: Iterable[list[int]]) -> list[int]:
    return [rank for ranks in owners for rank in ranks]


def _joined_leaves(owners: Iterable[int]) -> int:
    leaves = 0
    for bits in owners:
        leaves |= bits
    return leaves
