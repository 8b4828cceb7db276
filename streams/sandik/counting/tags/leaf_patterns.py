"""The patterns of the leaves of conditions: what their words and sets stand for, and how common that is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sandik.counting.tags.entry_queries import members_of
from sandik.counting.tags.query_parser import Place, words_of
from sandik.counting.tags.required_words import bits_in
from sandik.counting.tags.word_sets import WordSet

#: The frequency of a word, an estimate from the lexicon alone, nearly as good as counting in real posts. The
#: first number: how much rarer a word is than one with a letter less. The second: how many words have the
#: same prefix.
_RARER_A_LETTER, _LONGER_WORDS = 1.3, 4.0


class LeafPatterns(NamedTuple):
    """Pattern -> its leaves as bits: as a whole word, and as a prefix."""

    whole: Mapping[str, int]
    beginnings: Mapping[str, int]

    def commonness(self, leaves: int) -> list[float]:
        """Return the estimated frequency of each leaf, from the number and lengths of its members."""
        found = [0.0] * leaves
        for patterns, times in ((self.whole, 1.0), (self.beginnings, _LONGER_WORDS)):
            for pattern, bits in patterns.items():
                common = times * _RARER_A_LETTER ** -len(pattern)
                for number in bits_in(bits):
                    found[number] += common
        return found


def leaf_patterns(numbers: Mapping[Place, int], sets: Iterable[WordSet]) -> LeafPatterns:
    """Return the patterns of numbered leaves."""
    whole: defaultdict[str, int] = defaultdict(int)
    beginnings: defaultdict[str, int] = defaultdict(int)
    members = {one.name: one.members for one in sets}
    for leaf, number in numbers.items():
        for member in {member for word in words_of(leaf) for member in members_of(word, members)}:
            pattern = member.removesuffix("*")
            patterns = beginnings if member.endswith("*") else whole
            patterns[pattern] |= 1 << number
            if member.endswith("*") and " " in pattern:  # joined, as in hashtags
                patterns[pattern.replace(" ", "")] |= 1 << number
    return LeafPatterns(whole, beginnings)
