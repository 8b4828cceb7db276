"""Where the patterns of a lexicon stand in texts: one Aho-Corasick pass over a folded batch.

Patterns are forms of entries, and words that their conditions ask for. Those words are looked at only in
texts in which a condition may be asked, or they would cost more than all the rest.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter

import ahocorasick_rs
import numpy as np
import numpy.typing as npt

from streams.steps.tags.boundaries import MIN_GLUED, Edge, Markup, Refusal, edges, may_have_markup
from streams.steps.tags.cut import CutWords
from streams.steps.tags.fold import FoldedBatch, fold_batch

#: Posts are folded in pieces of about this many characters, so that the arrays of a large batch
#: stay in the processor's cache (a fifth faster).
_BATCH_CHARS = 50_000
#: Characters that are looked through at once: each form in them is some objects, and a long text may have a
#: million.
_LOOK_CHARS = 2 * _BATCH_CHARS

#: A form in a text: index of the text, start, end, pattern, why it cannot count there, and if it is glued.
Form = tuple[int, int, int, int, Refusal | None, bool]
#: A form before links, names and hashtags are looked for: index of the text, first character, last one, end,
#: pattern, why it does not count outside hashtags (its place in `_OUTSIDE`), if it is glued, if it can count.
_Place = tuple[int, int, int, int, int, int, bool, bool]
_Columns = npt.NDArray[np.intp]

_OUTSIDE = (None, Refusal.INSIDE_WORD, Refusal.NOT_IN_HASHTAG)


class Kind:
    """What a pattern is, as bits: a form of entries; one that calls for conditions; a word of conditions."""

    FORM, TRIGGER, WORD = 1, 2, 4


class Finder:
    """Finds patterns: in texts, words of their own or of a hashtag, not those in links and @names."""

    def __init__(
        self,
        whole: Sequence[str],
        in_hashtags: Sequence[str],
        beginnings: Sequence[str],
        kinds: Sequence[int],
    ) -> None:
        """Take patterns that are words, those that are so in hashtags only, and those that begin words.

        `kinds`: of all of them, in this order.
        """
        patterns = [*whole, *in_hashtags, *beginnings]
        self._hashtags_from = len(whole)
        self._beginnings_from = len(whole) + len(in_hashtags)
        self._kinds = np.array(kinds, np.intp)
        self._longest_form = max(map(len, patterns), default=0)
        self._automaton = ahocorasick_rs.AhoCorasick(patterns)
        self._cut_words = CutWords(patterns[: self._beginnings_from], self._hashtags_from)

    def forms(self, texts: Sequence[str], *, refused: bool) -> Iterator[Form]:
        """Yield the forms that stand in the texts, and the words of conditions, text by text.

        Without `refused`, only those that can count: two in three stand inside a word.
        """
        for first, piece in _pieces(texts):
            whole = self._whole_forms(first, piece, refused=refused)
            cut: list[Form] = [
                (first + index, start, end, pattern, None, False)
                for index, start, end, pattern in self._cut_words.find(piece)
            ]
            yield from sorted([*whole, *cut], key=itemgetter(0)) if cut else whole

    def _whole_forms(self, first: int, piece: list[str], *, refused: bool) -> Iterator[Form]:
        at, markup = -1, None
        for index, begin, last, end, pattern, outside, is_glued, is_able in self._places(
            piece, refused=refused
        ):
            refusal = _OUTSIDE[outside] if is_able else Refusal.INSIDE_WORD
            if is_able:
                if index != at:
                    at = index
                    markup = Markup(piece[index]) if may_have_markup(piece[index]) else None
                if markup:
                    refusal = markup.refusal(begin, last, refusal, is_glued=is_glued)
            if refusal is None or refused:
                yield first + index, begin, end, pattern, refusal, is_glued

    def _places(self, texts: list[str], *, refused: bool) -> Iterator[_Place]:
        """Yield where forms stand, and what parts them from what is around, for many of them at once."""
        batch = fold_batch(texts)
        # A text of several pieces is looked at as if it had a trigger.
        is_told = refused or len(batch.folded) > _LOOK_CHARS
        for first in range(0, len(batch.folded), _LOOK_CHARS):
            piece = batch.folded[first : first + _LOOK_CHARS + self._longest_form]
            matches = self._automaton.find_matches_as_indexes(piece, overlapping=True)
            found = np.fromiter(chain.from_iterable(matches), np.intp).reshape(-1, 3)
            found = found[found[:, 1] < _LOOK_CHARS]  # the next piece has the others, too
            found[:, 1:] += first
            kinds = self._kinds.take(found[:, 0])
            columns = self._columns(batch, found if is_told else found[kinds != Kind.WORD])
            if not is_told:
                columns = self._with_words(batch, columns, found, kinds)
            if not refused:
                columns = columns[:, columns[-1] > 0]
            yield from zip(*columns.tolist(), strict=True)

    def _with_words(
        self, batch: FoldedBatch, columns: _Columns, found: _Columns, kinds: _Columns
    ) -> _Columns:
        """Add the places of words that only conditions ask for, in texts where one may be asked."""
        is_trigger = (self._kinds.take(columns[4]) & Kind.TRIGGER > 0) & (columns[-1] > 0)
        if not is_trigger.any():
            return columns
        asked = np.zeros(len(batch.breaks), np.bool_)
        asked[columns[0][is_trigger]] = True
        words = found[kinds == Kind.WORD]
        words = words[asked.take(np.searchsorted(batch.breaks, words[:, 1]) - 1)]
        if not len(words):
            return columns
        together = np.concatenate((columns, self._columns(batch, words)), axis=1)
        in_order: _Columns = together.take(together[0].argsort(kind="stable"), axis=1)
        return in_order

    def _columns(self, batch: FoldedBatch, found: _Columns) -> _Columns:
        """Return, of places in a batch, each field of `_Place`, as a number."""
        patterns, firsts, ends = found.T
        # `afters`: up to the next character that folds to something, since accents of their own belong to
        # their letter.
        befores, begins, lasts, afters = (
            batch.origin.take(places) for places in (firsts - 1, firsts, ends - 1, ends)
        )
        left, right = edges(batch, firsts, befores, begins), edges(batch, ends, lasts, afters)
        is_beginning = patterns >= self._beginnings_from
        right[is_beginning] = Edge.WORD
        is_word = (left == Edge.WORD) & (right == Edge.WORD)
        is_glued = (left == Edge.NONE) | (right == Edge.NONE)
        has_end = (left != Edge.NONE) | (right == Edge.WORD)
        is_able = ~is_glued | has_end & (ends - firsts >= MIN_GLUED) & ~is_beginning
        outside = np.where(is_word, 2 * ((patterns >= self._hashtags_from) & ~is_beginning), 1)
        indices = np.searchsorted(batch.breaks, firsts) - 1
        starts = batch.starts.take(indices)
        begins, lasts, afters = (places - starts for places in (begins, lasts, afters))
        columns: _Columns = np.array(
            (indices, begins, lasts, afters, patterns, outside, is_glued, is_able), np.intp
        )
        return columns


def _pieces(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH_CHARS:
            yield first, list(texts[first : index + 1])
            first, size = index + 1, 0
    if first < len(texts):
        yield first, list(texts[first:])
