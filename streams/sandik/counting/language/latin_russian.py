"""Russian in Latin letters, transliterated to Cyrillic for a model that knows only that."""

import re

from sandik.counting.language.eld import EldModel

# The most common transliterations on telephones, the longest first. Ambiguous ones get the more likely
# reading.
_PAIRS = (
    "shch щ sch щ shh щ zh ж kh х ts ц ch ч sh ш yu ю ju ю iu ю ya я ja я ia я yo ё jo ё ye е je е"
    " iy ий ij ий yy ый yj ый ay ай aj ай ey ей ej ей oy ой oj ой uy уй uj уй"
    " a а b б v в g г d д e е z з i и j й k к l л m м n н o о p п r р"
    " s с t т u у f ф h х c ц y ы w в x х q к '"
)
_WORDS = _PAIRS.split(" ")
_CYRILLIC = dict(zip(_WORDS[::2], [*_WORDS[1::2], "ь"], strict=True))
#: From this number of characters on, this ELD score for Russian is enough: three of four such texts reach it,
#: and hardly any other text in Latin letters.
_LIKE_RUSSIAN = ((18, 0.84), (9, 0.885))
_LATIN = re.compile("|".join(sorted(_CYRILLIC, key=len, reverse=True)))


def in_cyrillic(text: str) -> str:
    """Return a Latin text transliterated to Cyrillic as Russian; other characters are not changed."""
    return _LATIN.sub(lambda found: _CYRILLIC[found[0]], text.lower())


def is_like_russian(text: str, eld: EldModel) -> bool:
    """Return whether ELD scores the Cyrillic form of a Latin text as high as only Russian."""
    needed = next((score for chars, score in _LIKE_RUSSIAN if len(text) >= chars), None)
    return needed is not None and eld.scores(in_cyrillic(text))[0].get("ru", 0.0) >= needed


#: The tables for the compiled twin of `is_like_russian`.
LATIN_RUSSIAN = [*_LIKE_RUSSIAN], _CYRILLIC, in_cyrillic
