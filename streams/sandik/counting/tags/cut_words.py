"""Words that were cut off, as in old retweets ("erken seçi…"): their beginning counts if it is enough.

It is enough if five letters stand there, three of them of the word that was cut, and at most two are missing
from a form of the lexicon, of one word or two. The form that lacks least counts, of those the first in the
alphabet.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from sandik.counting.tags.alphabet import fold_batch

SIGN = "…"
_MIN_LETTERS, _MIN_OF_WORD, _MAX_MISSING = 5, 3, 2
#: How far back from the sign is looked.
_LOOK_CHARACTERS = 60


class CutWords:
    """Finds patterns that were cut off. Those from `hashtags_from` on are for hashtags only."""

    def __init__(self, patterns: Sequence[str], hashtags_from: int) -> None:
        self._patterns, self._hashtags_from = patterns, hashtags_from

    def find(self, texts: Sequence[str]) -> list[tuple[int, int, int, int]]:
        """Return index of the text, start, end and pattern of what is cut off in texts, in text order."""
        tails = [(index, *tail) for index, text in enumerate(texts) if SIGN in text for tail in _tails(text)]
        if not tails:
            return []
        # All at once: folding is cheap for many, and is not for one.
        batch = fold_batch([texts[index][start:end] for index, start, end, _ in tails])
        found: dict[tuple[int, int], tuple[int, int, int, int]] = {}
        openings = self._openings
        for tail, folded in zip(tails, batch.folded[1:-2].split("\n"), strict=True):
            if folded[:_MIN_LETTERS] in openings:
                index, start, end, is_hashtag = tail
                beginning = folded.strip()
                is_enough = len(beginning) - beginning.rfind(" ") > _MIN_OF_WORD
                pattern = self._longer(beginning, in_hashtag=is_hashtag) if is_enough else None
                if pattern is not None:
                    found.setdefault((index, end), (index, start, end, pattern))
        return [*found.values()]

    @cached_property
    def _openings(self) -> frozenset[str]:
        return frozenset(pattern[:_MIN_LETTERS] for pattern in self._patterns if len(pattern) > _MIN_LETTERS)

    @cached_property
    def _sorted(self) -> list[tuple[str, int]]:
        return sorted((pattern, number) for number, pattern in enumerate(self._patterns))

    def _longer(self, beginning: str, *, in_hashtag: bool) -> int | None:
        ordered = self._sorted
        place = bisect_left(ordered, (beginning, 0))
        best: tuple[int, str, int] | None = None
        while place < len(ordered) and (form := ordered[place][0]).startswith(beginning):
            number, missing = ordered[place][1], len(form) - len(beginning)
            if not missing:
                return None  # it is whole, and counts by itself
            if missing <= _MAX_MISSING and (in_hashtag or number < self._hashtags_from):
                best = min(best or (missing, form, number), (missing, form, number))
            place += 1
        return best[2] if best else None


def _tails(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the last word before each sign, and the last two: start, end, and if it is a hashtag."""
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
    """Say whether it may be a link: that is no word."""
    return any(text.find(sign, start, end) >= 0 for sign in "/.:")
