"""Clean text: the letters of a post, without what is in no language (links, names, emoji, digits)."""

import re
import unicodedata

#: Characters of the raw text that are read, so that a 1 MB text costs no more than a long post. There is room
#: for a whole tweet behind fifty @names, the most a reply carries.
MAX_RAW_CHARS = 1_200

#: Characters of clean text the models see: a whole tweet (280). Beyond it the cost still grows with every
#: character, and the answer on Telegram posts no longer changes.
MAX_CLEAN_CHARS = 300

#: Fewer letters than this are no evidence: "ok", "da", "ha".
MIN_LETTERS = 3

# Handles are ASCII on every network, and so are links as they are pasted: `@ali与` ends before the ideograph.
# Every branch starts with a literal, which makes the search three times as fast as with a \b in front.
_NOT_LANGUAGE = re.compile(
    r"https?\b[!-~]*|www\.[!-~]+|t\.co/[!-~]+|t\.me/[!-~]+|pic\.twitter\.com/[!-~]+"
    r"|@[A-Za-z0-9_.-]+|&#?[A-Za-z0-9]{1,8};"
)
_LETTERS = re.compile(rf"(?:[^\W\d_][\W\d_]*){{{MIN_LETTERS}}}")  # stops at the last one it needs
_TURKISH_ONLY = re.compile("[İıĞğŞş]")
_INSIDE_WORDS = frozenset("'’-")
_SPACE = " "
_NOTHING = ""


class _Keep(dict[int, str]):
    """For `str.translate`: letters, their marks and `'’-` stay, the rest becomes space. Filled when asked."""

    def __missing__(self, code_point: int) -> str:
        char = chr(code_point)
        category = unicodedata.category(char)
        if category == "Cf" or "VARIATION SELECTOR" in unicodedata.name(char, ""):
            kept = _NOTHING  # zero-width characters sit inside words, often to hide them
        elif category[0] == "L" or category in ("Mn", "Mc") or char in _INSIDE_WORDS:
            kept = char
        else:
            kept = _SPACE
        self[code_point] = kept
        return kept


_KEEP = _Keep()


def clean(text: str) -> str:
    """Return the words of `text`, one space between them: at most `MAX_CLEAN_CHARS`, always valid UTF-8.

    A text mostly in capitals comes back in small letters: the models were trained on running text.
    """
    text = unicodedata.normalize("NFKC", _NOT_LANGUAGE.sub(_SPACE, text[:MAX_RAW_CHARS]))
    text = _SPACE.join(text[:MAX_RAW_CHARS].translate(_KEEP).split())[:MAX_CLEAN_CHARS]
    return _lowered(text) if _is_shouted(text) else text


def has_enough_letters(cleaned: str) -> bool:
    """Whether there is enough in a clean text to name its language."""
    return _LETTERS.search(cleaned) is not None


def _is_shouted(text: str) -> bool:
    return not text.islower() and sum(map(str.isupper, text)) > len(text) // 2


def _lowered(text: str) -> str:
    # 'İ'.lower() is an i and a combining dot, which no model has met; and Turkish I is ı.
    if _TURKISH_ONLY.search(text):
        text = text.replace("I", "ı")
    return text.replace("İ", "i").lower()
