"""What a model knows words by: their first letters, folded, without signs around them."""

import re

STEM_LETTERS = 6
#: A word of a folded text begins with its first letter or digit. What parts words is a space.
_STEM = re.compile(rf"(?:(?<= )|^)[^\w ]*(\w[^ ]{{0,{STEM_LETTERS - 1}}})")


def stems_of(folded: str) -> list[str]:
    """Return the stems of the words of a folded text, in text order."""
    return [stem if stem[-1].isalnum() else trimmed(stem) for stem in _STEM.findall(folded)]


def trimmed(word: str) -> str:
    """Return a word without what follows its last letter or digit. It begins with one."""
    end = len(word)
    while not word[end - 1].isalnum():
        end -= 1
    return word[:end]
