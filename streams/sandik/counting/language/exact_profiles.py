"""langdetect's profiles, evaluated exactly.

langdetect samples n-grams of the text at random, seven times and with random smoothing. That is slow, and
answers vary between runs. Here every n-gram counts once, and the smoothing is its mean, which the sampling
estimates. The n-grams are exactly those of langdetect: a test compares them.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from itertools import chain, compress, repeat
from operator import add
from pathlib import Path
from types import ModuleType
from typing import TypedDict

import langdetect
import numpy as np
import numpy.typing as npt
from langdetect.utils.ngram import NGram

from sandik.counting.language.codes import merged_codes
from sandik.counting.language.word_cache import Remembered, Vectors, Words, sums

_SMOOTHING = 0.5 / 10_000  # langdetect's ALPHA_DEFAULT / BASE_FREQ

# Log probabilities are stored as integers, so that their sum does not depend on the order of addition, and so
# not on numpy's version or the machine. At this scale the smallest (-9.9) just fits into int16, which halves
# the memory.
_UNITS = 3_200

#: Of a character in the number of an n-gram.
_BITS = 21

#: Bits of the word cache if the profiles judge all texts: 17 MB.
_PLACE_BITS = 16

_LATIN = re.compile("[A-Za-z]")
_NOT_LATIN = re.compile("[\u0300-\U0010ffff]")
_WORD = re.compile("[^ ]+ ?")

#: A word that fills a whole text has nine hundred n-grams, and each temporarily takes 350 bytes.
_WORDS_AT_ONCE = 64


class _Profile(TypedDict):
    name: str
    freq: dict[str, int]
    n_words: list[int]


class _Normal(dict[int, str]):
    """For `str.translate`: langdetect's normal form of each character. Filled on demand."""

    def __missing__(self, code_point: int) -> str:
        self[code_point] = normal = str(NGram.normalize(chr(code_point)))
        return normal


_NORMAL = _Normal()


def words(text: str) -> list[str]:
    """Return the words that langdetect finds in a clean `text`, each with the space after it, if any."""
    text = NGram.normalize_vi(text)
    others = len(_NOT_LATIN.findall(text))
    if others and len(_LATIN.findall(text)) * 2 < others:
        text = _LATIN.sub("", text)  # Latin words in a text of another script are treated as noise
    return _WORD.findall(text.translate(_NORMAL))


def ngrams(word: str) -> list[str]:
    """Return the n-grams that langdetect looks up in one of the `words`, and some that no profile has."""
    pairs = list(map(add, " " + word, word))
    found = [list(word), pairs, ["", *map(add, pairs, word[1:])]]
    if not word.islower():  # it also ignores words in capitals
        looked_into = [not (pair[0].isupper() and pair[1].isupper()) for pair in pairs]
        found = [list(compress(grams, looked_into)) for grams in found]
    return [*chain.from_iterable(found)]


def _log(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    logs: npt.NDArray[np.float64] = np.rint(np.log(probabilities + _SMOOTHING) * _UNITS)
    return logs.astype(np.int16)


def _keys(ngrams: Sequence[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.intp]]:
    """Return each n-gram as a number, of 21 bits for each of its characters, and how many it has."""
    points = np.frombuffer("".join(ngrams).encode("utf-32-le"), np.uint32)
    lengths = np.fromiter(map(len, ngrams), np.intp, len(ngrams))
    starts = np.cumsum(lengths) - lengths
    keys = np.zeros(len(ngrams), np.uint64)
    for place in range(lengths.max(initial=0)):
        longer = lengths > place
        keys[longer] = keys[longer] << np.uint64(_BITS) | points[starts[longer] + place]
    return keys, lengths


def _ngram(key: int) -> str:
    chars = ""
    while key:
        chars = chr(key & (1 << _BITS) - 1) + chars
        key >>= _BITS
    return chars


class ExactProfiles:
    """The profiles of langdetect's 55 languages, as one table: n-gram by language."""

    version: str
    #: Our codes of the languages, in the order of the rows that `posterior` returns.
    codes: tuple[str, ...]

    def __init__(self, profiles: Iterable[_Profile], place_bits: int) -> None:
        self.version = f"langdetect-{version('langdetect')}"
        names, columns = [], []
        for profile in profiles:  # one at a time, as numbers: all decoded would take 100 MB, and leave holes
            keys, lengths = _keys([*profile["freq"]])
            totals = np.array(profile["n_words"])[lengths - 1]
            names.append(profile["name"])
            columns.append((keys, _log(np.array([*profile["freq"].values()]) / totals)))
        self.codes, self._first, self._more = merged_codes(names)
        #: The n-grams, sorted: the row of each in `_logs` is its place. A last row for n-grams that
        #: distinguish no languages.
        self._ngrams = np.unique(np.concatenate([keys for keys, _ in columns]))
        self._unknown = len(self._ngrams)
        self._logs = np.full((self._unknown + 1, len(names) + 1), _log(np.zeros(1))[0])
        self._logs[:, -1] = 1  # counts the known n-grams
        self._logs[self._unknown] = 0
        for column, (keys, logs) in enumerate(columns):
            self._logs[np.searchsorted(self._ngrams, keys), column] = logs
        self._row_of: dict[str, int] | None = None
        remembered = Remembered(len(names) + 1, place_bits, self._worked_out)
        self._sums: Callable[[list[list[str]]], Vectors] = lambda texts: sums(
            remembered.vectors(Words.of(chain.from_iterable(texts))), _bounds(texts)
        )

    def compile(self, native: ModuleType) -> None:
        """Let the compiled twin add up n-grams from now on, and keep the table only there."""
        width = self._logs.shape[1]
        twin = native.Ngrams(self._ngrams, width, self._logs, lambda char: 1 if char.isupper() else 2)
        self._sums = lambda texts: np.frombuffer(twin.sums(texts), np.int32).reshape(-1, width)
        del self._ngrams, self._logs

    def posterior(self, texts: Sequence[str], power: float = 1.0) -> npt.NDArray[np.float64]:
        """Return the probability of each language (row) after the n-grams of each clean text (column).

        The prior is uniform. `power` below 1 reduces the weight of n-grams. A column is all zeros if none of
        its n-grams is known.
        """
        totals = self._sums([words(text) for text in texts]).T
        logs, known = totals[:-1], totals[-1]
        weights = np.exp((logs - logs.max(axis=0)) * (power / _UNITS))
        merged: npt.NDArray[np.float64] = weights[self._first]
        for row, more in self._more:
            merged[row] += weights[more]
        merged *= (known > 0) / merged.cumsum(axis=0)[-1]
        return merged

    def _rows(self) -> dict[str, int]:
        """Return the row of each n-gram."""
        if self._row_of is None:
            self._row_of = {_ngram(key): row for row, key in enumerate(self._ngrams.tolist())}
        return self._row_of

    def _worked_out(self, some_words: list[str]) -> Vectors:
        """Return the sum of the logarithms of each word's n-grams, and the number of known ones."""
        worked_out = []
        for start in range(0, len(some_words), _WORDS_AT_ONCE):
            found = [ngrams(word) for word in some_words[start : start + _WORDS_AT_ONCE]]
            known = map(self._rows().get, chain.from_iterable(found), repeat(self._unknown))
            worked_out.append(sums(self._logs.take(np.fromiter(known, np.intp), axis=0), _bounds(found)))
        return np.concatenate(worked_out)


def _bounds(lists: Sequence[Sequence[str]]) -> npt.NDArray[np.intp]:
    return np.cumsum([0, *map(len, lists)])


def load_exact_profiles(place_bits: int = _PLACE_BITS) -> ExactProfiles:
    """Read the profiles from the langdetect wheel (0.3 s). The word cache has 2^`place_bits` places."""
    folder = Path(langdetect.PROFILES_DIRECTORY)
    return ExactProfiles((json.loads(path.read_bytes()) for path in sorted(folder.iterdir())), place_bits)
