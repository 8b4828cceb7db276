"""The tag of a short post in which no term of that tag counts, by what all its words weigh together.

Rules find what somebody thought of; a linear model, what such posts have in common. It knows words by their
first letters, and two that follow each other; each counts once. A post of two languages is asked of the
models of both. See docs/decisions/052-linear-models.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from sandik.counting.tags.alphabet import fold_batch
from sandik.counting.tags.models import Model
from sandik.counting.tags.places import Span
from sandik.counting.tags.stems import STEM_LETTERS, stems_of, trimmed
from sandik_schemas.languages import languages_in

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
        #: By language and stems, what they weigh in each of its models.
        self._weights = {
            language: {
                stems: tuple(model.weights.get(stems, 0) for _, model in some)
                for stems in {stems for _, model in some for stems in model.weights}
            }
            for language, some in self._of.items()
        }

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._of)

    def found(self, texts: Sequence[str], languages: Sequence[str]) -> dict[int, list[Span]]:
        """Return the place of the heaviest word and the rank of the entry, for each model that holds.

        By index of the text. Whether a term of its tag counts there is not asked.
        """
        found: dict[int, list[Span]] = {}
        some = self._short(texts, languages)
        for index, folded in zip(some, _folded([texts[index] for index in some]), strict=True):
            stems = stems_of(folded)
            if len(stems) < FEWEST_WORDS:
                continue
            features = _features(stems)
            if any(self._may_hold(code, features) for code in self._asked(languages[index])):
                told = (one for one in self.weighed(texts[index], languages[index]) if one.holds)
                found[index] = [(one.start, one.end, one.ranked.rank) for one in told]
        return found

    def _may_hold(self, code: str, features: set[str]) -> bool:
        """Return whether a model of a language has enough, unless the text is too long for it."""
        weights = self._weights[code]
        weigh = [weights[one] for one in weights.keys() & features]
        totals = map(sum, zip(*weigh, strict=True))
        return any(total >= model.least for total, (_, model) in zip(totals, self._of[code], strict=False))

    def weighed(self, text: str, language: str) -> Iterator[Weighed]:
        """Yield what each model says of a text that it is for."""
        if not self._short([text], [language]):
            return
        batch = fold_batch([text])
        words = [
            (stem, int(batch.origin[start + 1]) - 1, int(batch.origin[end]))
            for stem, start, end in _words_of(batch.folded[1:-2])
        ]
        for ranked in (one for code in self._asked(language) for one in self._of[code]):
            if len(words) >= FEWEST_WORDS and len(text) <= ranked.model.most_characters:
                yield _weighed(ranked, words)

    def _asked(self, language: str) -> list[str]:
        """Return those of the languages of a post, one or two, that have a model."""
        return [code for code in languages_in(language) if code in self._of]

    def _short(self, texts: Sequence[str], languages: Sequence[str]) -> list[int]:
        """Return which texts are short enough for a model of their languages."""
        most = self._most_characters
        return [
            index
            for index, language in enumerate(languages)
            if any(len(texts[index]) <= most.get(code, -1) for code in languages_in(language))
        ]


def features_of(folded: str) -> set[str]:
    """Return what a folded text can be weighed by: its stems, and those that follow each other."""
    return _features(stems_of(folded))


def _features(stems: Sequence[str]) -> set[str]:
    return {*stems, *map(" ".join, pairwise(stems))}


def _folded(texts: list[str]) -> list[str]:
    return fold_batch(texts).folded[1:-2].split("\n") if texts else []


def _words_of(folded: str) -> Iterator[tuple[str, int, int]]:
    """Yield the stem of each word of a folded text, and where the word is in it."""
    for found in _WORD.finditer(folded):
        word = trimmed(found[1])
        yield trimmed(word[:STEM_LETTERS]), found.start(1), found.start(1) + len(word)


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
