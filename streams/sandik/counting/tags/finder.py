"""The forms and words of a lexicon in texts: what `places` finds, without links and @names."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from types import ModuleType
from typing import Protocol

from sandik.counting.tags.boundaries import Markup, Refusal, may_have_markup
from sandik.counting.tags.cut_words import Cut, CutWords, InOrder, in_order
from sandik.counting.tags.pattern_index import Numbered
from sandik.counting.tags.places import How, Place
from sandik.counting.tags.prefilter import Asking

#: Posts are folded in pieces of about this many characters, so that the arrays of a large batch stay in the
#: CPU cache (a fifth faster).
_BATCH_CHARS = 50_000

#: A form in a text: index of the text, start, end, kind of pattern, why it cannot count, and whether it is
#: joined to other letters.
Form = tuple[int, int, int, int, Refusal | None, bool]

_DECIDES = How.OUTSIDE | How.ABLE
#: Bits of `How` -> why a pattern does not count outside hashtags.
_OUTSIDE = {
    **dict.fromkeys(range(How.OUTSIDE), Refusal.INSIDE_WORD),
    **{how | How.ABLE: why for how, why in enumerate((None, Refusal.INSIDE_WORD, Refusal.NOT_IN_HASHTAG))},
}


class Finds(Protocol):
    """Finds patterns in texts: `Places`, or its compiled twin."""

    def find(self, texts: list[str], *, refused: bool) -> Iterable[Place]:
        """See `Places.find`."""


class Finder:
    """Finds patterns in texts: separate words and parts of hashtags, not in links and @names."""

    def __init__(self, cut: InOrder, places: Finds, native: ModuleType | None = None) -> None:
        """Take the patterns that may be cut, and what finds the others."""
        self._places = places
        self._cut_words = CutWords(cut, native)

    def forms(self, texts: Sequence[str], *, refused: bool) -> Iterator[Form]:
        """Yield the forms in the texts, and the words of conditions, text by text.

        Without `refused`, only those that can count: two in three are inside a word.
        """
        for first, piece in _pieces(texts):
            whole = self._whole_forms(first, piece, refused=refused)
            cut: list[Form] = [
                (first + index, start, end, kind, None, False) for index, start, end, kind in self.cut(piece)
            ]
            yield from sorted([*whole, *cut], key=itemgetter(0)) if cut else whole

    def cut(self, texts: Sequence[str]) -> list[Cut]:
        """Return the cut forms, text by text."""
        return self._cut_words.find(texts)

    def _whole_forms(self, first: int, piece: list[str], *, refused: bool) -> Iterator[Form]:
        at, markup = -1, None
        for index, begin, last, end, kind, how in self._places.find(piece, refused=refused):
            refusal = _OUTSIDE[how & _DECIDES]
            if how & How.ABLE:
                if index != at:
                    at, markup = index, _markup(piece[index])
                if markup:
                    refusal = markup.refusal(begin, last, refusal, is_glued=how & How.GLUED > 0)
            if refusal is None or refused:
                yield first + index, begin, end, kind, refusal, how & How.GLUED > 0


def may_be_cut(patterns: Numbered, asking: Asking) -> InOrder:
    """Return the patterns that count though their end was cut off."""
    forms, kind_of = patterns.forms, patterns.kind_of
    whole_words = (*forms.whole, *forms.in_hashtags)
    known = [number for number in range(len(whole_words)) if asking.is_known_cut[kind_of[number]]]
    return in_order(whole_words, known, len(forms.whole), kind_of)


def _markup(text: str) -> Markup | None:
    return Markup(text) if may_have_markup(text) else None


def _pieces(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH_CHARS:
            yield first, list(texts[first : index + 1])
            first, size = index + 1, 0
    if first < len(texts):
        yield first, list(texts[first:])
