"""What words have in common, by the lexicon and their letters: a word that no judged post has weighs by it.

Words of one query or one [[words]] of the lexicon are kin, and words that begin alike. `fit_models.py` fits
one weight to what kin share, beside the one that a word has of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sandik.counting.tags.leaf_patterns import leaf_patterns
from sandik.counting.tags.lexicon import Lexicon
from sandik.counting.tags.required_words import bits_in
from sandik.counting.tags.rules import Rules
from sandik.counting.tags.stems import STEM_LETTERS, stems_of

#: Words with the same first letters, so many of them, are kin.
LETTERS = (4, 5)
#: A name of what words share; none is a stem, because stems are folded.
Share = tuple[str, int]


class Kin:
    """What stems, and two that follow each other, share with others."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Take the words of the queries of a lexicon."""
        rules = Rules(lexicon.entries)
        patterns = leaf_patterns(rules.numbers, lexicon.sets)
        self._whole: defaultdict[str, int] = defaultdict(int)
        self._beginnings: defaultdict[str, int] = defaultdict(int)
        for pattern, leaves in patterns.whole.items():
            if words := _known(pattern):
                self._whole[words] |= leaves
        for pattern, leaves in patterns.beginnings.items():
            if words := _known(pattern):
                is_cut = len(words.split(" ")[-1]) < STEM_LETTERS
                (self._beginnings if is_cut else self._whole)[words] |= leaves

    @property
    def words(self) -> Iterable[str]:
        """Return the stems, and pairs of them, that the lexicon has."""
        return self._whole.keys()

    def shares(self, words: str) -> Iterator[Share]:
        """Yield what a stem, or two, share with others."""
        first = words.rfind(" ") + 1
        leaves = self._whole.get(words, 0)
        for end in range(first + 1, min(len(words), first + STEM_LETTERS - 1) + 1):
            leaves |= self._beginnings.get(words[:end], 0)
        for leaf in bits_in(leaves):
            yield "", leaf
        if not first:
            for letters in LETTERS:
                yield words[:letters], letters


def _known(pattern: str) -> str:
    """Return what one or two words are known by; of more, nothing."""
    stems = stems_of(pattern)
    return " ".join(stems) if len(stems) < 3 else ""
