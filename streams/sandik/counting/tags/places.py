"""The occurrences of a lexicon's patterns in texts: one Aho-Corasick pass over a folded batch.

Words of conditions are only processed in texts in which a condition may be tested. Otherwise they would cost
more than everything else. `native_terms` finds the same in a third of the time.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import ahocorasick_rs
import numpy as np
import numpy.typing as npt

from sandik.counting.tags.alphabet import FoldedBatch, fold_batch
from sandik.counting.tags.boundaries import MIN_GLUED, Edge, edges
from sandik.counting.tags.pattern_index import Numbered
from sandik.counting.tags.prefilter import Asking

#: How many characters are searched at once: each form takes some objects, and a long text may have a million.
_LOOK_CHARS = 100_000

#: A pattern in a text, before links, names and hashtags are searched: index of the text, first character,
#: last character, end, kind of pattern, and bits of `How`.
Place = tuple[int, int, int, int, int, int]
#: A term: start, end, and the rank of its entry.
Span = tuple[int, int, int]
_Columns = npt.NDArray[np.intp]


class How:
    """How a pattern occurs in a text, as bits. The lowest two: why it does not count outside hashtags.

    Then: whether it is joined to other letters, and whether it can count at all.
    """

    OUTSIDE, GLUED, ABLE = 3, 4, 8


class Places:
    """Finds patterns: separate words, and possible words of hashtags."""

    def __init__(self, patterns: Numbered, asking: Asking) -> None:
        """Take the patterns. They are not kept themselves."""
        forms, words, kinds, kind_of = patterns
        self._asking = asking
        self._is_trigger = np.array(asking.is_trigger, np.bool_)
        self._is_form = np.array([bool(ranks) for ranks in asking.ranks], np.bool_)
        self._is_leaf = np.array([bool(leaves) for leaves in asking.leaves], np.bool_)
        self._leaves = _as_rows(asking.leaves)
        # Small numbers, so that the table stays in the CPU cache.
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

    def find(self, texts: list[str], *, refused: bool) -> Iterator[Place]:
        """Yield the occurrences, text by text: forms, and words of conditions that decide something.

        With `refused`, also those that cannot count.
        """
        batch = fold_batch(texts)
        # For a text of several pieces, all words of conditions are kept.
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
            found = found[found[:, 1] < _LOOK_CHARS]  # the others are also in the next piece
            found[:, 1:] += first
            columns = self._columns(batch, found)
            if not is_all_asked:
                columns = self._with_words(batch, columns)
            if not refused:
                columns = columns[:, columns[-1] & How.ABLE > 0]
            yield from zip(*columns.tolist(), strict=True)

    def _with_words(self, batch: FoldedBatch, columns: _Columns) -> _Columns:
        """Add the occurrences of words of conditions, in texts where they may decide something.

        In other texts, remove those that are not forms: names of politicians are in every third post.
        """
        indices, kinds = columns[0], columns[4]
        is_kept = self._is_form.take(kinds)
        is_trigger = self._is_trigger.take(kinds) & (columns[-1] & How.ABLE > 0)
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
        """Return the words of conditions in some texts: index of the text, pattern, start, end."""
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
        """Return the fields of `Place` for occurrences in a batch."""
        patterns, firsts, ends = found.T
        # `afters`: up to the next character that is not dropped, because separate accents belong to their
        # letter.
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
        how = outside + How.GLUED * is_glued + How.ABLE * is_able
        indices = np.searchsorted(batch.breaks, firsts) - 1
        starts = batch.starts.take(indices)
        begins, lasts, afters = (places - starts for places in (begins, lasts, afters))
        columns: _Columns = np.array(
            (indices, begins, lasts, afters, self._kinds.take(patterns), how), np.intp
        )
        return columns


def _as_rows(numbers: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Return long integers as rows of 64-bit words, the lowest first."""
    size = 8 * (max(map(int.bit_length, numbers), default=0) // 64 + 1)
    rows = b"".join(number.to_bytes(size, "little") for number in numbers)
    return np.frombuffer(rows, np.uint64).reshape(-1, size // 8)
