"""A post's own words, without what it quotes: `Putin "мы не вмешиваемся" demiş` is Turkish."""

import re
from collections.abc import Sequence

# Short quotations are titles and mocked words, and what is longer than any has lost a mark.
_SHORTEST, _LONGEST = 8, 300
#: Marks that open and close. The first ones are asked for first: few posts have any.
_KINDS = ('"', '"'), ("“„", "”“"), ("«", "»")
_ANY_MARK = re.compile('["“„«]')
_QUOTED = re.compile(
    "|".join(f"[{first}][^{last}]{{{_SHORTEST},{_LONGEST}}}[{last}]" for first, last in _KINDS)
)
_LETTER = re.compile(r"[^\W\d_]")

#: Fewer letters of its own say nothing: `"…" (via @name)`.
MIN_OWN_LETTERS = 16
#: Where there is no sieve, a text's own words are the answer if they are as clear as this.
CLEAR = 0.9
#: A quotation that is a smaller part of the text does not decide its language.
_LARGE = 0.2
#: Characters that are looked at: a quotation behind them changes nothing.
_MAX_CHARS = 1_200


def own_words_of_all(texts: Sequence[str]) -> dict[int, str]:
    """Return the own words of raw texts, by index, of those that have some."""
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


#: What the compiled twin of `own_words` is told.
QUOTES = _KINDS, _SHORTEST, _LONGEST, 1 - _LARGE, MIN_OWN_LETTERS, _MAX_CHARS
