"""One folded alphabet for lexicon and posts, so that different spellings of a word match.

Every character becomes one folded character or none, never two. So the way back to the original text is a
plain index, and numpy can fold a whole batch by table look-up, in a fifth of the time of `str.translate` for
Russian or Turkish.
"""

import unicodedata
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

#: Raise it whenever a text may fold differently: it is part of the lexicon's version.
FOLD_VERSION = 2

_DROPPED = 0
#: In the table; 0 is a character that was not looked up yet.
_NOTHING = 0xFFFFFFFF
_SPACE = ord(" ")
_SEPARATOR = ord("\n")  # no character folds to it: white space becomes a space, control characters vanish
_APOSTROPHES = "'’‘‛ʼʹ`´′＇"
_HYPHENS = "-‐‑‒–—―−﹣－"
#: Cyrillic letters that look like a Latin one (in either case, hence в and н), and the letter that both
#: become. No two Cyrillic letters share a target, so Russian words stay distinct.
_LOOK_ALIKES = dict(zip("авеёкмнорстухіјѕԁԛԝһӏ", "abeekmhopctyxijsdqwhl", strict=True))
#: Arabic letters that are used for each other, and those of neighbouring keyboards. Alef with hamza is not
#: listed: the hamza is an accent, and accents are dropped.
_ARABIC = {"ٱ": "ا", "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك"}
_EXCEPTIONS = {"ı": "i", "_": " "} | _ARABIC | dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-")
#: Only stretches an Arabic word visually; Unicode calls it a letter.
_TATWEEL = "ـ"

#: What a character folds to, and in higher bits its properties: see native/src/finding.rs.
_ALNUM_FOLDED, _DIGIT, _LOWER, _UPPER, _KNOWN = (1 << bit for bit in range(21, 26))


class FoldedBatch(NamedTuple):
    """The texts of a batch, folded into one string, each between two line breaks.

    `breaks` are the indices of the line breaks in `folded`, so text n begins at `breaks[n] + 1`. `joined`
    holds the original texts, with the same line breaks around them; `origin[i]` is the index, in `joined`, of
    the character that became `folded[i]`. `letters` and `codes` are the code points of `folded` and `joined`.
    """

    folded: str
    breaks: list[int]
    joined: str
    origin: npt.NDArray[np.intp]
    letters: npt.NDArray[np.uint32]
    codes: npt.NDArray[np.uint32]

    @property
    def starts(self) -> npt.NDArray[np.intp]:
        """Return where each text begins in `joined`."""
        return self.origin.take(self.breaks) + 1


def fold(text: str) -> str:
    """Return `text` in the folded alphabet. Never longer, idempotent, never an error."""
    folded = "".join(map(_LETTERS.__getitem__, text))
    while "  " in folded:
        folded = folded.replace("  ", " ")
    return folded


def fold_batch(texts: list[str]) -> FoldedBatch:
    """Fold many texts at once. Runs of white space become one space, so a line break can end a word."""
    joined = "\n" + "\n".join(texts) + "\n\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    letters = _TABLE.take(codes)
    if not letters.all():
        for code in set(codes[letters == 0].tolist()):
            _TABLE[code] = fold_code(code) or _NOTHING
        letters = _TABLE.take(codes)
    ends = np.cumsum(np.fromiter(map(len, texts), np.intp, len(texts)) + 1)
    letters[0] = letters[-1] = letters[ends] = _SEPARATOR
    origin = np.arange(len(letters))
    letters, origin = _without_extra_spaces(letters, origin)
    folded = letters.tobytes().decode("utf-32-le")
    if "  " in folded:  # there was something to drop between two spaces
        letters, origin = _without_extra_spaces(letters, origin)
        folded = letters.tobytes().decode("utf-32-le")
    breaks = np.flatnonzero(letters == _SEPARATOR).tolist()
    return FoldedBatch(folded, breaks, joined, origin, letters, codes)


def _without_extra_spaces(
    letters: npt.NDArray[np.uint32], origin: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
    """Return both without dropped characters and repeated spaces."""
    kept = letters != _NOTHING
    is_space = letters == _SPACE
    kept[1:] &= ~(is_space[1:] & is_space[:-1])
    at = np.flatnonzero(kept)
    return letters.take(at), origin.take(at)


def fold_code(code: int) -> int:
    """Return the code point that a character becomes, 0 if it is dropped."""
    character = chr(code)
    if character.isspace() or character == "\0":
        return _SPACE
    if unicodedata.category(character) == "Cs":
        return 0xFFFD  # half of a pair: broken JSON escapes bring it, and no automaton takes it
    if character in _EXCEPTIONS:
        return ord(_EXCEPTIONS[character])
    # Format characters (zero width, direction, soft hyphen), controls, variation selectors and accents are
    # not letters to a reader.
    if unicodedata.category(character) in ("Cf", "Cc") or unicodedata.combining(character):
        return _DROPPED
    if 0xFE00 <= code <= 0xFE0F or character == _TATWEEL:
        return _DROPPED
    parts = [part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)]
    # A character for several letters (a ligature, a Hangul syllable) is not changed: one in, one out.
    letter = parts[0] if len(parts) == 1 else character
    lower = letter.lower()
    letter = lower if len(lower) == 1 else letter
    if letter != character:
        return fold_code(ord(letter))  # again, so that folding twice changes nothing
    return ord(_LOOK_ALIKES.get(letter, letter))


def about_character(character: str) -> int:
    """Return what the compiled part asks of each character: what it folds to, and what it is, as bits."""
    folded = fold_code(ord(character))
    return (
        _KNOWN
        | folded
        | _ALNUM_FOLDED * chr(folded).isalnum()
        | _DIGIT * character.isdigit()
        | _LOWER * character.islower()
        | _UPPER * character.isupper()
    )


# Filled on demand: all of Unicode would take a second at start-up. Zeros take no memory, so unknown
# characters are 0, and dropped ones are not.
_TABLE = np.zeros(0x110000, np.uint32)


class _Letters(dict[str, str]):
    """What a character becomes, for a single text: numpy's overhead would be ten times as long."""

    def __missing__(self, char: str) -> str:
        code = fold_code(ord(char))
        self[char] = letter = chr(code) if code else ""
        return letter


_LETTERS = _Letters()
