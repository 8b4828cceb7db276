"""Russian in Latin letters, put back into Cyrillic ones for a model that knows Russian in those."""

import re

from sandik.counting.language.eld import EldModel

# The commonest ways to write it on a telephone, the longest first. What has two readings gets the likelier
# one.
_PAIRS = (
    "shch щ sch щ shh щ zh ж kh х ts ц ch ч sh ш yu ю ju ю iu ю ya я ja я ia я yo ё jo ё ye е je е"
    " iy ий ij ий yy ый yj ый ay ай aj ай ey ей ej ей oy ой oj ой uy уй uj уй"
    " a а b б v в g г d д e е z з i и j й k к l л m м n н o о p п r р"
    " s с t т u у f ф h х c ц y ы w в x х q к '"
)
_WORDS = _PAIRS.split(" ")
_CYRILLIC = dict(zip(_WORDS[::2], [*_WORDS[1::2], "ь"], strict=True))
#: From so many characters on, this score of ELD's for Russian is enough: three in four such texts have it,
#: and hardly another one in Latin letters does.
_LIKE_RUSSIAN = ((18, 0.84), (9, 0.885))
_LATIN = re.compile("|".join(sorted(_CYRILLIC, key=len, reverse=True)))


def in_cyrillic(text: str) -> str:
    """Return a text in Latin letters as Russian would be written in its own; other characters stay."""
    return _LATIN.sub(lambda found: _CYRILLIC[found[0]], text.lower())


def is_like_russian(text: str, eld: EldModel) -> bool:
    """Whether a text in Latin letters, put into Cyrillic ones, has a score of ELD's that only Russian has."""
    needed = next((score for chars, score in _LIKE_RUSSIAN if len(text) >= chars), None)
    return needed is not None and eld.scores(in_cyrillic(text))[0].get("ru", 0.0) >= needed


#: What the compiled twin of `is_like_russian` is told.
LATIN_RUSSIAN = [*_LIKE_RUSSIAN], _CYRILLIC, in_cyrillic
