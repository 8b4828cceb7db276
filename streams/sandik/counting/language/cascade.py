"""The default detector: a sieve of ELD and CLD2, then a pool of all voices, langdetect in doubt."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from sandik.counting.language.cleaning import has_a_letter, has_enough_letters, without_enough_letters
from sandik.counting.language.detector import UNDETERMINED, Language
from sandik.counting.language.hints import DECIDED, hinted_code, is_written_in, with_hint
from sandik.counting.language.letter_evidence import Marks
from sandik.counting.language.quotes import CLEAR
from sandik.counting.language.scores import Values, Voices
from sandik.counting.language.sieve import Sieve

#: Below this probability, answers are wrong twice as often as right, so none is given. Between this and 0.4,
#: half of the answers for tweets are right.
UNDECIDED = 0.3

#: Texts passed to the pool at once. More would need more memory.
_AT_ONCE = 256

#: A reply of at most so many words, all everyday words of the hinted language, is in that language, even if
#: other languages have these words too: `inşallah`, `да не`.
_MAX_REPLY_WORDS = 3
_ALL = 0.999


class Weighs(Protocol):
    """The pool, or its compiled twin."""

    def judge(self, texts: Sequence[str], marks: Marks) -> tuple[Values, Values]:
        """See `Pool.judge`."""


class Cascade:
    """Judges clean texts in batches. Without a `sieve`, the pool judges all of them."""

    def __init__(self, voices: Voices, pool: Weighs, sieve: Sieve | None) -> None:
        self._voices, self.pool, self.sieve = voices, pool, sieve

    def judge(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[Language]:
        """Return the language of each clean text. Without letters it is undetermined, even with a hint."""
        codes = [*map(self.code_of, hints)] if any(hints) else hints
        answers = [UNDETERMINED] * len(texts)
        few = without_enough_letters(texts)
        left_out = {index for index in few if not (codes[index] and has_a_letter(texts[index]))}
        judged = [index for index in range(len(texts)) if index not in left_out]
        if not judged:
            return answers
        some = [texts[index] for index in judged]
        marks = self._voices.letters.marks(some)
        settled = self.sieve.settled(some, marks) if self.sieve else [None] * len(some)
        unsettled = []
        for place, (index, answer) in enumerate(zip(judged, settled, strict=True)):
            if answer:
                answers[index] = answer
            else:
                unsettled.append(place)
        indices = [judged[place] for place in unsettled]
        pooled = self.pooled([texts[i] for i in indices], [codes[i] for i in indices], marks[unsettled])
        for index, language in zip(indices, pooled, strict=True):
            answers[index] = language
        return answers

    def code_of(self, hint: str | None) -> str | None:
        """Return our code of a hint, if it is a known language."""
        return hinted_code(hint, self._voices.row_of) if hint else None

    def pooled(self, texts: Sequence[str], codes: Sequence[str | None], marks: Marks) -> list[Language]:
        """Return the pool's answers for clean texts with enough letters, or with a hint."""
        found: list[Language] = []
        for start in range(0, len(texts), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            found += self._judge(texts[some], codes[some], marks[some])
        return found

    def clear(self, texts: Sequence[str]) -> list[Language | None]:
        """Return the language of each clean text that the sieve decides; None for the others."""
        if self.sieve is None:
            answers = self.judge(texts, [None] * len(texts))
            return [answer if answer.confidence >= CLEAR else None for answer in answers]
        found: list[Language | None] = [None] * len(texts)
        left_out = without_enough_letters(texts)
        judged = [index for index in range(len(texts)) if index not in left_out]
        if judged:
            some = [texts[index] for index in judged]
            settled = self.sieve.settled(some, self._voices.letters.marks(some))
            for index, answer in zip(judged, settled, strict=True):
                found[index] = answer
        return found

    def _judge(self, texts: Sequence[str], hints: Sequence[str | None], marks: Marks) -> list[Language]:
        probabilities, listed = self.pool.judge(texts, marks)
        best = probabilities.argmax(axis=0)
        highest = probabilities[best, np.arange(len(texts))]
        answers = []
        for column, (text, hint) in enumerate(zip(texts, hints, strict=True)):
            code, chance = self._voices.codes[best[column]], float(highest[column])
            enough = has_enough_letters(text)
            if hint:
                row = self._voices.row_of[hint]
                is_reply = self._is_reply(text, listed, row, column)
                if chance < DECIDED or not enough or is_reply:
                    hinted = with_hint(text, hint, float(probabilities[row, column]))
                    if hinted > chance or is_reply or (not enough and is_written_in(text, hint)):
                        code, chance, enough = hint, hinted, True
            decided = enough and chance >= UNDECIDED
            answers.append(Language(code, round(min(chance, 1.0), 4)) if decided else UNDETERMINED)
        return answers

    def _is_reply(self, text: str, listed: Values, row: int, column: int) -> bool:
        return bool(listed[row, column] > _ALL) and text.count(" ") < _MAX_REPLY_WORDS
