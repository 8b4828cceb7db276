"""A text -> its words, without differences between copies. Pure."""

import re

_NOISE = re.compile(r"^rt\s+@\w+:?|https?://\S+|www\.\S+|@\w+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Return the words in order, in small letters, without links, account names and `RT @name:`.

    Both İ and I become i, because the text may or may not be Turkish.
    """
    return _WORD.findall(_NOISE.sub(" ", text.strip()).replace("İ", "i").lower())
