"""The forms and words of a lexicon in texts: what `places` finds, without links and @names."""

from collections.abc import Iterator, Sequence
from operator import itemgetter

from sandik.counting.tags.boundaries import Markup, Refusal, may_have_markup
from sandik.counting.tags.cut_words import CutWords, InOrder
from sandik.counting.tags.places import How, Places

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


class Finder:
    """Finds patterns in texts: separate words and parts of hashtags, not in links and @names."""

    def __init__(self, cut: InOrder, places: Places) -> None:
        """Take the patterns that may be cut, and what finds the others."""
        self._places = places
        self._cut_words = CutWords(cut)

    def forms(self, texts: Sequence[str], *, refused: bool) -> Iterator[Form]:
        """Yield the forms in the texts, and the words of conditions, text by text.

        Without `refused`, only those that can count: two in three are inside a word.
        """
        for first, piece in _pieces(texts):
            cut: list[Form] = [
                (first + index, start, end, kind, None, False)
                for index, start, end, kind in self._cut_words.find(piece)
            ]
            if not cut:
                yield from self._whole_forms(first, piece, refused=refused)
                continue
            # `places` does not know what the conditions of cut words need: so all words of their texts.
            has_cut = {form[0] - first for form in cut}
            others = ["" if index in has_cut else text for index, text in enumerate(piece)]
            these = [text if index in has_cut else "" for index, text in enumerate(piece)]
            whole = (
                *self._whole_forms(first, others, refused=refused),
                *self._whole_forms(first, these, refused=refused, are_all_found=True),
            )
            yield from sorted([*whole, *cut], key=itemgetter(0))

    def _whole_forms(
        self, first: int, piece: list[str], *, refused: bool, are_all_found: bool = False
    ) -> Iterator[Form]:
        at, markup = -1, None
        found = self._places.find(piece, refused=refused or are_all_found)
        for index, begin, last, end, kind, how in found:
            refusal = _OUTSIDE[how & _DECIDES]
            if how & How.ABLE:
                if index != at:
                    at, markup = index, _markup(piece[index])
                if markup:
                    refusal = markup.refusal(begin, last, refusal, is_glued=how & How.GLUED > 0)
            if refusal is None or refused:
                yield first + index, begin, end, kind, refusal, how & How.GLUED > 0


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
