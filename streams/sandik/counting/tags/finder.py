"""Where the patterns of a lexicon stand in texts: one Aho-Corasick pass over a folded batch.

Patterns are forms of entries, and words that their conditions ask for. Those words are looked at only in
texts in which a condition may be asked, or they would cost more than all the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Protocol

import ahocorasick_rs
import numpy as np
import numpy.typing as npt

from sandik.counting.tags.alphabet import FoldedBatch, fold_batch
from sandik.counting.tags.boundaries import MIN_GLUED, Edge, Markup, Refusal, edges, may_have_markup
from sandik.counting.tags.cut_words import CutWords
from sandik.counting.tags.pattern_index import Numbered, Ranks

#: Posts are folded in pieces of about this many characters, so that the arrays of a large batch
#: stay in the processor's cache (a fifth faster).
_BATCH_CHARS = 50_000
#: Characters that are looked through at once: each form in them is some objects, and a long text may have a
#: million.
_LOOK_CHARS = 2 * _BATCH_CHARS

#: A form in a text: index of the text, start, end, kind of pattern, why it cannot count there, and if it is
#: glued.
Form = tuple[int, int, int, int, Refusal | None, bool]
#: A form before links, names and hashtags are looked for: index of the text, first character, last one, end,
#: kind of pattern, why it does not count outside hashtags (its place in `_OUTSIDE`), if it is glued, if it
#: can count.
_Place = tuple[int, int, int, int, int, int, bool, bool]
_Columns = npt.NDArray[np.intp]

_OUTSIDE = (None, Refusal.INSIDE_WORD, Refusal.NOT_IN_HASHTAG)


class Asking(Protocol):
    """Which words of conditions matter in a text, by the kinds of patterns that stand in it."""

    #: Per kind: whether it makes a condition be asked, whether it is known when cut off, the entries that it
    #: is a form of, and the leaves of conditions that it is.
    is_trigger: list[bool]
    is_known_cut: list[bool]
    ranks: list[Ranks]
    leaves: list[int]

    def wanted(self, triggers: Iterable[int], present: int) -> int:
        """Return the leaves that must be known, where these triggers and at most these leaves stand."""


class Finder:
    """Finds patterns: in texts, words of their own or of a hashtag, not those in links and @names."""

    def __init__(self, patterns: Numbered, asking: Asking) -> None:
        """Take what is looked for; of the patterns themselves nothing is kept."""
        forms, words, kinds, kind_of = patterns
        self._asking = asking
        self._is_trigger = np.array(asking.is_trigger, np.bool_)
        self._is_form = np.array([bool(ranks) for ranks in asking.ranks], np.bool_)
        self._is_leaf = np.array([bool(leaves) for leaves in asking.leaves], np.bool_)
        self._leaves = _as_rows(asking.leaves)
        # Small numbers: a table that stays in the processor's cache.
        self._kinds = np.array(kind_of, np.uint16 if len(kinds) < 1 << 16 else np.uint32)
        self._is_in_hashtags, self._is_beginning = (
            np.repeat([one == which for one in (*range(3), *range(3))], [*map(len, (*forms, *words))])
            for which in (1, 2)
        )
        all_forms, all_words = forms.all, words.all
        self._words_from = len(all_forms)
        self._forms = ahocorasick_rs.AhoCorasick(all_forms)
        self._words = ahocorasick_rs.AhoCorasick(all_words)
        self._longest = max(map(len, (*all_forms, *all_words)), default=0)
        known = [
            (form, number)
            for number, form in enumerate((*forms.whole, *forms.in_hashtags))
            if asking.is_known_cut[kind_of[number]]
        ]
        self._cut_words = CutWords(known, len(forms.whole))

    def forms(self, texts: Sequence[str], *, refused: bool) -> Iterator[Form]:
        """Yield the forms that stand in the texts, and the words of conditions, text by text.

        Without `refused`, only those that can count: two in three stand inside a word.
        """
        for first, piece in _pieces(texts):
            whole = self._whole_forms(first, piece, refused=refused)
            cut: list[Form] = [
                (first + index, start, end, int(self._kinds[pattern]), None, False)
                for index, start, end, pattern in self._cut_words.find(piece)
            ]
            yield from sorted([*whole, *cut], key=itemgetter(0)) if cut else whole

    def _whole_forms(self, first: int, piece: list[str], *, refused: bool) -> Iterator[Form]:
        at, markup = -1, None
        for index, begin, last, end, kind, outside, is_glued, is_able in self._places(piece, refused=refused):
            refusal = _OUTSIDE[outside] if is_able else Refusal.INSIDE_WORD
            if is_able:
                if index != at:
                    at = index
                    markup = Markup(piece[index]) if may_have_markup(piece[index]) else None
                if markup:
                    refusal = markup.refusal(begin, last, refusal, is_glued=is_glued)
            if refusal is None or refused:
                yield first + index, begin, end, kind, refusal, is_glued

    def _places(self, texts: list[str], *, refused: bool) -> Iterator[_Place]:
        """Yield where forms stand, and what parts them from what is around, for many of them at once."""
        batch = fold_batch(texts)
        # A text of several pieces is looked at as if everything were asked of it.
        is_all_asked = refused or len(batch.folded) > _LOOK_CHARS
        for first in range(0, len(batch.folded), _LOOK_CHARS):
            piece = batch.folded[first : first + _LOOK_CHARS + self._longest]
            matches = self._forms.find_matches_as_indexes(piece, overlapping=True)
            found = np.fromiter(chain.from_iterable(matches), np.intp).reshape(-1, 3)
            if is_all_asked:
                matches = self._words.find_matches_as_indexes(piece, overlapping=True)
                words = np.fromiter(chain.from_iterable(matches), np.intp).reshape(-1, 3)
                words[:, 0] += self._words_from
                found = np.concatenate((found, words))
                found = found.take(found[:, 1].argsort(kind="stable"), axis=0)
            found = found[found[:, 1] < _LOOK_CHARS]  # the next piece has the others, too
            found[:, 1:] += first
            columns = self._columns(batch, found)
            if not is_all_asked:
                columns = self._with_words(batch, columns)
            if not refused:
                columns = columns[:, columns[-1] > 0]
            yield from zip(*columns.tolist(), strict=True)

    def _with_words(self, batch: FoldedBatch, columns: _Columns) -> _Columns:
        """Add the places of words of conditions, in texts where they may decide something.

        And take away those that are no form, in the others: names of politicians are in every third post.
        """
        indices, kinds = columns[0], columns[4]
        is_kept = self._is_form.take(kinds)
        is_trigger = self._is_trigger.take(kinds) & (columns[-1] > 0)
        if not is_trigger.any():
            return columns[:, is_kept]
        asked = np.unique(indices[is_trigger])
        words = self._words_in(batch, asked)
        known = np.flatnonzero(np.isin(indices, asked) & self._is_leaf.take(kinds))
        leaves = self._leaves.take(kinds.take(known), axis=0)
        word_leaves = self._leaves.take(self._kinds.take(words[1]), axis=0)
        present = np.zeros((len(batch.breaks), self._leaves.shape[1]), np.uint64)
        for places, rows in ((indices.take(known), leaves), (words[0], word_leaves)):
            if len(places):
                firsts = np.flatnonzero(np.diff(places, prepend=-1))
                present[places[firsts]] |= np.bitwise_or.reduceat(rows, firsts)
        triggers: dict[int, list[int]] = {}
        for index, kind in zip(*columns[:5:4, is_trigger].tolist(), strict=True):
            triggers.setdefault(index, []).append(kind)
        wanted = np.zeros_like(present)
        is_any_wanted = False
        for index, some in triggers.items():
            if bits := self._asking.wanted(some, int.from_bytes(present[index].tobytes(), "little")):
                wanted[index] = np.frombuffer(bits.to_bytes(wanted.strides[0], "little"), np.uint64)
                is_any_wanted = True
        if not is_any_wanted:
            return columns[:, is_kept]
        is_kept[known] |= (leaves & wanted.take(indices.take(known), axis=0)).any(axis=1)
        is_wanted = (word_leaves & wanted.take(words[0], axis=0)).any(axis=1)
        more = self._columns(batch, words[1:, is_wanted].T)
        together = np.concatenate((columns[:, is_kept], more), axis=1)
        in_order: _Columns = together.take(together[0].argsort(kind="stable"), axis=1)
        return in_order

    def _words_in(self, batch: FoldedBatch, asked: _Columns) -> _Columns:
        """Return where words of conditions stand in some texts: index of the text, pattern, start, end."""
        breaks = batch.breaks
        lines = [batch.folded[breaks[index] : breaks[index + 1]] for index in asked.tolist()]
        matches = self._words.find_matches_as_indexes("".join(lines), overlapping=True)
        found = np.fromiter(chain.from_iterable(matches), np.intp).reshape(-1, 3)
        begins = np.cumsum([0, *map(len, lines)])
        line = np.searchsorted(begins, found[:, 1], "right") - 1
        moved = (np.array(breaks, np.intp).take(asked) - begins[:-1]).take(line)
        indices = asked.take(line)
        places: _Columns = np.array(
            (indices, found[:, 0] + self._words_from, found[:, 1] + moved, found[:, 2] + moved), np.intp
        )
        return places

    def _columns(self, batch: FoldedBatch, found: _Columns) -> _Columns:
        """Return, of places in a batch, each field of `_Place`, as a number."""
        patterns, firsts, ends = found.T
        # `afters`: up to the next character that folds to something, since accents of their own belong to
        # their letter.
        befores, begins, lasts, afters = (
            batch.origin.take(places) for places in (firsts - 1, firsts, ends - 1, ends)
        )
        left, right = edges(batch, firsts, befores, begins), edges(batch, ends, lasts, afters)
        is_beginning = self._is_beginning.take(patterns)
        right[is_beginning] = Edge.WORD
        is_word = (left == Edge.WORD) & (right == Edge.WORD)
        is_glued = (left == Edge.NONE) | (right == Edge.NONE)
        has_end = (left != Edge.NONE) | (right == Edge.WORD)
        is_able = ~is_glued | has_end & (ends - firsts >= MIN_GLUED) & ~is_beginning
        outside = np.where(is_word, 2 * self._is_in_hashtags.take(patterns), 1)
        indices = np.searchsorted(batch.breaks, firsts) - 1
        starts = batch.starts.take(indices)
        begins, lasts, afters = (places - starts for places in (begins, lasts, afters))
        columns: _Columns = np.array(
            (indices, begins, lasts, afters, self._kinds.take(patterns), outside, is_glued, is_able), np.intp
        )
        return columns


def _as_rows(numbers: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Return long numbers as rows of 64 bits each, the lowest first."""
    size = 8 * (max(map(int.bit_length, numbers), default=0) // 64 + 1)
    rows = b"".join(number.to_bytes(size, "little") for number in numbers)
    return np.frombuffer(rows, np.uint64).reshape(-1, size // 8)


def _pieces(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH_CHARS:
            yield first, list(texts[first : index + 1])
            first, size = index + 1, 0
    if first < len(texts):
        yield first, list(texts[first:])
