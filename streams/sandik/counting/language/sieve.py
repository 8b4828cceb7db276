"""Settles nine posts in ten with two models: what ELD says, and whether CLD2 agrees."""

import re
from collections.abc import Sequence

from sandik.counting.language.cld2 import Cld2Model
from sandik.counting.language.detector import Language
from sandik.counting.language.eld import EldModel
from sandik.counting.language.letter_evidence import Letters, Marks
from sandik.counting.language.scores import length_class

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


class Sieve:
    """Asks ELD about all texts, and CLD2 about some. `sure`: the confidence of their answers."""

    def __init__(self, eld: EldModel, cld2: Cld2Model, letters: Letters, sure: Sure) -> None:
        self._eld, self._cld2 = eld, cld2
        self._alien, self._borrowed = letters.alien, letters.borrowed
        self._latin = letters.scripts["latin"]
        self._others = sum(bit for script, bit in letters.scripts.items() if script != "latin")
        self._russian = letters.of(_RUSSIAN_LETTERS)
        self._by_eld, self._by_both = sure

    def settled(self, texts: Sequence[str], marks: Marks) -> list[Language | None]:
        """Return the language of each clean text; None where the two are not enough."""
        alien, latin, others = self._alien, self._latin, self._others
        answers: list[Language | None] = []
        # A loop, not a call each: this is asked of every post.
        for text, found, has in zip(texts, self._eld.quick(texts), marks.tolist(), strict=True):
            code, letters = found.language, len(text) - text.count(" ")
            if has & alien.get(code, 0) or (has & latin and has & others and _is_mixed(text, letters)):
                answers.append(None)
            elif (
                found.reliable
                and letters >= _ENOUGH_FOR_ELD.get(code, _NEVER)
                and not has & self._borrowed.get(code, 0)
            ):
                answers.append(Language(code, self._by_eld[length_class(letters)]))
            else:
                answers.append(self._with_more(text, code, letters, has, is_reliable=found.reliable))
        return answers

    def _with_more(
        self, text: str, code: str, letters: int, has: int, *, is_reliable: bool
    ) -> Language | None:
        """Return the language if a letter that only Russian has speaks for it, or CLD2 does."""
        if is_reliable:
            enough = _ENOUGH_FOR_BOTH.get(code, _ENOUGH_FOR_OTHERS)
        else:
            enough = _ENOUGH_IF_UNRELIABLE.get(code, _NEVER)
        if code == "ru" and letters >= _ENOUGH_RUSSIAN and has & self._russian:
            return Language(code, self._by_eld[length_class(letters)])
        if letters < enough or next(iter(self._cld2.shares(text)), None) != code:
            return None
        return Language(code, self._by_both[length_class(letters)])
