"""The days in which an entry counts, `valid = "2023-03-10/2023-05-28"`: both included, of UTC.

The event time of a post decides, so a replay gives the same result. All first and last days split time into
**eras**. Within an era nothing changes; each era has the entries that are outside their days in it.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

#: The era of a text without a time: no entry is outside its days.
NO_ERA = -1

_DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VALID = re.compile(r"(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?")
_NOBODY: frozenset[int] = frozenset()


def span_ms(valid: str) -> tuple[int, int]:
    """Return the first millisecond of `valid` and the first one after it.

    Raises:
        ValueError: it is neither a day nor two days with a slash in between, the earlier one first.
    """
    found = _VALID.fullmatch(valid)
    if found is None:
        raise ValueError("not a day or two, such as 2023-03-10/2023-05-28")
    first, last = _start_ms(found[1]), _start_ms(found[2] or found[1])
    if last < first:
        raise ValueError("its last day is before its first day")
    return first, last + _DAY_MS


def do_meet(one: str, other: str) -> bool:
    """Return whether the days of two entries overlap; "" is always."""
    if not (one and other):
        return True
    (first, end), (other_first, other_end) = span_ms(one), span_ms(other)
    return first < other_end and other_first < end


class Eras:
    """Which entries are outside their days, by the time of a post."""

    def __init__(self, valid: Sequence[str]) -> None:
        """Take the days of each entry; "" for an entry that always counts."""
        spans = {days: span_ms(days) for days in set(valid) if days}
        #: Where eras begin, but for the first one.
        self.bounds_ms = sorted({bound for span in spans.values() for bound in span})
        starts_ms = [float("-inf"), *self.bounds_ms]
        self._out = [
            frozenset(
                entry
                for entry, days in enumerate(valid)
                if days and not spans[days][0] <= start_ms < spans[days][1]
            )
            for start_ms in starts_ms
        ]

    def __bool__(self) -> bool:
        """Return whether any entry has days."""
        return bool(self.bounds_ms)

    def of(self, times_ms: Sequence[int | None]) -> list[int]:
        """Return the era of each time."""
        bounds_ms = self.bounds_ms
        return [NO_ERA if time_ms is None else bisect_right(bounds_ms, time_ms) for time_ms in times_ms]

    def marks(
        self, hints: Sequence[str | None] | None, times_ms: Sequence[int | None] | None, texts: int
    ) -> list[str]:
        """Return the cache key beside each text: its era and hint."""
        eras = self.of(times_ms) if times_ms else [NO_ERA] * texts
        return [
            f"{era}" if hint is None else f"{era}|{hint}"
            for era, hint in zip(eras, hints or [None] * texts, strict=True)
        ]

    def out(self, era: int) -> frozenset[int]:
        """Return the indices of the entries outside their days."""
        return _NOBODY if era == NO_ERA else self._out[era]


def _start_ms(day: str) -> int:
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"there is no day {day}") from error
    return (start - _EPOCH) // timedelta(milliseconds=1)
