"""fastText's vector of a word: the sum of the word's own vector and those of its n-grams."""

from collections.abc import Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt

from sandik.counting.language.fasttext.file import FasttextFile
from sandik.counting.language.word_cache import Remembered, Vectors, Words, sums

_END_OF_LINE = "</s>"  # fastText's own last word of every text
_SUM_UNITS = 2.0**16
_FNV_OFFSET = 2_166_136_261
_FNV_PRIME = np.uint32(16_777_619)


class WordVectors:
    """Mean vectors of texts, by the words they are made of.

    Vectors are whole numbers (in 1 / 65,536): sums of them are exact in any order. int32 has room for the
    900 n-grams of the longest clean text. One more column counts how many vectors went into one, since a
    text's mean is over all of them.
    """

    #: In what the means are: 1 / `units`. Finer than the sums, for what dividing leaves.
    units = 2.0**20
    #: How many of these are one of a sum.
    of_sums = units / _SUM_UNITS

    def __init__(self, file: FasttextFile, place_bits: int) -> None:
        """`place_bits`: see `Remembered`; 18 of them take 28 MB."""
        count, dim = file.rows.shape
        self._rows = np.ones((count, dim + 1), np.int32)
        self._rows[:, :dim] = np.rint(file.rows.astype(np.float64) * _SUM_UNITS)
        self._row_of_word = {word: row for row, word in enumerate(file.words)}
        self._row_of_bucket = file.row_of_bucket
        self._min_chars, self._max_chars = file.min_chars, file.max_chars
        self._end_of_line = self._rows[self._row_of_word[_END_OF_LINE]]
        self._remembered = Remembered(dim + 1, place_bits, self._worked_out)

    @property
    def told(self) -> tuple[object, ...]:
        """Return what the compiled twin is told."""
        end_of_line = self._row_of_word[_END_OF_LINE]
        chars = self._min_chars, self._max_chars
        return (
            self._rows,
            self._row_of_bucket,
            self._row_of_word,
            *chars,
            end_of_line,
            self._rows.shape[1],
        )

    def means(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the mean vector of each clean text (a column), rounded to whole `units`."""
        together = " ".join(texts)
        spaces = np.flatnonzero(np.frombuffer(together.encode("utf-32-le"), np.uint32) == ord(" "))
        words = Words(together, np.append(0, spaces + 1), np.append(spaces, len(together)))
        vectors = self._remembered.vectors(words)
        first_words = np.cumsum([0, *(text.count(" ") + 1 for text in texts[:-1])])
        summed = np.add.reduceat(vectors, first_words, axis=0, dtype=np.int32) + self._end_of_line
        means = np.rint(summed[:, :-1] * self.of_sums / summed[:, -1:])
        return np.ascontiguousarray(means.T)

    def _worked_out(self, words: list[str]) -> Vectors:
        data = ("<" + "><".join(words) + ">").encode()
        starts, rows = self._ngram_rows(data)
        flat = rows.ravel()
        kept = np.flatnonzero(flat < len(self._rows))
        bounds = np.append(np.searchsorted(kept, starts * rows.shape[1]), len(kept))
        vectors = sums(self._rows.take(flat.take(kept), axis=0), bounds)
        own = np.fromiter(map(self._row_of_word.get, words, repeat(-1)), np.intp, len(words))
        known = np.flatnonzero(own >= 0)
        vectors[known] += self._rows.take(own.take(known), axis=0)
        return vectors

    def _ngram_rows(self, data: bytes) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint16]]:
        """Return where words start, and the rows of the n-grams that start at each character, by length."""
        octets = np.frombuffer(data, np.uint8)
        signed = octets.view(np.int8).astype(np.uint32)  # fastText hashes signed characters
        at = np.flatnonzero((octets & 0xC0) != 0x80)  # where characters start in UTF-8
        size = np.diff(at, append=len(data))
        first = signed[at]
        longer = [np.flatnonzero(size > octet) for octet in range(1, size.max())]
        others = [signed[at[where] + octet] for octet, where in enumerate(longer, 1)]
        is_end = first == ord(">")
        past_end = np.zeros(len(at), np.bool_)
        hashes = np.full(len(at), _FNV_OFFSET, np.uint32)
        buckets, none = np.uint32(len(self._row_of_bucket)), len(self._rows)
        rows = np.full((len(at), self._max_chars - self._min_chars + 1), none, np.uint16)
        for length in range(1, min(self._max_chars, len(at)) + 1):
            there = len(at) - length + 1  # the n-grams of this length that fit
            hashes = (hashes[:there] ^ first[length - 1 :]) * _FNV_PRIME
            for where, octet in zip(longer, others, strict=True):
                begin = np.searchsorted(where, length - 1)
                of_them = where[begin:] - (length - 1)
                hashes[of_them] = (hashes[of_them] ^ octet[begin:]) * _FNV_PRIME
            if length >= self._min_chars:
                found = self._row_of_bucket.take(hashes - hashes // buckets * buckets)  # twice as fast as %
                found[past_end[:there]] = none
                rows[:there, length - self._min_chars] = found
            past_end[:there] |= is_end[length - 1 :]
        return np.flatnonzero(first == ord("<")), rows
