"""Clean text: the letters of a post, without links, names, emoji and digits, which have no language."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sandik.counting.native import NATIVE

#: How many characters of the raw text are read, so that a 1 MB text costs no more than a long post. Enough
#: for a tweet after fifty @names, the most in a reply.
MAX_RAW_CHARS = 1_200

#: How many characters of clean text the models see: a tweet (280). More costs more and does not change
#: answers on Telegram posts.
MAX_CLEAN_CHARS = 300

#: Fewer letters are not enough evidence: "ok", "da", "ha".
MIN_LETTERS = 3

# Handles are ASCII on every network, and so are pasted links: `@ali与` ends before the ideograph. Each branch
# starts with a literal: three times as fast as with a leading \b.
_NOT_LANGUAGE = re.compile(
    r"https?\b[!-~]*|www\.[!-~]+|t\.co/[!-~]+|t\.me/[!-~]+|pic\.twitter\.com/[!-~]+"
    r"|@[A-Za-z0-9_.-]+|&#?[A-Za-z0-9]{1,8};"
)
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = re.compile(rf"(?:[^\W\d_][\W\d_]*){{{MIN_LETTERS}}}")  # stops at the last one it needs
_TURKISH_ONLY = re.compile("[İıĞğŞş]")
_INSIDE_WORDS = frozenset("'’-")
_SPACE = " "

# The table has what each character becomes: 0 if not looked up yet, _NOTHING, or a code point, plus _CAPITAL
# for capitals.
_NOTHING = 1
_END = 2  # of a text, where many are one array
_CAPITAL = 1 << 24
_POINT = _CAPITAL - 1
_TABLE = np.zeros(0x110000, np.uint32)

_Points = npt.NDArray[np.uint32]


def clean(texts: Sequence[str]) -> list[str]:
    """Return the words of each text with single spaces: at most `MAX_CLEAN_CHARS`, always valid UTF-8.

    A text mostly in capitals becomes small letters, because the models were trained on running text. A small
    Russian letter repeated three times or more becomes one (`даааа`), and a Latin `i` inside a Cyrillic word
    becomes the Cyrillic letter.
    """
    if not texts:
        return []
    found: tuple[list[str], list[int]] = CLEANER.clean([*texts]) if CLEANER else cleaned(texts)
    clean_texts, shouting = found
    for index in shouting:
        clean_texts[index] = lowered(clean_texts[index])
    return clean_texts


def cleaned(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return clean texts with their capitals, and the indices of those mostly in capitals."""
    normal = [
        unicodedata.normalize("NFKC", _NOT_LANGUAGE.sub(_SPACE, text[:MAX_RAW_CHARS]))[:MAX_RAW_CHARS]
        for text in texts
    ]
    points = _kept(normal)
    points = points[points != _NOTHING]
    capitals = points >= _CAPITAL
    points &= _POINT
    ends = np.flatnonzero(points == _END)
    starts = np.concatenate(([0], ends[:-1] + 1))
    letters = np.add.reduceat(points > ord(_SPACE), starts, dtype=np.intp)
    shouted = np.add.reduceat(capitals, starts, dtype=np.intp) * 2 > letters
    found = _squeezed(_with_cyrillic_i(points)).tobytes().decode("utf-32-le").split(chr(_END))
    return [text.strip()[:MAX_CLEAN_CHARS].rstrip() for text in found[:-1]], np.flatnonzero(shouted).tolist()


def has_enough_letters(cleaned: str) -> bool:
    """Return whether a clean text is long enough to determine its language."""
    start = cleaned[:MIN_LETTERS]  # nearly always enough, and cheaper
    return (len(start) == MIN_LETTERS and start.isalpha()) or _LETTERS.search(cleaned) is not None


def without_enough_letters(cleaned: Sequence[str]) -> set[int]:
    """Return the indices of clean texts that are too short to determine a language."""
    return {index for index, text in enumerate(cleaned) if not has_enough_letters(text)}


def has_a_letter(cleaned: str) -> bool:
    """Return whether a clean text has a letter."""
    return any(map(str.isalpha, cleaned))


def _kept(texts: Sequence[str]) -> _Points:
    """Return all characters of all texts as in the table, with an `_END` after each text."""
    joined = _SPACE.join([*texts, ""]).encode("utf-32-le", "surrogatepass")
    raw = np.frombuffer(joined, np.uint32)
    points: _Points = _TABLE[raw]
    if not points.all():
        for unknown in np.unique(raw[points == 0]).tolist():
            _TABLE[unknown] = _entry(chr(unknown))
        points = _TABLE[raw]
    points[np.cumsum([len(text) + 1 for text in texts]) - 1] = _END
    return points


def _entry(char: str) -> int:
    category = unicodedata.category(char)
    if category == "Cf" or "VARIATION SELECTOR" in unicodedata.name(char, ""):
        return _NOTHING  # zero-width characters are inside words, often to hide them
    if category[0] == "L" or category in ("Mn", "Mc") or char in _INSIDE_WORDS:
        return ord(char) + _CAPITAL * char.isupper()
    return ord(_SPACE)


def _with_cyrillic_i(points: _Points) -> _Points:
    """Replace a Latin i in Ukrainian and Belarusian words: `вiтаю`."""
    cyrillic = (points >= 0x400) & (points < 0x530)
    beside = np.zeros(len(points), np.bool_)
    beside[1:] = cyrillic[:-1]
    beside[:-1] |= cyrillic[1:]
    points[beside & (points == ord("i"))] = ord("і")
    points[beside & (points == ord("I"))] = ord("І")
    return points


def _squeezed(points: _Points) -> _Points:
    same = np.zeros(len(points) + 2, np.bool_)  # same[k]: character k equals the one before it
    same[1:-2] = points[1:] == points[:-1]
    again = same[:-2]
    run = again.copy()
    run[1:] &= same[:-3]
    run |= again & same[1:-1]
    small = (points >= ord("а")) & (points <= ord("я"))  # not in СССР
    kept: _Points = points[~(run & small | again & (points == ord(_SPACE)))]
    return kept


def lowered(text: str) -> str:
    """Return a clean text in small letters."""
    # 'İ'.lower() is i and a combining dot, which no model knows; and Turkish I is ı.
    if _TURKISH_ONLY.search(text):
        text = text.replace("I", "ı")
    return text.replace("İ", "i").lower()


#: What a character becomes, and in higher bits its properties: see native/src/cleaning.rs.
_IS_CAPITAL, _IS_NORMAL, _IS_WORD, _IS_KNOWN, _IS_LETTER, _IS_SPACE = (1 << bit for bit in range(21, 27))
_IS_PLAIN, _IS_CYRILLIC, _IS_LATIN_I, _IS_ALPHA = (1 << bit for bit in range(27, 31))
#: What `_NOT_LANGUAGE` begins with.
_BEGIN_LINKS = frozenset("hwtp@&")


def _about_character(char: str) -> int:
    entry = _entry(char)
    becomes = 0 if entry == _NOTHING else entry & (_IS_CAPITAL - 1)
    is_normal = _is_normal(char)
    return (
        _IS_KNOWN
        | becomes
        | _IS_CAPITAL * (entry >= _CAPITAL)
        | _IS_NORMAL * is_normal
        | _IS_WORD * (char.isalnum() or char == "_")
        | _IS_LETTER * (_LETTER.fullmatch(char) is not None)
        | _IS_SPACE * char.isspace()
        | _IS_PLAIN * (is_normal and char not in _BEGIN_LINKS)
        | _IS_CYRILLIC * ("\u0400" <= char < "\u0530")
        | _IS_LATIN_I * (char in "iI")
        | _IS_ALPHA * char.isalpha()
    )


def _is_normal(char: str) -> bool:
    """Return whether a character is its own normal form in any context, as most are.

    Marks, and some Korean letters, may combine with the letter before them.
    """
    is_mark = unicodedata.category(char)[0] == "M" or unicodedata.combining(char) > 0
    return not is_mark and not "\u1100" <= char <= "\u11ff" and unicodedata.is_normalized("NFKC", char)


CLEANER = (
    NATIVE.Cleaner(MAX_RAW_CHARS, MAX_CLEAN_CHARS, _about_character, unicodedata.normalize)
    if NATIVE
    else None
)
