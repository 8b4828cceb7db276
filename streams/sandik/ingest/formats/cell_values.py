r"""What the cells of a table mean: nothing, an id, a flag.

Programs write "no id" in many ways (pandas `nan`, Python `None`, SQL `\N`, 0). Spreadsheets keep 15 digits of
a number, so a longer id is rounded: it may be the id of another post, or of many.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Sequence
from math import log

from sandik.ingest.items import quote

_NOTHING = frozenset({
    "none", "nan", "null", "nil", "nul", "nat", "undefined", "false", "no", "0", "00",
    "0.0", "-0", "-1", "-1.0", "n/a", "na", "#n/a", "<na>", r"\n", "-", "--", "[]",
})  # fmt: skip
_YES = frozenset({"1", "1.0", "true", "t", "yes", "y"})
_FLOAT = re.compile(r"(\d+)\.0+")
_EXPONENT = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d{1,3}")

#: Digits kept by a spreadsheet (15), and by JavaScript or a float column (16, 17).
_KEPT_DIGITS = (15, 16, 17)
_EXACT_FLOAT = 1 << 53
_MIN_LONG_DIGITS = 16
#: Only this many newest distinct ids of a column are remembered: a file may be joined from several.
JUDGED_IDS = 500
#: A doubtful id is judged after this many more ids.
AHEAD_IDS = 30


def bare(value: object) -> str | None:
    """Return a cell as text without quotes and spaces around it; None if it is empty."""
    if value is None:
        return None
    return str(value).strip().strip("\"'").strip() or None


def is_nothing(text: str) -> bool:
    """Return whether the text stands for no id, author or language."""
    return text.lower() in _NOTHING


def is_yes(value: object) -> bool:
    """Return whether the flag is set."""
    text = bare(value)
    return text is not None and text.lower() in _YES


def native_id(value: object) -> str | None:
    """Return an id as its source writes it, or None. `1.0` becomes `1`: a float column wrote it."""
    if isinstance(value, str) and value.isdecimal() and value.strip("0"):
        return value  # most are
    text = bare(value)
    if text is None or is_nothing(text):
        return None
    found = _FLOAT.fullmatch(text)
    return found[1] if found and int(found[1][:20]) < _EXACT_FLOAT else text


def is_surely_rounded(text: str) -> bool:
    """Return whether digits are visibly missing: `9.06e+17`, `1656700000000000000.0`."""
    if text.isdecimal():
        return False
    if _EXPONENT.fullmatch(text):
        return True
    found = _FLOAT.fullmatch(text)
    return found is not None and int(found[1][:20]) >= _EXACT_FLOAT


def _is_long(text: str) -> bool:
    return len(text) >= _MIN_LONG_DIGITS and text.isascii() and text.isdecimal()


def _kept(text: str) -> Sequence[int]:
    """Return how many digits may have been kept if this id was rounded; empty if it cannot have been."""
    if not text.endswith("0"):
        return ()
    return [kept for kept in _KEPT_DIGITS if len(text) > kept and not text[kept:].strip("0")]


def is_doubtful(text: str | None) -> bool:
    """Return whether an id ends in as many zeros as a rounded one."""
    return text is not None and text.endswith("0") and _is_long(text) and bool(_kept(text))


class Rounded:
    """Decides whether the long ids of one column, such as 1656700000000010000, are rounded.

    About one id in some hundred ends in as many zeros by chance. So the whole column is judged: how many of
    its distinct ids do, and how unlikely that is without rounding. Ids of X are mostly even, so a zero is
    expected in 1 of 5 ids, not in 1 of 10. One id alone proves nothing.
    """

    def __init__(self, *, are_unique: bool) -> None:
        """Judge ids of posts (`are_unique`), which occur once, or ids of authors, which repeat."""
        self._are_unique = are_unique
        self._ids: OrderedDict[str, int] = OrderedDict()
        self._of_length: Counter[int] = Counter()
        self._of_kept: Counter[tuple[int, int]] = Counter()
        #: Number of distinct long ids seen.
        self.seen = 0

    def see(self, text: str | None) -> None:
        """Take an id into account."""
        if text is None or not _is_long(text):
            return
        if text in self._ids:
            if self._are_unique and _kept(text):
                self._ids[text] += 1
                self._count(text, 1)
            return
        self.seen += 1
        self._ids[text] = 1
        self._count(text, 1)
        if len(self._ids) > JUDGED_IDS:
            oldest, times = self._ids.popitem(last=False)
            self._count(oldest, -times)

    def _count(self, text: str, by: int) -> None:
        self._of_length[len(text)] += by
        for kept in _kept(text):
            self._of_kept[kept, len(text)] += by

    def __call__(self, text: str) -> bool:
        """Return whether this id is rounded, judged by itself or by its column."""
        if is_surely_rounded(text):
            return True
        if not text.endswith("0") or not _is_long(text):
            return False
        length = len(text)
        return any(
            _is_no_accident(self._of_length[length], self._of_kept[kept, length], 0.2 ** (length - kept))
            for kept in _kept(text)
        )


def _is_no_accident(seen: int, zeros: int, chance: float) -> bool:
    """Return whether the share is beyond chance. The test is stricter with more values."""
    share = zeros / seen if seen else 0.0
    if share <= chance:
        return False
    unlikely = share * log(share / chance) + (
        (1 - share) * log((1 - share) / (1 - chance)) if share < 1 else 0
    )
    return seen * unlikely >= 7 + seen / 50


def advice(name: str, text: str) -> str:
    """Return the message for a rounded id."""
    return (
        f"{name} {quote(text)}: a spreadsheet has rounded it, so it may stand for many. "
        "Export again with ids as text"
    )
