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
#: How far back from the sign is searched.
_LOOK_CHARACTERS = 60


class Cut(NamedTuple):
    """A cut word: text, start, end, and the number of its pattern."""

    text: int
    start: int
    end: int
    pattern: int


class CutWords:
    """Finds cut patterns."""

    def __init__(self, patterns: Sequence[str], known: Iterable[int], hashtags_from: int) -> None:
        """Take patterns, and the numbers of those to find; from `hashtags_from` on they are in hashtags only.

        They are kept as one sorted string of bytes: UTF-8 sorts like characters. No other copy is made,
        because it would take tens of megabytes and fragment memory as much.
        """
        self._numbers = array("I", sorted(known, key=patterns.__getitem__))
        self._bounds = array("I", [0])
        self._hashtags_from = hashtags_from
        text = bytearray()
        #: First letters of patterns -> their range in the sorted order.
        self._openings: dict[str, range] = {}
        for place, number in enumerate(self._numbers):
            pattern = patterns[number]
            text += pattern.encode()
            self._bounds.append(len(text))
            if len(pattern) >= _MIN_LETTERS:
                before = self._openings.get(pattern[:_MIN_LETTERS], range(place, place))
                self._openings[pattern[:_MIN_LETTERS]] = range(before.start, place + 1)
        self._text = bytes(text)

    def find(self, texts: Sequence[str]) -> list[Cut]:
        """Return the cut words in texts, in text order."""
        tails = [(index, *tail) for index, text in enumerate(texts) if SIGN in text for tail in _tails(text)]
        if not tails:
            return []
        # All at once: folding is cheap for many texts, not for one.
        batch = fold_batch([texts[index][start:end] for index, start, end, _ in tails])
        found: dict[tuple[int, int], Cut] = {}
        openings = self._openings
        for tail, folded in zip(tails, batch.folded[1:-2].split("\n"), strict=True):
            if folded[:_MIN_LETTERS] in openings:
                index, start, end, is_hashtag = tail
                beginning = folded.strip()
                is_enough = len(beginning) - beginning.rfind(" ") > _MIN_OF_WORD
                pattern = self._longer(beginning, in_hashtag=is_hashtag) if is_enough else None
                if pattern is not None:
                    found.setdefault((index, end), Cut(index, start, end, pattern))
        return [*found.values()]

    def _longer(self, beginning: str, *, in_hashtag: bool) -> int | None:
        start = beginning.encode()
        among = self._openings.get(beginning[:_MIN_LETTERS]) or range(len(self._numbers))
        place = among.start + bisect_left(among, start, key=self._pattern)
        best: tuple[int, int] | None = None
        while place < len(self._numbers) and (form := self._pattern(place)).startswith(start):
            number, missing = self._numbers[place], len(form[len(start) :].decode())
            if not missing:
                return None  # not cut: counts by itself
            is_known = in_hashtag or number < self._hashtags_from
            if missing <= _MAX_MISSING and is_known and (best is None or missing < best[0]):
                best = missing, number
            place += 1
        return best[1] if best else None

    def _pattern(self, place: int) -> bytes:
        return self._text[self._bounds[place] : self._bounds[place + 1]]


def _tails(text: str) -> Iterator[tuple[int, int, bool]]:
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
