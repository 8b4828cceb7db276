"""A cache of a model's vectors of recent words, by their letters.

It is a table with one place for each hash of a word's letters; a new word replaces the one in its place. So
no counting or clearing is needed, common words are nearly always there, and a few steps of numpy look up
those of a whole batch. A dictionary of strings took a fifth of all CPU time, mostly waiting for memory.
"""

from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

#: Words with more letters, one in two hundred, are worked out each time.
MAX_LETTERS = 20

#: A word's letters as numbers: four letters of 16 bits go into one.
_NUMBERS = MAX_LETTERS // 4
_KEY = np.dtype((np.void, 2 * MAX_LETTERS))
#: To leave the first letters of a key: row n is for words of n.
_FIRST_LETTERS = np.tril(np.full((MAX_LETTERS + 1, MAX_LETTERS), 0xFFFF, np.uint16), -1).view(np.uint64)
#: Odd, and with bits all over: what a key is multiplied by to spread words over the places.
_SPREAD = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    np.uint64,
)

Vectors = npt.NDArray[np.int32]
Indices = npt.NDArray[np.intp]


class Words(NamedTuple):
    """Words of a text: from each of `starts` to each of `ends`."""

    text: str
    starts: Indices
    ends: Indices

    @classmethod
    def of(cls, words: Iterable[str]) -> "Words":
        """Return these words, one after the other."""
        words = list(words)
        bounds = np.fromiter(accumulate(map(len, words), initial=0), np.intp, len(words) + 1)
        return cls("".join(words), bounds[:-1], bounds[1:])

    def some(self, indices: Indices) -> list[str]:
        """Return some of them as strings."""
        starts, ends = self.starts[indices].tolist(), self.ends[indices].tolist()
        return [self.text[start:end] for start, end in zip(starts, ends, strict=True)]


class Remembered:
    """The vectors of words. `work_out` is asked for those of new words (a row each), many at a time.

    There are 2^`place_bits` places, of 40 bytes and four for each number of a vector.
    """

    def __init__(self, width: int, place_bits: int, work_out: Callable[[list[str]], Vectors]) -> None:
        self._work_out = work_out
        self._shift = np.uint64(64 - place_bits)
        self._keys = np.zeros((1 << place_bits, _NUMBERS), np.uint64)
        self._vectors = np.zeros((1 << place_bits, width), np.int32)

    def vectors(self, words: Words) -> Vectors:
        """Return the vector of each word, a row each."""
        keys = _keys(words)
        places = (keys @ _SPREAD) >> self._shift
        has_key = keys[:, 0] != 0
        vectors = self._vectors.take(places, axis=0)
        new = np.flatnonzero(~((self._keys.take(places, axis=0) == keys).all(axis=1) & has_key))
        if len(new):
            strings = words.some(new)
            row_of = {word: row for row, word in enumerate(dict.fromkeys(strings))}
            worked_out = self._work_out([*row_of])
            vectors[new] = worked_out.take([row_of[word] for word in strings], axis=0)
            new = new[has_key[new]]
            self._keys[places[new]] = keys[new]
            self._vectors[places[new]] = vectors[new]
        return vectors


def _keys(words: Words) -> npt.NDArray[np.uint64]:
    """Return the letters of each word as numbers; zeros for one with too many, or with one too far out."""
    points = np.frombuffer(words.text.encode("utf-32-le"), np.uint32)
    letters = np.zeros(len(points) + MAX_LETTERS, np.uint16)
    letters[: len(points)] = points + 1  # 0 is no letter, where a word is shorter than a key
    # What stands from each letter on, in as many bytes as a key has: no bytes of their own, but a view.
    from_here = np.ndarray(len(points), _KEY, letters, strides=(letters.itemsize,))
    lengths = words.ends - words.starts
    keys = from_here[words.starts].view(np.uint64).reshape(-1, _NUMBERS)
    keys &= _FIRST_LETTERS.take(np.minimum(lengths, MAX_LETTERS), axis=0)
    keys[lengths > MAX_LETTERS] = 0
    too_far = np.flatnonzero(points >= 0xFFFF)  # does not fit
    if len(too_far):
        keys[np.searchsorted(words.starts, too_far, side="right") - 1] = 0
    return keys


def sums(vectors: Vectors, bounds: Indices) -> Vectors:
    """Return the sum of the rows from each of the bounds to the next: zeros where there are none.

    Where a running sum overflows, differences of it are still right.
    """
    running = np.zeros((len(vectors) + 1, vectors.shape[1]), np.int32)
    np.cumsum(vectors, axis=0, dtype=np.int32, out=running[1:])
    return np.diff(running.take(bounds, axis=0), axis=0)
