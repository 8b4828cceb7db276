"""What was worked out of words of late: a model's vector of each, as rows of one table."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

#: Words remembered. Then all are forgotten: simpler than choosing, and the common ones are back in a moment.
MAX_WORDS = 65_536

Vectors = npt.NDArray[np.int32]


class _Index(dict[str, int]):
    """Numbers words as it is asked for them; `new` lists those it had not met."""

    def __init__(self) -> None:
        self.new: list[str] = []

    def __missing__(self, word: str) -> int:
        self[word] = index = len(self)
        self.new.append(word)
        return index


class Remembered:
    """The vectors of words. `work_out` is asked for those of new words (a row each), many at a time."""

    def __init__(self, width: int, work_out: Callable[[list[str]], Vectors]) -> None:
        self._work_out = work_out
        self._index = _Index()
        self._vectors = np.zeros((MAX_WORDS, width), np.int32)

    def vectors(self, words: list[str]) -> Vectors:
        """Return the vector of each word, a row each."""
        if len(self._index) + len(words) > len(self._vectors):
            self._index.clear()
            if len(words) > len(self._vectors):
                self._vectors = np.zeros((len(words), self._vectors.shape[1]), np.int32)
        start = len(self._index)
        indices = np.fromiter(map(self._index.__getitem__, words), np.intp, len(words))
        if self._index.new:
            self._vectors[start : len(self._index)] = self._work_out(self._index.new)
            self._index.new = []
        return self._vectors.take(indices, axis=0)


def sums(vectors: Vectors, bounds: npt.NDArray[np.intp]) -> Vectors:
    """Return the sum of the rows from each of the bounds to the next: zeros where there are none.

    Where a running sum overflows, differences of it are still right.
    """
    running = np.zeros((len(vectors) + 1, vectors.shape[1]), np.int32)
    np.cumsum(vectors, axis=0, dtype=np.int32, out=running[1:])
    return np.diff(running.take(bounds, axis=0), axis=0)
