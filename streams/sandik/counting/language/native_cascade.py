"""The default detector with its compiled part, which reads a text once and returns what ELD does not decide.

It gives the same answers as `ByScript` around `BatchDetector` and `Cascade`. Read these to understand it.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np

from sandik.counting.language.cascade import Cascade
from sandik.counting.language.cleaning import CLEANER, lowered
from sandik.counting.language.detector import UNDETERMINED, Hints, Language
from sandik.counting.language.ensemble import Pool
from sandik.counting.language.native_pool import NativePool
from sandik.counting.language.quotes import QUOTES
from sandik.counting.language.scores import Voices
from sandik.counting.language.scripts import SCRIPTS, judge_parts
from sandik.counting.language.sieve import Sieve

#: Texts sifted at once. Undecided clean texts are kept until the pool has judged them.
_BATCH = 2_048


class Left(NamedTuple):
    """A text that ELD does not decide: index, clean text, marks, and the language if CLD2 agrees."""

    place: int
    text: str
    marks: int
    if_cld2: Language | None


class NativeCascade:
    """Judges raw texts, in batches."""

    def __init__(self, native: ModuleType, version: str, voices: Voices, pool: Pool, sieve: Sieve) -> None:
        self.version = version
        eld = native.Eld(sieve.eld.sources)
        self._cascade = Cascade(voices, NativePool(native, eld, pool, sieve.eld, sieve.cld2), sieve)
        self._cld2 = sieve.cld2
        self._sift = native.Sift(
            CLEANER,
            lowered,
            eld,
            [sieve.rules[name] for name in sieve.eld.names],
            sieve.letters_told,
            QUOTES,
            SCRIPTS,
        )

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:
        """See `Detector.detect`."""
        answers: list[Language] = []
        mixed: list[int] = []
        for start in range(0, len(texts), _BATCH):
            part = slice(start, start + _BATCH)
            some, some_mixed = self._judge([*texts[part]], hints[part] if hints else None)
            answers += some
            mixed += [start + index for index in some_mixed]
        judge_parts(answers, texts, hints, mixed, self._of_parts)
        return answers

    def _of_parts(self, texts: Sequence[str], hints: Hints) -> list[Language]:
        return self._judge([*texts], hints)[0]

    def _judge(self, texts: list[str], hints: Hints | None) -> tuple[list[Language], list[int]]:
        """Return one language per text, and the texts that may have two."""
        found, left, few, quoting, mixed = self._sift.sift(texts, True)
        answers: list[Language] = found
        left = self._left_by_cld2(answers, left)
        cascade = self._cascade
        if left:
            codes = [cascade.code_of(hints[one.place]) if hints else None for one in left]
            marks = np.array([one.marks for one in left], np.int64)
            pooled = cascade.pooled([one.text for one in left], codes, marks)
            for one, answer in zip(left, pooled, strict=True):
                answers[one.place] = answer
        if few:
            several = [hints[index] if hints else None for index, _ in few]
            judged = cascade.judge([text for _, text in few], several) if any(several) else None
            for place, (index, _) in enumerate(few):
                answers[index] = judged[place] if judged else UNDETERMINED
        if quoting:
            self._judge_by_own_words(answers, quoting)
        return answers, mixed

    def _left_by_cld2(
        self, answers: list[Language], left: Sequence[tuple[int, str, int, Language | None]]
    ) -> list[Left]:
        """Set the answers that CLD2 agrees with, and return the rest."""
        unsettled = []
        for one in map(Left._make, left):
            if one.if_cld2 and self._cld2.best(one.text) == one.if_cld2.code:
                answers[one.place] = one.if_cld2
            else:
                unsettled.append(one)
        return unsettled

    def _judge_by_own_words(self, answers: list[Language], quoting: Sequence[tuple[int, str]]) -> None:
        """Judge texts with quotations again without them. A clear result becomes the answer."""
        clear, left, *_ = self._sift.sift([own for _, own in quoting], False)
        self._left_by_cld2(clear, left)
        for (index, _), answer in zip(quoting, clear, strict=True):
            if answer and answer.code != answers[index].code:
                answers[index] = answer
