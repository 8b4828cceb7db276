"""fastText's Huffman tree of languages: the probability of each, from the turns a text takes at the nodes."""

from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_EPSILON = 1e-5  # fastText adds it before it takes a logarithm

_Indices = npt.NDArray[np.intp]
_Probabilities = npt.NDArray[np.float64]


class _Level(NamedTuple):
    """Nodes equally far from the root: rows of the walk, and which turns are theirs."""

    parents: _Indices
    turns: slice
    left: slice
    right: slice


class HuffmanTree:
    """The tree over labels 0 to n - 1, of which the first are the most frequent."""

    #: fastText's numbers of the nodes, from the root down: the order in which `walk` wants the turns.
    nodes: _Indices
    #: Where in what `walk` returns each label stands.
    row_of_label: _Indices

    def __init__(self, label_counts: Sequence[int]) -> None:
        leaves = len(label_counts)
        children = _children(label_counts)
        row_of = {2 * leaves - 2: 0}  # the root is the last of all
        nodes: list[int] = []
        self._levels: list[_Level] = []
        parents = [*row_of]
        while parents:
            left, right = zip(*(children[parent] for parent in parents), strict=True)
            first_row, first_turn, size = len(row_of), len(nodes), len(parents)
            self._levels.append(
                _Level(
                    np.array([row_of[parent] for parent in parents], np.intp),
                    slice(first_turn, first_turn + size),
                    slice(first_row, first_row + size),
                    slice(first_row + size, first_row + 2 * size),
                )
            )
            row_of.update(zip((*left, *right), count(first_row), strict=False))
            nodes += [parent - leaves for parent in parents]
            parents = [child for child in (*left, *right) if child in children]
        self.nodes = np.array(nodes, np.intp)
        self.row_of_label = np.array([row_of[label] for label in range(leaves)], np.intp)

    @property
    def told(self) -> tuple[float, list[tuple[list[int], int, int]]]:
        """Return what the compiled twin is told: what is added to a chance, and the levels."""
        levels = [(one.parents.tolist(), one.turns.start, one.left.start) for one in self._levels]
        return _EPSILON, levels

    def walk(self, turns: _Probabilities) -> _Probabilities:
        """Return how likely a text (column) gets to each place (row).

        `turns`: the probability that it goes right at each node (row). They are lost: their place is reused.
        """
        straight = 1 - turns
        straight += _EPSILON
        turns += _EPSILON
        reached = np.empty((2 * len(turns) + 1, turns.shape[1]))
        reached[0] = 1
        for parents, nodes, left, right in self._levels:
            above = reached.take(parents, axis=0)
            np.multiply(above, straight[nodes], out=reached[left])
            np.multiply(above, turns[nodes], out=reached[right])
        return reached


def _children(counts: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return the children of each inner node: leaves are 0 to n - 1, inner nodes follow."""
    leaves = len(counts)
    weights = [*counts, *[10**15] * (leaves - 1)]
    children: dict[int, tuple[int, int]] = {}
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
        children[node] = (lightest[0], lightest[1])
        weights[node] = weights[lightest[0]] + weights[lightest[1]]
    return children
