"""What the pool's probabilities and a hint make of a text: a language, or none."""

from collections.abc import Callable, Sequence

import numpy as np

from sandik.counting.language.cleaning import has_enough_letters
from sandik.counting.language.detector import UNDETERMINED, Language
from sandik.counting.language.hints import DECIDED, hinted_code, is_written_in, with_hint
from sandik.counting.language.scores import Values, Voices

#: Below this probability, answers are wrong twice as often as right, so none is given. Between this and 0.4,
#: half of the answers for tweets are right.
UNDECIDED = 0.3

#: Texts passed to the pool at once. More would need more memory.
AT_ONCE = 256

#: A reply of at most so many words, all everyday words of the hinted language, is in that language, even if
#: other languages have these words too: `inşallah`, `да не`.
_MAX_REPLY_WORDS = 3
_ALL = 0.999


class Decision:
    """Decides by the languages of these voices."""

    def __init__(self, voices: Voices) -> None:
        self._codes, self._row_of = voices.codes, voices.row_of

    def codes_of(self, hints: Sequence[str | None]) -> list[str | None]:
        """Return our code of each hint that is a known language."""
        return [hinted_code(hint, self._row_of) if hint else None for hint in hints]

    def answers(
        self,
        probabilities: Values,
        listed: Values,
        hints: Sequence[str | None] | None,
        text_of: Callable[[int], str],
    ) -> list[Language]:
        """Return the language of each column of what a pool returns. `hints`: our codes.

        Texts without a hint have letters enough. `text_of` is asked for the others, by column.
        """
        best = probabilities.argmax(axis=0)
        rows, chances = best.tolist(), probabilities[best, np.arange(len(best))].tolist()
        answers = []
        for column, (row, chance) in enumerate(zip(rows, chances, strict=True)):
            code, enough = self._codes[row], True
            if hints and (hint := hints[column]):
                text, hinted_row = text_of(column), self._row_of[hint]
                enough = has_enough_letters(text)
                is_reply = _is_reply(text, float(listed[hinted_row, column]))
                if chance < DECIDED or not enough or is_reply:
                    hinted = with_hint(text, hint, float(probabilities[hinted_row, column]))
                    if hinted > chance or is_reply or (not enough and is_written_in(text, hint)):
                        code, chance, enough = hint, hinted, True
            decided = enough and chance >= UNDECIDED
            answers.append(Language(code, round(min(chance, 1.0), 4)) if decided else UNDETERMINED)
        return answers


def _is_reply(text: str, listed: float) -> bool:
    return listed > _ALL and text.count(" ") < _MAX_REPLY_WORDS
