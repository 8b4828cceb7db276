"""Numbers the patterns of a lexicon, and gives each a kind. Patterns of one kind mean the same.

There are hundreds of thousands of patterns, and a few thousand kinds. So data is kept per kind, and a pattern
has only its kind.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from sandik.counting.tags.leaf_patterns import LeafPatterns
from sandik.counting.tags.required_words import bits_in
from sandik.counting.tags.triggers import Triggers

T = TypeVar("T")
Ranks = tuple[int, ...]


class Kind(NamedTuple):
    """What a pattern means: a form of the entries with these ranks, and these leaves of conditions."""

    ranks: Ranks
    leaves: tuple[int, ...]


class Patterns(NamedTuple):
    """Patterns that are words, words in hashtags only, and prefixes of words."""

    whole: tuple[str, ...]
    in_hashtags: tuple[str, ...]
    beginnings: tuple[str, ...]

    @property
    def all(self) -> list[str]:
        """Return them in this order."""
        return [*self.whole, *self.in_hashtags, *self.beginnings]


class Numbered(NamedTuple):
    """All patterns by number, those of `forms` first.

    `forms` are searched in all texts: forms of entries, and words that trigger a condition. `words` are the
    other words of conditions. `kind_of` has the kind of each pattern, as an index of `kinds`.
    """

    forms: Patterns
    words: Patterns
    kinds: list[Kind]
    kind_of: list[int]


def numbered(ranks: Mapping[str, Ranks], own: LeafPatterns, triggers: Triggers) -> Numbered:
    """Return the patterns of a lexicon with their numbers.

    `ranks`: by form, the ranks of its entries. `own`: the patterns of the leaves.
    """
    hashtag_ranks = {one: sum(owners, ()) for one, owners in _unspaced(ranks).items()}
    hashtag_leaves = {one: _joined(owners) for one, owners in _unspaced(own.whole).items()}
    sources: tuple[tuple[Mapping[str, Ranks], Mapping[str, int]], ...] = (
        (ranks, own.whole),
        (hashtag_ranks, hashtag_leaves),
        ({}, own.beginnings),
    )
    that_trigger = {bits for _, leaves in sources for bits in set(leaves.values()) if triggers.matching(bits)}
    forms, words = [], []
    for ranks_of, leaves_of in sources:
        triggering = (one for one, bits in leaves_of.items() if bits in that_trigger)
        found = dict.fromkeys((*ranks_of, *triggering))
        forms.append(tuple(found))
        words.append(tuple(one for one in leaves_of if one not in found))
    kinds: dict[tuple[Ranks, int], int] = {}
    kind_of = [
        kinds.setdefault((ranks_of.get(one, ()), leaves_of.get(one, 0)), len(kinds))
        for patterns in (forms, words)
        for some, (ranks_of, leaves_of) in zip(patterns, sources, strict=True)
        for one in some
    ]
    told = [Kind(some, tuple(bits_in(bits))) for some, bits in kinds]
    return Numbered(Patterns(*forms), Patterns(*words), told, kind_of)


def _unspaced(owners: Mapping[str, T]) -> dict[str, list[T]]:
    """Return phrases as written in hashtags: up to three words, joined."""
    found: dict[str, list[T]] = {}
    for phrase, owner in owners.items():
        if 1 <= phrase.count(" ") <= 2 and (hashtag := phrase.replace(" ", "")) not in owners:
            found.setdefault(hashtag, []).append(owner)
    return found


def _joined(owners: Iterable[int]) -> int:
    leaves = 0
    for bits in owners:
        leaves |= bits
    return leaves
