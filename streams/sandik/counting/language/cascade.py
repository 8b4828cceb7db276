"""The default detector: a sieve of ELD and CLD2, then a pool of all voices, langdetect in doubt."""

from collections.abc import Sequence

from sandik.counting.language.cleaning import has_a_letter, without_enough_letters
from sandik.counting.language.decision import AT_ONCE, Decision
from sandik.counting.language.detector import UNDETERMINED, Language
from sandik.counting.language.ensemble import Pool
from sandik.counting.language.letter_evidence import Marks
from sandik.counting.language.quotes import CLEAR
from sandik.counting.language.scores import Voices
from sandik.counting.language.sieve import Sieve


class Cascade:
    """Judges clean texts in batches. Without a `sieve`, the pool judges all of them."""

    def __init__(self, voices: Voices, pool: Pool, sieve: Sieve | None) -> None:
        self._voices, self._pool, self._sieve = voices, pool, sieve
        self._decision = Decision(voices)

    def judge(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[Language]:
        """Return the language of each clean text. Without letters it is undetermined, even with a hint."""
        codes = self._decision.codes_of(hints) if any(hints) else hints
        answers = [UNDETERMINED] * len(texts)
        few = without_enough_letters(texts)
        left_out = {index for index in few if not (codes[index] and has_a_letter(texts[index]))}
        judged = [index for index in range(len(texts)) if index not in left_out]
        if not judged:
            return answers
        some = [texts[index] for index in judged]
        marks = self._voices.letters.marks(some)
        settled = self._sieve.settled(some, marks) if self._sieve else [None] * len(some)
        unsettled = []
        for place, (index, answer) in enumerate(zip(judged, settled, strict=True)):
            if answer:
                answers[index] = answer
            else:
                unsettled.append(place)
        indices = [judged[place] for place in unsettled]
        pooled = self._pooled([texts[i] for i in indices], [codes[i] for i in indices], marks[unsettled])
        for index, language in zip(indices, pooled, strict=True):
            answers[index] = language
        return answers

    def clear(self, texts: Sequence[str]) -> list[Language | None]:
        """Return the language of each clean text that the sieve decides; None for the others."""
        if self._sieve is None:
            answers = self.judge(texts, [None] * len(texts))
            return [answer if answer.confidence >= CLEAR else None for answer in answers]
        found: list[Language | None] = [None] * len(texts)
        left_out = without_enough_letters(texts)
        judged = [index for index in range(len(texts)) if index not in left_out]
        if judged:
            some = [texts[index] for index in judged]
            settled = self._sieve.settled(some, self._voices.letters.marks(some))
            for index, answer in zip(judged, settled, strict=True):
                found[index] = answer
        return found

    def _pooled(self, texts: Sequence[str], codes: Sequence[str | None], marks: Marks) -> list[Language]:
        """Return the pool's answers for clean texts with enough letters, or with a hint."""
        found: list[Language] = []
        for start in range(0, len(texts), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            judged = self._pool.judge(texts[some], marks[some])
            found += self._decision.answers(*judged, codes[some], texts[some].__getitem__)
        return found
