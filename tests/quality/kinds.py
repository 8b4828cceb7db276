"""Labelled texts as people write them on a telephone: Turkish, Azerbaijani and Kurdish without their letters,
Russian in Latin ones. Made from the labelled texts, so that each kind has hundreds to measure on."""

from functools import cache

from tests.quality.labelled import Text, labelled

_ASCII = str.maketrans("çğıİöşüâîûêəÇĞÖŞÜÂÎÛÊƏ", "cgiIosuaiueeCGOSUAIUEE")
_SHARED = dict(zip("абвгдезиклмнопрстуф", "abvgdeziklmnoprstuf", strict=True))
#: Three of the ways in which Russian is written in Latin letters.
_WAYS = tuple(
    str.maketrans({**small, **{one.upper(): other.capitalize() for one, other in small.items()}})
    for way in (
        "ya yu yo zh h ts ch sh sch y e - y -",
        "ja ju jo zh h c ch sh shh y e ' j -",
        "ya yu e zh kh ts ch sh shch i e - i -",
    )
    for small in [_SHARED | dict(zip("яюёжхцчшщыэьйъ", way.replace("-", "").split(" "), strict=True))]
)
#: One in so many texts of the large languages is altered: kind, language, how many, which of them.
_CHOSEN = {
    "az": ("altered-az-ascii", 1),
    "ku": ("altered-ku-ascii", 1),
    "tr": ("altered-tr-ascii", 3),
    "ru": ("altered-ru-latin", 3),
}


@cache
def altered() -> tuple[Text, ...]:
    """Return altered texts: sentences and tweets, no single words."""
    found = []
    for text in labelled():
        kind, one_in = _CHOSEN.get(text.language, ("", 0))
        # Halved by its last bit, so chosen by others.
        if (
            not kind
            or "word" in text.source
            or text.source.startswith("llclass")
            or text.bucket // 2 % one_in
        ):
            continue
        way = _WAYS[text.bucket // 8 % len(_WAYS)] if text.language == "ru" else _ASCII
        found.append(Text(kind, text.language, text.text.translate(way), text.bucket))
    return tuple(found)
