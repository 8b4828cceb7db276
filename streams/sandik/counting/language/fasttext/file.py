"""The format of a quantised fastText model with a hierarchical softmax, which is what lid.176.ftz is."""

import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_MAGIC = 793_712_314
_VERSION = 12
_HIERARCHICAL_SOFTMAX = 1
_CENTROIDS = 256  # of a product quantiser: what one byte chooses from


class FasttextFile(NamedTuple):
    """The parts of a model. `rows` holds the vectors of the words, then those of the kept n-grams."""

    words: list[str]
    labels: list[str]
    label_counts: list[int]
    min_chars: int
    max_chars: int
    #: From an n-gram's hash modulo `len(row_of_bucket)` to its row; `len(rows)` for n-grams not kept.
    row_of_bucket: npt.NDArray[np.uint16]
    rows: npt.NDArray[np.float32]
    #: One vector per inner node of the tree of labels.
    nodes: npt.NDArray[np.float32]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def values(self, layout: str) -> tuple[int, ...]:
        found = struct.unpack_from(f"<{layout}", self._data, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return found

    def word(self) -> str:
        end = self._data.index(b"\0", self._at)
        word = self._data[self._at : end].decode(errors="surrogateescape")
        self._at = end + 1
        return word

    def array(self, dtype: str, *shape: int) -> npt.NDArray[Any]:
        array = np.frombuffer(self._data, dtype, int(np.prod(shape)), self._at)
        self._at += array.nbytes
        return array.reshape(shape)

    def centroids(self) -> npt.NDArray[Any]:
        _, parts, part_size, _ = self.values("4i")
        return self.array("<f4", parts, _CENTROIDS, part_size)


def read_fasttext_file(path: Path) -> FasttextFile:
    """Read the model at `path`. ValueError if it is not of this kind."""
    reader = _Reader(path.read_bytes())
    magic, version, dim, *_, loss, _, buckets, min_chars, max_chars, _, _ = reader.values("14id")
    if (magic, version, loss) != (_MAGIC, _VERSION, _HIERARCHICAL_SOFTMAX):
        raise ValueError(f"{path}: not a fastText model of version {_VERSION} with a hierarchical softmax")
    size, words, labels, _, pruned = reader.values("3i2q")
    entries = [(reader.word(), reader.values("qb")[0]) for _ in range(size)]
    kept = reader.array("<i4", pruned, 2)
    _, has_norms, count, _, code_count = reader.values("2?2qi")
    codes = reader.array("u1", count, code_count // count)
    centroids = reader.centroids()
    rows = np.stack([centroids[part][codes[:, part]] for part in range(codes.shape[1])], axis=1)
    rows = rows.reshape(count, dim)
    if has_norms:
        norms = reader.array("u1", count)
        rows = rows * reader.centroids()[0, norms]
    reader.values("?")
    nodes = reader.array("<f4", *reader.values("2q"))
    row_of_bucket = np.full(buckets, count, np.uint16)
    row_of_bucket[kept[:, 0]] = words + kept[:, 1]
    return FasttextFile(
        [word for word, _ in entries[:words]],
        [label.removeprefix("__label__") for label, _ in entries[words:]],
        [count for _, count in entries[words:]],
        min_chars,
        max_chars,
        row_of_bucket,
        rows,
        nodes[: labels - 1],
    )
