"""Words that were cut off, as in old retweets ("erken seçi…"): their beginning counts if it is long enough.

It is long enough with five letters, three of them of the cut word, if at most two letters are missing from a
form of the lexicon of one or two words. The form with the fewest missing letters is taken; of equal ones, the
first in alphabetical order.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sandik.counting.tags.alphabet import fold_batch

SIGN = "…"
_MIN_LETTERS, _MIN_OF_WORD, _MAX_MISSING = 5, 3, 2
#: Of UTF-8, no byte is as large.
_BEHIND_ALL = b"\xff"
#: How far back from the sign is searched.
_LOOK_CHARACTERS = 60
#: What the compiled part is told of this.
LIMITS = _MIN_LETTERS, _MIN_OF_WORD, _MAX_MISSING, _LOOK_CHARACTERS


class Cut(NamedTuple):
    """A cut word: which text, start, end, and the kind of the pattern it was cut from."""

    text: int
    start: int
    end: int
    kind: int


class InOrder(NamedTuple):
    """Patterns in alphabetical order, as one string of bytes: of UTF-8 that is the order of characters."""

    text: bytes
    #: Where each ends (the first number is 0), its kind, and whether it is one in hashtags only: as arrays.
    bounds: bytes
    kinds: bytes
    in_hashtags: bytes
    #: By the first letters of patterns, the place of the first that begins so.
    openings: dict[str, int]


def in_order(
    patterns: Sequence[str], known: Iterable[int], hashtags_from: int, kind_of: Sequence[int]
) -> InOrder:
    """Return those patterns whose numbers are `known`; from `hashtags_from` on they are in hashtags only.

    No other copy of them is made on the way: it would be tens of megabytes, and leave holes as large.
    """
    numbers = sorted(known, key=patterns.__getitem__)
    text, bounds = bytearray(), array("I", [0])
    openings: dict[str, int] = {}
    for place, number in enumerate(numbers):
        pattern = patterns[number]
        text += pattern.encode()
        bounds.append(len(text))
        if len(pattern) >= _MIN_LETTERS:
            openings.setdefault(pattern[:_MIN_LETTERS], place)
    kinds = array("I", [kind_of[number] for number in numbers])
    in_hashtags = bytes(number >= hashtags_from for number in numbers)
    return InOrder(bytes(text), bounds.tobytes(), kinds.tobytes(), in_hashtags, openings)


#: A tail of a text that may be cut off: index of the text, start, end, is it a hashtag, and it folded.
Tail = tuple[int, int, int, bool, str]


class CutWords:
    """Finds cut patterns."""

    def __init__(self, patterns: InOrder) -> None:
        self._text, self._in_hashtags, self._openings = patterns.text, patterns.in_hashtags, patterns.openings
        self._bounds, self._kinds = array("I", patterns.bounds), array("I", patterns.kinds)

    def find(self, texts: Sequence[str]) -> list[Cut]:
        """Return the cut words in texts, in text order."""
        found: dict[tuple[int, int], Cut] = {}
        known: dict[tuple[str, bool], int | None] = {}  # a text may be a megabyte of one cut word
        for index, start, end, is_hashtag, folded in self._tails(texts):
            tail = folded, is_hashtag
            if tail not in known:
                known[tail] = self._cut_from(folded.rstrip(), in_hashtag=is_hashtag)
            if (kind := known[tail]) is not None:
                found.setdefault((index, end), Cut(index, start, end, kind))
        return [*found.values()]

    def _tails(self, texts: Sequence[str]) -> list[Tail]:
        """Return the tails that begin as a pattern does, text by text."""
        with_sign = [(index, text) for index, text in enumerate(texts) if SIGN in text]
        tails = [(index, *tail) for index, text in with_sign for tail in _tails_of(text)]
        if not tails:
            return []
        # All at once: folding is cheap for many texts, not for one.
        batch = fold_batch([texts[index][start:end] for index, start, end, _ in tails])
        each = zip(tails, batch.folded[1:-2].split("\n"), strict=True)
        return [(*tail, folded) for tail, folded in each if folded[:_MIN_LETTERS] in self._openings]

    def _cut_from(self, beginning: str, *, in_hashtag: bool) -> int | None:
        letters = len(beginning) - beginning.rfind(" ") - 1
        is_enough = len(beginning) >= _MIN_LETTERS and letters >= _MIN_OF_WORD
        return self._longer(beginning, in_hashtag=in_hashtag) if is_enough else None

    def _longer(self, beginning: str, *, in_hashtag: bool) -> int | None:
        start = beginning.encode()
        among = range(self._openings[beginning[:_MIN_LETTERS]], len(self._kinds))
        place = among.start + bisect_left(among, start, key=self._pattern)
        best: tuple[int, int] | None = None
        while place < among.stop and (form := self._pattern(place)).startswith(start):
            text = form.decode()
            missing = len(text) - len(beginning)
            if not missing:
                return None  # not cut: counts by itself
            if missing > _MAX_MISSING:  # as are all that begin with the same letters
                after = text[: len(beginning) + _MAX_MISSING + 1].encode() + _BEHIND_ALL
                place = bisect_left(among, after, place - among.start, key=self._pattern) + among.start
                continue
            is_known = in_hashtag or not self._in_hashtags[place]
            if is_known and (best is None or missing < best[0]):
                best = missing, self._kinds[place]
            place += 1
        return best[1] if best else None

    def _pattern(self, place: int) -> bytes:
        return self._text[self._bounds[place] : self._bounds[place + 1]]


def _tails_of(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the last word and the last two words before each sign: start, end, is it a hashtag."""
    end = text.find(SIGN)
    while end >= 0:
        first = max(0, end - _LOOK_CHARACTERS)
        start = text.rfind(" ", first, end) + 1
        if start < end and (start or not first):
            before = text[start]
            if before in "#＃":
                yield start + 1, end, True
            elif before not in "@＠" and not _has_signs(text, start, end):
                yield start, end, False
                if start > 1 and (earlier := text.rfind(" ", first, start - 1) + 1 or not first):
                    yield int(earlier) if earlier is not True else 0, end, False
        end = text.find(SIGN, end + 1)


def _has_signs(text: str, start: int, end: int) -> bool:
    """Return whether it may be a link, which is not a word."""
    return any(text.find(sign, start, end) >= 0 for sign in "/.:")
