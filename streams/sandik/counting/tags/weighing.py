"""The tag of a short post in which no term of that tag counts, by what all its words weigh together.

Rules find what somebody thought of; a linear model, what such posts have in common. It knows words by their
first letters, and two that follow each other; each counts once. See docs/decisions/052-linear-models.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from sandik.counting.tags.alphabet import fold_batch
from sandik.counting.tags.models import STEM_LETTERS, Model
from sandik.counting.tags.places import Span

#: Of fewer words a single one decides.
FEWEST_WORDS = 6
#: A word of a folded text, from its first letter or digit on. What parts words is a space.
_WORD = re.compile(r"(?:(?<= )|^)[^\w ]*(\w[^ ]*)")


class Ranked(NamedTuple):
    """A model, and the rank of the entry that its terms are of."""

    rank: int
    model: Model


class Weighed(NamedTuple):
    """What a model says of a text: the sum, the heaviest word, and what each stem weighs, in text order."""

    ranked: Ranked
    total: int
    start: int
    end: int
    parts: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Return whether the sum is enough."""
        return self.total >= self.ranked.model.least


class Models:
    """Weighs texts."""

    def __init__(self, models: Iterable[Ranked]) -> None:
        self._of: dict[str, list[Ranked]] = {}
        for one in models:
            self._of.setdefault(one.model.language, []).append(one)
        self._most_characters = {
            language: max(one.model.most_characters for one in some) for language, some in self._of.items()
        }

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._of)

    def found(self, texts: Sequence[str], languages: Sequence[str]) -> dict[int, list[Span]]:
        """Return the place of the heaviest word and the rank of the entry, for each model that holds.

        By index of the text. Whether a term of its tag counts there is not asked.
        """
        found: dict[int, list[Span]] = {}
        for index, one in self.weighed(texts, languages):
            if one.holds:
                found.setdefault(index, []).append((one.start, one.end, one.ranked.rank))
        return found

    def weighed(self, texts: Sequence[str], languages: Sequence[str]) -> Iterator[tuple[int, Weighed]]:
        """Yield what each model says of the texts that it is for, by index of the text."""
        some = [
            index
            for index, language in enumerate(languages)
            if len(texts[index]) <= self._most_characters.get(language, -1)
        ]
        if not some:
            return
        batch = fold_batch([texts[index] for index in some])
        for number, (index, folded) in enumerate(zip(some, batch.folded[1:-2].split("\n"), strict=True)):
            words: list[tuple[str, int, int]] | None = None
            for ranked in self._of[languages[index]]:
                if len(texts[index]) > ranked.model.most_characters:
                    continue
                if words is None:
                    origin = batch.origin[batch.breaks[number] + 1 :]
                    first = batch.origin[batch.breaks[number]] + 1
                    words = [
                        (stem, int(origin[start] - first), int(origin[end - 1] - first) + 1)
                        for stem, start, end in words_of(folded)
                    ]
                if len(words) >= FEWEST_WORDS:
                    yield index, _weighed(ranked, words)


def words_of(folded: str) -> Iterator[tuple[str, int, int]]:
    """Yield the stem of each word of a folded text, and where the word is in it."""
    for found in _WORD.finditer(folded):
        word = _trimmed(found[1])
        yield _trimmed(word[:STEM_LETTERS]), found.start(1), found.start(1) + len(word)


def features_of(folded: str) -> set[str]:
    """Return what a folded text can be weighed by: its stems, and those that follow each other."""
    stems = [stem for stem, _, _ in words_of(folded)]
    return {*stems, *(f"{one} {next_one}" for one, next_one in pairwise(stems))}


def _trimmed(word: str) -> str:
    """Return a word without what follows its last letter or digit. It begins with one."""
    while not word[-1].isalnum():
        word = word[:-1]
    return word


def _weighed(ranked: Ranked, words: Sequence[tuple[str, int, int]]) -> Weighed:
    weights = ranked.model.weights
    parts: dict[str, int] = {}
    best, start, end = 0, words[0][1], words[0][2]
    before: str | None = None
    for stem, begins, ends in words:
        if (weight := weights.get(stem)) is not None:
            parts[stem] = weight
            if weight > best:
                best, start, end = weight, begins, ends
        pair = f"{before} {stem}"
        if before is not None and (weight := weights.get(pair)) is not None:
            parts[pair] = weight
        before = stem
    return Weighed(ranked, sum(parts.values()), start, end, parts)
