"""A post's own words, without quotations: `Putin "мы не вмешиваемся" demiş` is Turkish."""

import re
from collections.abc import Sequence

# Short quotations are titles and mocked words; a very long one has lost a mark.
_SHORTEST, _LONGEST = 8, 300
#: Opening and closing marks. Few posts have any, so the opening marks are searched first.
_KINDS = ('"', '"'), ("“„", "”“"), ("«", "»")
_ANY_MARK = re.compile('["“„«]')
_QUOTED = re.compile(
    "|".join(f"[{first}][^{last}]{{{_SHORTEST},{_LONGEST}}}[{last}]" for first, last in _KINDS)
)
_LETTER = re.compile(r"[^\W\d_]")

#: Fewer own letters are not enough: `"…" (via @name)`.
MIN_OWN_LETTERS = 16
#: Without a sieve, the own words of a text decide with this probability.
CLEAR = 0.9
#: A quotation that is a smaller part of the text does not change its language.
_LARGE = 0.2
#: How many characters are inspected. A quotation after them changes nothing.
_MAX_CHARS = 1_200


def own_words_of_all(texts: Sequence[str]) -> dict[int, str]:
    """Return the own words of raw texts with quotations, by index."""
    return {index: own for index, text in enumerate(texts) if (own := own_words(text)) is not None}


def own_words(text: str) -> str | None:
    """Return a raw text without its quotations; None if they are a small part of it, or nearly all."""
    if not _ANY_MARK.search(text, 0, _MAX_CHARS):
        return None
    text = text[:_MAX_CHARS]
    own = _QUOTED.sub(" ", text)
    if len(own) > len(text) * (1 - _LARGE) or len(_LETTER.findall(own)) < MIN_OWN_LETTERS:
        return None
    return own


#: The tables for the compiled twin of `own_words`.
QUOTES = _KINDS, _SHORTEST, _LONGEST, 1 - _LARGE, MIN_OWN_LETTERS, _MAX_CHARS
