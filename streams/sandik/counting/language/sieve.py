"""Settles nine posts in ten with two models: what ELD says, and whether CLD2 agrees."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from sandik.counting.language.cld2 import Cld2Model, load_cld2
from sandik.counting.language.cleaning import MIN_LETTERS
from sandik.counting.language.detector import Language
from sandik.counting.language.eld import EldModel, load_eld
from sandik.counting.language.letter_evidence import Letters, Marks
from sandik.counting.language.scores import LENGTHS, length_class

#: More letters than any clean text has.
_NEVER = 2_000


def _each(codes: str, enough: int) -> dict[str, int]:
    return dict.fromkeys(codes.split(), enough)


#: ELD's reliable answer stands for these languages from so many letters on, if the text has no letter that
#: they lack. Not so for Bulgarian, Serbian and Croatian, for which it takes Macedonian and each other.
_ENOUGH_FOR_ELD = {
    **_each("el gu he hy ja ka kn ko ml pa ta te th", 3),  # nearly alone in their scripts
    **_each("ar az be de es fa fr it nl tr zh", 8),
    **_each("en pt ru ur", 16),
    "uk": 30,
}
#: It is cautious about long Russian texts, which resemble Ukrainian: there, a letter that only Russian has is
#: enough.
_RUSSIAN_LETTERS, _ENOUGH_RUSSIAN = "ёъыэ", 30

# Where CLD2 names the same language as ELD, that stands from so many letters on. First where ELD calls it
# reliable.
_ENOUGH_FOR_BOTH = {
    **_each("ar be bg de en es fa fr it mr nl ru tr uk", 8),
    **_each("bs hr sl sr und", _NEVER),  # neither knows all of these
}
_ENOUGH_IF_UNRELIABLE = {**_each("ar be bg de es fa fr it mr nl tr uk", 16), "ru": 8, "en": 41}
_ENOUGH_FOR_OTHERS = 41

#: By class of length: how often ELD alone is right, and how often ELD with CLD2.
Sure = tuple[Sequence[float], Sequence[float]]


#: A post with so large a part in Latin letters, and as large a one in others, may be in two languages.
_MIXED = 0.25
_LATIN = re.compile("[A-Za-zÀ-ɏ]")


def _is_mixed(text: str, letters: int) -> bool:
    latin = len(_LATIN.findall(text)) / letters
    return _MIXED <= latin <= 1 - _MIXED


class Rule(NamedTuple):
    """When an answer of ELD's stands: a row for each language.

    `alien`, `borrowed` and `russian` are marks: the first leave a text to the pool, the second to CLD2, and
    the last settle a long text. `alone`: from so many letters on ELD's reliable answer stands; `both`, if
    CLD2 agrees; `unsure`, if it agrees with an unreliable one. `by_eld` and `by_both`: answers by class of
    length.
    """

    alien: int
    borrowed: int
    russian: int
    alone: int
    both: int
    unsure: int
    by_eld: tuple[Language, ...]
    by_both: tuple[Language, ...]


class Sieve:
    """Asks ELD about all texts, and CLD2 about some. `sure`: the confidence of their answers."""

    def __init__(self, eld: EldModel, cld2: Cld2Model, letters: Letters, sure: Sure) -> None:
        self.eld, self.cld2, self.letters = eld, cld2, letters
        self._latin = letters.scripts["latin"]
        self._others = sum(bit for script, bit in letters.scripts.items() if script != "latin")
        #: By ELD's name of a language.
        self.rules = {code: _rule(code, letters, sure) for code in eld.names}

    @property
    def letters_told(self) -> tuple[object, ...]:
        """Return what its compiled twin is told of letters."""
        table = self.letters.table
        return table, self._latin, self._others, MIN_LETTERS, [*LENGTHS], _MIXED, _ENOUGH_RUSSIAN

    def settled(self, texts: Sequence[str], marks: Marks) -> list[Language | None]:
        """Return the language of each clean text; None where the two are not enough."""
        answers, to_ask = self.by_eld(texts, marks)
        for index, answer in to_ask:
            if self.cld2.best(texts[index]) == answer.code:
                answers[index] = answer
        return answers

    def by_eld(
        self, texts: Sequence[str], marks: Marks
    ) -> tuple[list[Language | None], list[tuple[int, Language]]]:
        """Return the languages that ELD settles, and which texts CLD2 may settle, and as what."""
        answers: list[Language | None] = [None] * len(texts)
        to_ask: list[tuple[int, Language]] = []
        for index, (text, has) in enumerate(zip(texts, marks.tolist(), strict=True)):
            found = self.eld.detect_quickly(text)
            rule, letters = self.rules[found.language], len(text) - text.count(" ")
            if has & rule.alien or (has & self._latin and has & self._others and _is_mixed(text, letters)):
                continue
            is_settled = found.reliable and letters >= rule.alone and not has & rule.borrowed
            if is_settled or (letters >= _ENOUGH_RUSSIAN and has & rule.russian):
                answers[index] = rule.by_eld[length_class(letters)]
            elif letters >= (rule.both if found.reliable else rule.unsure):
                to_ask.append((index, rule.by_both[length_class(letters)]))
        return answers, to_ask


def load_pair() -> tuple[EldModel, Cld2Model] | tuple[None, None]:
    """Load ELD and CLD2; neither where one is missing."""
    eld, cld2 = load_eld(), load_cld2()
    return (eld, cld2) if eld and cld2 else (None, None)


def _rule(code: str, letters: Letters, sure: Sure) -> Rule:
    by_eld, by_both = (tuple(Language(code, chance) for chance in chances) for chances in sure)
    return Rule(
        letters.alien.get(code, 0),
        letters.borrowed.get(code, 0),
        letters.of(_RUSSIAN_LETTERS) if code == "ru" else 0,
        _ENOUGH_FOR_ELD.get(code, _NEVER),
        _ENOUGH_FOR_BOTH.get(code, _ENOUGH_FOR_OTHERS),
        _ENOUGH_IF_UNRELIABLE.get(code, _NEVER),
        by_eld,
        by_both,
    )
