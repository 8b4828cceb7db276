"""The detectors by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from sandik.counting.language.cascade import Cascade
from sandik.counting.language.cleaning import clean, has_enough_letters
from sandik.counting.language.detector import UNDETERMINED, Detector, Hints, Language, rounded
from sandik.counting.language.ensemble import Pool, load_weights
from sandik.counting.language.exact_profiles import load_exact_profiles
from sandik.counting.language.fasttext.model import Probabilities, load_fasttext_model
from sandik.counting.language.native_cascade import NativeCascade
from sandik.counting.language.quotes import own_words_of_all
from sandik.counting.language.scores import load_voices
from sandik.counting.language.scripts import ByScript
from sandik.counting.language.sieve import Sieve, load_pair
from sandik.counting.native import NATIVE

#: Version of the rules in this package (cleaning, codes, letters, hints, calibration, scripts, weights).
#: Raise it when an answer may change: it is part of every detector's version.
RULES = 4

#: Texts judged together. More would not be faster, and need more memory.
BATCH = 2_048

Judge = Callable[[Sequence[str], Sequence[str | None]], list[Language]]


@dataclass(frozen=True, slots=True)
class BatchDetector:
    """A detector made of `judge`, which takes batches of clean texts and their hints."""

    version: str
    judge: Judge
    #: Judges clean texts without quotations; None if undecided.
    clear: Callable[[Sequence[str]], list[Language | None]] | None = None

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:
        """See `Detector.detect`."""
        answers: list[Language] = []
        for start in range(0, len(texts), BATCH):
            raw = texts[start : start + BATCH]
            batch = clean(raw)
            judged = self.judge(batch, hints[start : start + BATCH] if hints else [None] * len(batch))
            answers += self._by_own_words(raw, judged) if self.clear else judged
        return answers

    def _by_own_words(self, raw: Sequence[str], judged: list[Language]) -> list[Language]:
        """Judge texts with quotations again without them. A clear result becomes the answer."""
        owns = own_words_of_all(raw)
        if owns and self.clear:
            for index, answer in zip(owns, self.clear(clean([*owns.values()])), strict=True):
                if answer and answer.code != judged[index].code:
                    judged[index] = answer
        return judged


def load_detector(name: str = "cascade") -> Detector:
    """Load a detector, in less than 2 s: `cascade` (the default), `fasttext` or `langdetect`.

    Downloads nothing. An unknown `name` is a ValueError that lists the choices.
    """
    if name not in _LOADERS:
        raise ValueError(f"there is no language detector {name!r}: choose one of {', '.join(NAMES)}")
    return _LOADERS[name]()


def load_cascade(native: ModuleType | None) -> Detector:
    """Load the default detector (0.6 s) with its data, and the compiled part if installed."""
    eld, cld2 = load_pair()
    voices, weights = load_voices(eld, cld2), load_weights()
    pool, sieve = Pool(voices, weights), None
    version = f"{'portable' if voices.is_portable else 'cascade'}-{RULES}:{voices.version}"
    if eld and cld2:
        sure = weights["sure"]
        sieve = Sieve(eld, cld2, voices.letters, (sure["eld"], sure["both"]))
        if native and eld.sources:
            return NativeCascade(native, version, voices, pool, sieve)
    cascade = Cascade(voices, pool, sieve)
    return ByScript(BatchDetector(version, cascade.judge, cascade.clear))


def _load_fasttext() -> Detector:
    model = load_fasttext_model()
    return BatchDetector(f"fasttext-{RULES}:{model.version}", _likeliest(model.codes, model.probabilities))


def _load_langdetect() -> Detector:
    profiles = load_exact_profiles()
    return BatchDetector(
        f"langdetect-{RULES}:{profiles.version}", _likeliest(profiles.codes, profiles.posterior)
    )


def _likeliest(codes: Sequence[str], probabilities: Callable[[Sequence[str]], Probabilities]) -> Judge:
    """Judge by one model alone: no hints, no corrections."""

    def judge(texts: Sequence[str], _hints: Sequence[str | None]) -> list[Language]:
        judged = [index for index, text in enumerate(texts) if has_enough_letters(text)]
        answers = [UNDETERMINED] * len(texts)
        if judged:
            found = probabilities([texts[index] for index in judged])
            best = found.argmax(axis=0)
            highest = rounded(found[best, np.arange(len(judged))])
            for index, row, confidence in zip(judged, best.tolist(), highest, strict=True):
                answers[index] = Language(codes[row], confidence) if confidence else UNDETERMINED
        return answers

    return judge


_LOADERS = {
    "cascade": lambda: load_cascade(NATIVE),
    "fasttext": _load_fasttext,
    "langdetect": _load_langdetect,
}
NAMES = tuple(_LOADERS)
