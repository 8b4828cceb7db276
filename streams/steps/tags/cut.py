"""Words that were cut off, as in old retweets ("Sandığa sahip çı…"): their beginning counts if it is enough.

It is enough if five letters stand there and at most two are missing from a form of the lexicon; of a phrase,
all words but the last must be whole. The form that lacks least counts, of those the first in the alphabet.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from streams.steps.tags.fold import fold_batch

SIGN = "…"
_MIN_LETTERS, _MAX_MISSING = 5, 2
#: How far back from the sign, and how many words, are looked at.
_LOOK_CHARACTERS, _LOOK_WORDS = 80, 4


class CutWords:
    """Finds patterns that were cut off. Those from `hashtags_from` on are for hashtags only."""

    def __init__(self, patterns: Sequence[str], hashtags_from: int) -> None:
        self._numbers = sorted(range(len(patterns)), key=patterns.__getitem__)
        self._sorted = [patterns[number] for number in self._numbers]
        self._hashtags_from = hashtags_from

    def find(self, texts: Sequence[str]) -> list[tuple[int, int, int, int]]:
        """Return index of the text, start, end and pattern of what is cut off in texts, in text order."""
        tails = [(index, *tail) for index, text in enumerate(texts) if SIGN in text for tail in _tails(text)]
        if not tails:
            return []
        # All at once: folding is cheap for many, and is not for one.
        lines = (
            fold_batch([texts[index][start:end] for index, start, end, _ in tails]).folded[1:-2].split("\n")
        )
        found: dict[tuple[int, int], tuple[int, int, int, int]] = {}
        for (index, start, end, is_hashtag), folded in zip(tails, lines, strict=True):
            if len(folded) >= _MIN_LETTERS and (index, end) not in found:
                pattern = self._longer(folded.strip(), in_hashtag=is_hashtag)
                if pattern is not None:
                    found[index, end] = index, start, end, pattern
        return [*found.values()]

    def _longer(self, beginning: str, *, in_hashtag: bool) -> int | None:
        place = bisect_left(self._sorted, beginning)
        best: tuple[int, str, int] | None = None
        while place < len(self._sorted) and (form := self._sorted[place]).startswith(beginning):
            number, missing = self._numbers[place], len(form) - len(beginning)
            if not missing:
                return None  # it is whole, and counts by itself
            if missing <= _MAX_MISSING and (in_hashtag or number < self._hashtags_from):
                best = min(best or (missing, form, number), (missing, form, number))
            place += 1
        return best[2] if best else None


def _tails(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the last word before each sign, the last two, and so on: start, end, and if it is a hashtag."""
    end = text.find(SIGN)
    while end >= 0:
        first = max(0, end - _LOOK_CHARACTERS)
        words = text[first:end].split(" ")
        if first:
            words[0] = ""  # its beginning may be out of sight
        last = words[-1]
        if last.startswith(("#", "＃")):
            yield end - len(last) + 1, end, True
        elif last and not last.startswith(("@", "＠")) and not any(sign in last for sign in "/.:"):
            start = end + 1
            for word in words[: -_LOOK_WORDS - 1 : -1]:
                start -= len(word) + 1
                yield start, end, False
        end = text.find(SIGN, end + 1)
