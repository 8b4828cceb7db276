"""Where words begin and end: in running text, and in hashtags, which run several together.

Anything but a letter or digit parts words, and so does the change from one to the other: Election2016. In a
#hashtag a capital after a small letter does, too (#SandığaSahipÇık, #YSKSeçim); and where capitals give no
help, a long form may stand at either end (#secimsonuclari, #votersuppression). In links and @names nothing is
a word.
"""

import re
from bisect import bisect_right
from enum import StrEnum

#: Letters from which on a form is known at one end of a hashtag, whatever else is glued to it. Shorter ones
#: that stand so in real hashtags are other words too often: #pollution, #циклон, #obamaday.
MIN_GLUED = 5

#: Links and names are nobody's words; hashtags are several. \w leaves out accents written as characters of
#: their own, as some systems do.
_MARKUP = re.compile(
    r"(?:https?://|www\.)\S+|[@＠]\w+|[#＃](?P<hashtag>[\w\u0300-\u036f\u064b-\u065f\u0670]+)", re.IGNORECASE
)


class Refusal(StrEnum):
    """Why a form that stands in a text does not count there."""

    INSIDE_WORD = "is part of a longer word"
    IN_LINK_OR_NAME = "stands in a link or an @name"
    NOT_IN_HASHTAG = "is written without its spaces, which counts only in hashtags"
    UNSURE_IN_HASHTAG = "is glued to other letters of a hashtag, and needs company"
    OTHER_LANGUAGE = "counts only in posts of another language"
    ALONE = "counts only beside a term that counts by itself"
    TRAPPED = "is taken by a trap"
    COVERED = "is covered by another term"


class Edge:
    """What parts words at a place: nothing, capitals (which count in hashtags only), or anything else."""

    NONE, CAPITAL, WORD = range(3)


def edge(text: str, before: int, after: int) -> int:
    """Say what parts two letters or digits of the text that stand next to each other once folded."""
    left, right = text[before], text[after]
    if left.isdigit() != right.isdigit():
        return Edge.WORD
    if left.islower():
        return Edge.CAPITAL if right.isupper() else Edge.NONE
    # The end of an acronym: YSK|Seçim.
    return Edge.CAPITAL if left.isupper() and right.isupper() and text[after + 1].islower() else Edge.NONE


class Markup:
    """Where links, names and hashtags stand in one text.

    None of them has a space inside, so it looks between two spaces only, where it is asked: much of a text
    is never asked for.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._from = self._to = 0
        self._found: list[re.Match[str]] = []

    def refusal(self, begin: int, last: int, outside: Refusal | None, *, is_glued: bool) -> Refusal | None:
        """Say why the form at `begin`..`last` does not count: `outside` is the reason outside hashtags."""
        around = self._around(begin)
        if around is None:
            return outside
        if around["hashtag"] is None:
            return Refusal.IN_LINK_OR_NAME
        is_within = last < around.end()
        return None if is_within and not (is_glued and _has_capitals(self._text, begin)) else outside

    def _around(self, at: int) -> re.Match[str] | None:
        if not self._from <= at < self._to:
            self._from = self._text.rfind(" ", 0, at) + 1
            end = self._text.find(" ", at)
            self._to = end if end >= 0 else len(self._text)
            self._found = [*_MARKUP.finditer(self._text, self._from, self._to)]
        place = bisect_right(self._found, at, key=re.Match.start) - 1
        return self._found[place] if place >= 0 and at < self._found[place].end() else None


def _has_capitals(text: str, at: int) -> bool:
    """Say whether capitals part words in the run of letters around `at`: then they do so everywhere."""
    first = end = at
    while first and text[first - 1].isalpha():
        first -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    run = text[first:end]
    return not (run[1:] == run[1:].lower() or run == run.upper())
