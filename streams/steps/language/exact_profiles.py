"""langdetect's profiles, evaluated exactly.

langdetect draws n-grams of the text at random until it is sure, seven times over and with random smoothing:
slow, and another answer on another day. Here every n-gram counts once and the smoothing is its mean, which is
what all that drawing estimates. The n-grams are langdetect's own, to the last one: a test compares them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import langdetect
import numpy as np
import numpy.typing as npt
from langdetect.utils.ngram import NGram

from streams.steps.language.codes import our_code

_SMOOTHING = 0.5 / 10_000  # langdetect's ALPHA_DEFAULT / BASE_FREQ

# Log probabilities are kept as whole numbers: their sum does not depend on the order of addition, hence not
# on numpy's version or the machine. At this scale int32 holds 3,000 n-grams; a clean text has 900.
_UNITS = 65_536

_LATIN = re.compile("[A-Za-z]")
_NOT_LATIN = re.compile("[\u0300-\U0010ffff]")
_SPACES = re.compile(" +")


class _Profile(TypedDict):
    name: str
    freq: dict[str, int]
    n_words: list[int]


class _Normal(dict[int, str]):
    """For `str.translate`: langdetect's normal form of each character. Filled as it is asked."""

    def __missing__(self, code_point: int) -> str:
        self[code_point] = normal = str(NGram.normalize(chr(code_point)))
        return normal


_NORMAL = _Normal()


def ngrams(text: str) -> Iterator[str]:
    """Yield the n-grams (1 to 3 characters) langdetect looks up in a clean `text`, known to it or not."""
    text = NGram.normalize_vi(text)
    if len(_LATIN.findall(text)) * 2 < len(_NOT_LATIN.findall(text)):
        text = _LATIN.sub("", text)  # Latin words in a text of another script are taken for noise
    before, last = "", " "
    for char in _SPACES.sub(" ", text.translate(_NORMAL)).lstrip(" "):
        if not (char.isupper() and last.isupper()):  # nor does it look into words in capitals
            if char != " ":
                yield char
            yield last + char
            if last != " ":
                yield before + last + char
        before, last = last, char


class ExactProfiles:
    """The profiles of langdetect's 55 languages, as one table: n-gram by language."""

    version: str

    def __init__(self, profiles: Iterable[_Profile]) -> None:
        profiles = list(profiles)
        self.version = f"langdetect-{version('langdetect')}"
        self._codes = [our_code(profile["name"]) for profile in profiles]
        self._rows: dict[str, int] = {}
        for profile in profiles:
            for ngram in profile["freq"]:
                self._rows.setdefault(ngram, len(self._rows))
        probabilities = np.zeros((len(self._rows), len(profiles)))
        for column, profile in enumerate(profiles):
            rows = [self._rows[ngram] for ngram in profile["freq"]]
            totals = [profile["n_words"][len(ngram) - 1] for ngram in profile["freq"]]
            probabilities[rows, column] = np.array(list(profile["freq"].values())) / np.array(totals)
        self._logs: npt.NDArray[np.int32] = np.rint(np.log(probabilities + _SMOOTHING) * _UNITS).astype(
            np.int32
        )

    def posterior(self, text: str, power: float = 1.0) -> Mapping[str, float]:
        """Return the probability of each language after the n-grams of a clean `text`, all equal before.

        `power` below 1 takes the n-grams for less evidence than they claim. Empty if no n-gram is known.
        """
        rows = [row for row in map(self._rows.get, ngrams(text)) if row is not None]
        if not rows:
            return {}
        logs = self._logs.take(rows, axis=0).sum(axis=0, dtype=np.int32)
        weights = np.exp((logs - logs.max()) * (power / _UNITS))
        codes: dict[str, float] = {}
        for code, probability in zip(self._codes, (weights / weights.sum()).tolist(), strict=True):
            codes[code] = codes.get(code, 0.0) + probability
        return codes


def load_exact_profiles() -> ExactProfiles:
    """Read the profiles out of the langdetect wheel (0.3 s)."""
    folder = Path(langdetect.PROFILES_DIRECTORY)
    return ExactProfiles(json.loads(path.read_bytes()) for path in sorted(folder.iterdir()))
