"""A text -> its words, without what copies of a text differ by. Pure."""

import re

_NOISE = re.compile(r"^rt\s+@\w+:?|https?://\S+|www\.\S+|@\w+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Return the words in their order, small, without links, names of accounts and `RT @name:`.

    A Turkish capital İ becomes i; I becomes i as well, because a text does not say whether it is Turkish.
    """
    return _WORD.findall(_NOISE.sub(" ", text.strip()).replace("İ", "i").lower())
