"""Where words begin and end: in running text, and in hashtags, which join several words.

Words are separated by anything but a letter or digit, and by a change between the two: Election2016. In a
#hashtag, a capital after a small letter also separates (#SandığaSahipÇık, #YSKSeçim). In hashtags without
capitals, a long form matches at either end (#secimsonuclari, #votersuppression). Links and @names contain no
words.
"""

import re
from bisect import bisect_right
from enum import StrEnum
from itertools import chain

import numpy as np
import numpy.typing as npt

from sandik.counting.tags.alphabet import FoldedBatch

#: The shortest form that matches at one end of a hashtag, whatever it is joined to. Shorter forms are too
#: often part of other words: #pollution, #циклон, #obamaday.
MIN_GLUED = 5

#: Links and names contain no words; hashtags contain several. \w leaves out accents written as characters of
#: their own, as some systems do.
_LETTERS = r"[\w\u0300-\u036f\u064b-\u065f\u0670]+"
#: Top-level domains that make a link alone, and those that make one only with a path: seçim.be and oy.me are
#: also words.
_DOMAINS = tuple("com org net edu gov info ru su рф".split())  # noqa: SIM905
_BEHIND = {"tr": ("com", "gov", "org", "edu"), "uk": ("co",)}
_WITH_PATH = tuple(
    (  # noqa: SIM905
        "tr me be ly co io tv gl gd gg fm am ee cc to do la li id in is it im ws st sh re us uk de fr es nl"
        " se no pl cz at ch eu by kz az ua kg uz md ge rs bg gr il iq ir sy sa ae qa eg cn jp kr br mx ca au"
        " nz app dev link news live page site online xyz club shop blog press media today social pub top"
        " pro biz int mobi name world space"
    ).split()
)
_BEHIND_OTHERS = (
    "(?:" + "|".join(rf"(?<={other}\.)" for other in others) + ")" + domain
    for domain, others in _BEHIND.items()
)
_LINK = (
    r"(?:https?://|www\.)\S+|(?<![\w.@-])(?:[\w-]++\.(?=\w))++"
    rf"(?:(?:{'|'.join([*_DOMAINS, *_BEHIND_OTHERS])})(?![\w-])(?:[/?]\S*)?|(?:{'|'.join(_WITH_PATH)})/\S+)"
)
_MARKUP = re.compile(rf"{_LINK}|[@＠]\w+|[#＃](?P<hashtag>{_LETTERS})", re.IGNORECASE)
#: Every link, name or hashtag has one of these.
_SIGNS = re.compile(r"[#＃@＠:]|\.\w")
_JOINING = "'’`´"
_COUNTED = re.compile(rf"{_LINK}|[@＠]\w+|(?P<word>{_LETTERS}(?:[{_JOINING}]{_LETTERS})*)", re.IGNORECASE)
#: Short words left in small letters in #CapitalsPartWords, joined to the word before: #ВыборывТурции.
_SMALL_WORDS = tuple(
    "в с к у о и а во на по за из от до об со не для при про над под та з і й ve ile da de ta te mi mı"  # noqa: SIM905
    " of in on at for to the and by is und der die das im zur və".split()
)
_NO_MORE = "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґçğıöşüə"
_SMALL = re.compile(f"(?:{'|'.join(_SMALL_WORDS)})(?![{_NO_MORE}])")

#: How many characters of a hashtag are inspected at once.
_SHORT = 64

Places = npt.NDArray[np.intp]


class Refusal(StrEnum):
    """Why a form in a text does not count there."""

    INSIDE_WORD = "is part of a longer word"
    IN_LINK_OR_NAME = "stands in a link or an @name"
    NOT_IN_HASHTAG = "is written without its spaces, which counts only in hashtags"
    UNSURE_IN_HASHTAG = "is glued to other letters of a hashtag, and needs company"
    OTHER_LANGUAGE = "counts only in posts of another language"
    OUT_OF_DAYS = "counts only in posts of other days"
    BELOW_OPENING = "stands too far down, and no term of its tag further up"
    CONDITION = "its conditions do not hold"
    ALONE = "counts only beside a term that counts by itself"
    TRAPPED = "is taken by a trap"
    COVERED = "is covered by another term"
    OTHERWISE_TAGGED = "is not asked: a term or a trap of its tag is there"


class Edge:
    """What separates words at a position: nothing, capitals (in hashtags only), or anything else."""

    NONE, CAPITAL, WORD = range(3)


#: Properties of a character, as bits; 0 until they are first looked up.
_BITS = _KNOWN, _ALNUM, _DIGIT, _LOWER, _UPPER = 1, 2, 4, 8, 16
_KINDS = np.zeros(0x110000, np.uint8)


def edges(batch: FoldedBatch, at: Places, before: Places, after: Places) -> npt.NDArray[np.uint8]:
    """Return what separates the folded characters `at` from the ones before, for many positions.

    `before` and `after`: the characters of the original text that became these two.
    """
    left, right, behind = (_kinds(batch.codes.take(places)) for places in (before, after, after + 1))
    is_word = _kinds(batch.letters.take(at - 1)) & _kinds(batch.letters.take(at)) & _ALNUM == 0
    is_word |= (left ^ right) & _DIGIT > 0
    # A capital after a small letter, or the end of an acronym: YSK|Seçim.
    is_capital = (right & _UPPER > 0) & ((left & _LOWER > 0) | (left & _UPPER > 0) & (behind & _LOWER > 0))
    found: npt.NDArray[np.uint8] = np.where(is_word, Edge.WORD, is_capital * Edge.CAPITAL)
    return found


def _kinds(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    kinds = _KINDS.take(codes)
    if not kinds.all():
        for code in set(codes[kinds == 0].tolist()):
            char = chr(code)
            answers = (True, char.isalnum(), char.isdigit(), char.islower(), char.isupper())
            _KINDS[code] = sum(bit * answer for bit, answer in zip(_BITS, answers, strict=True))
        kinds = _KINDS.take(codes)
    return kinds


def may_have_markup(text: str) -> bool:
    """Return whether a text can have a link, a name or a hashtag."""
    return _SIGNS.search(text) is not None


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return the positions of words as counted by a reader: a hashtag is one; links and @names are none."""
    return [found.span() for found in _COUNTED.finditer(text) if found.lastgroup]


class Markup:
    """Finds links, names and hashtags in one text.

    None of them contains a space, so only the characters between two spaces are inspected, on demand: most of
    a text never is. Requests come almost from left to right, so only the last result is kept, and only
    positions, not texts: a hashtag may be a megabyte.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._from = self._to = 0
        self._found: list[re.Match[str]] = []
        #: Start and end of the last one with a form inside, and whether it is a hashtag.
        self._begins = self._ends = 0
        self._is_hashtag = False
        self._run_from = self._run_to = 0
        self._run_has_capitals = False

    def refusal(self, begin: int, last: int, outside: Refusal | None, *, is_glued: bool) -> Refusal | None:
        """Return why the form at `begin`..`last` does not count. `outside`: the reason outside hashtags."""
        if not (self._begins <= begin < self._ends or self._is_inside(begin)):
            return outside
        if not self._is_hashtag:
            return Refusal.IN_LINK_OR_NAME
        is_parted = not (is_glued and self._has_capitals(begin)) or self._is_before_small_word(begin, last)
        return None if last < self._ends and is_parted else outside

    def _is_inside(self, at: int) -> bool:
        if not self._from <= at < self._to:
            self._from = self._text.rfind(" ", 0, at) + 1
            end = self._text.find(" ", at)
            self._to = end if end >= 0 else len(self._text)
            self._found = [*_MARKUP.finditer(self._text, self._from, self._to)]
        place = bisect_right(self._found, at, key=re.Match.start) - 1
        if place < 0 or at >= self._found[place].end():
            return False
        self._begins, self._ends = self._found[place].span()
        self._is_hashtag = self._found[place].lastgroup is not None
        return True

    def _has_capitals(self, at: int) -> bool:
        """Return whether capitals separate words in the run of letters around `at`."""
        if not self._run_from <= at < self._run_to:
            first, end = self._run(at)
            run = self._text[first:end]
            self._run_has_capitals = not (run[1:] == run[1:].lower() or run == run.upper())
            self._run_from, self._run_to = first, max(end, at + 1)
        return self._run_has_capitals

    def _is_before_small_word(self, begin: int, last: int) -> bool:
        text = self._text
        starts = text[begin].isupper() or begin - 1 == self._begins
        return starts and _SMALL.match(text, last + 1, self._ends) is not None

    def _run(self, at: int) -> tuple[int, int]:
        text, begins, ends = self._text, self._begins + 1, self._ends
        if begins <= at and ends - begins <= _SHORT and text[begins:ends].isalpha():
            return begins, ends  # as in most hashtags: one look
        first = end = at
        while first and text[first - 1].isalpha():
            first -= 1
        while end < len(text) and text[end].isalpha():
            end += 1
        return first, end


#: What a domain's name has in this place, and above that what a character is: see native/src/markup.rs.
_IS_WORD, _IS_LETTER, _IS_SPACE, _IS_ALPHA, _IS_UPPER, _IS_NOT_SMALL, _IS_NOT_CAPITAL, _IS_KNOWN = (
    1 << bit for bit in range(21, 29)
)
_NAMED = sorted(set("".join(("https", "www", *_DOMAINS, *_WITH_PATH, *_BEHIND, *chain(*_BEHIND.values())))))


def markup_rules() -> tuple[object, ...]:
    """Return the tables for the compiled twin of `Markup` and `word_spans`."""
    behind = [(domain, list(others)) for domain, others in _BEHIND.items()]
    return (
        [*_DOMAINS],
        behind,
        [*_WITH_PATH],
        [*_SMALL_WORDS],
        _NO_MORE,
        _JOINING,
        _about_character,
    )


def _about_character(char: str) -> int:
    named = next((letter for letter in _NAMED if re.fullmatch(letter, char, re.IGNORECASE)), char)
    return (
        _IS_KNOWN
        | ord(named)
        | _IS_WORD * (re.fullmatch(r"\w", char, re.IGNORECASE) is not None)
        | _IS_LETTER * (re.fullmatch(_LETTERS, char, re.IGNORECASE) is not None)
        | _IS_SPACE * (re.fullmatch(r"\s", char, re.IGNORECASE) is not None)
        | _IS_ALPHA * char.isalpha()
        | _IS_UPPER * char.isupper()
        | _IS_NOT_SMALL * (char != char.lower())
        | _IS_NOT_CAPITAL * (char != char.upper())
    )
