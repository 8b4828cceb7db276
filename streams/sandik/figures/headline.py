"""The main figure of a period, and whether it has risen: sums of windows, whatever the roll-up. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from sandik.counting.fold import ALL
from sandik.figures.cell_store import STEP, Cells, Group
from sandik.figures.interval import newcombe
from sandik.figures.rollup import EVERY, Query, Share, members, share

DAY_MS = 86_400_000
#: How many days before give the usual share of these hours, and how many of them must have one.
USUAL_DAYS = 7
MIN_USUAL_DAYS = 3


class Figure(msgspec.Struct, frozen=True):
    """The posts by tag in the windows that start in `[from_ms, to_ms)`, and their share."""

    from_ms: int
    to_ms: int
    posts: dict[str, int]
    share: Share | None


class Change(msgspec.Struct, frozen=True):
    """The change from the share before, with its 95 % interval (Newcombe's, of two Wilson intervals).

    It is beyond chance if the interval does not include 0.
    """

    value: float
    low: float
    high: float
    is_beyond_chance: bool


class Usual(msgspec.Struct, frozen=True):
    """The lowest and highest share in the same hours of the `days` before that had one."""

    days: int
    low: float
    high: float


class Headline(NamedTuple):
    """The figure of a period; None is unknown. `current` and `late` are posts of its windows.

    `change` is against the span before; where none is known, `within` is that of the second half against the
    first.
    """

    now: Figure
    before: Figure | None
    change: Change | None
    within: Change | None
    usual: Usual | None
    current: int
    late: int


def headline(cells: Cells, query: Query) -> Headline:
    """Return the figure of the query's period for all its languages together (`among`)."""
    from_ms, to_ms = span_of(cells, query)
    now = _figure(cells, query, from_ms, to_ms)
    everything = _sums(cells, members(cells, EVERY, query.among, query.sources), ALL, from_ms, to_ms)
    length_ms, first_ms = to_ms - from_ms, cells.first_ms
    before = None
    if length_ms > 0 and first_ms is not None and from_ms - length_ms >= first_ms:
        before = _figure(cells, query, from_ms - length_ms, from_ms)
    change = _change(now.share, before.share) if before else None
    within = None if before else _within(cells, query, now)
    usual = _usual(cells, query, from_ms, to_ms)
    return Headline(now, before, change, within, usual, everything.current, everything.late)


def span_of(cells: Cells, query: Query) -> tuple[int, int]:
    """Return the part of the query's period with windows."""
    query = query.now(cells)
    from_ms = max(query.from_ms, cells.first_ms or 0)
    return from_ms, max(from_ms, min(query.to_ms, cells.last_ms or 0))


def _figure(cells: Cells, query: Query, from_ms: int, to_ms: int) -> Figure:
    own = members(cells, EVERY, query.among, query.sources)
    posts = posts_of(cells, own, cells.tags, from_ms, to_ms)
    return Figure(from_ms, to_ms, posts, share(posts, query.pair))


def _within(cells: Cells, query: Query, now: Figure) -> Change | None:
    """Return how far the share of the second half is above that of the first, in whole windows."""
    pair, size_ms = query.pair, cells.window_size_ms
    if pair is None or now.share is None:
        return None
    middle_ms = (now.from_ms + now.to_ms) // 2 // size_ms * size_ms
    tags, own = (pair.base, pair.name), members(cells, EVERY, query.among, query.sources)
    first = posts_of(cells, own, tags, now.from_ms, middle_ms)
    second = {tag: now.posts.get(tag, 0) - first.get(tag, 0) for tag in tags}
    return _change(share(second, pair), share(first, pair))


def posts_of(cells: Cells, own: list[Group], tags: Iterable[str], from_ms: int, to_ms: int) -> dict[str, int]:
    """Return the posts by tag in windows that start in `[from_ms, to_ms)`, summed over the groups."""
    found = ((tag, _sums(cells, own, tag, from_ms, to_ms)) for tag in tags)
    return {tag: sums.final + sums.current for tag, sums in found if sums.final + sums.current}


class _Sums(NamedTuple):
    final: int
    current: int
    late: int


def _sums(cells: Cells, own: list[Group], tag: str, from_ms: int, to_ms: int) -> _Sums:
    """Sum the windows that start in `[from_ms, to_ms)`, using cached sums of whole steps."""
    step_ms = STEP * cells.window_size_ms
    first_ms, end_ms = -(-from_ms // step_ms) * step_ms, to_ms // step_ms * step_ms
    if first_ms >= end_ms:
        parts = [cells.find(own, tag, from_ms, to_ms)]
    else:
        parts = [
            cells.find(own, tag, from_ms, first_ms),
            cells.find_steps(own, tag, first_ms, end_ms),
            cells.find(own, tag, end_ms, to_ms),
        ]
    return _Sums(*(sum(int(getattr(one, name).sum()) for one in parts) for name in _Sums._fields))


def _change(now: Share | None, before: Share | None) -> Change | None:
    if now is None or before is None:
        return None
    value, low, high = newcombe(before, now)
    return Change(round(value, 6), round(low, 6), round(high, 6), low > 0 or high < 0)


def _usual(cells: Cells, query: Query, from_ms: int, to_ms: int) -> Usual | None:
    if to_ms - from_ms >= DAY_MS or cells.first_ms is None:
        return None
    starts = (from_ms - days * DAY_MS for days in range(1, USUAL_DAYS + 1))
    figures = (
        _figure(cells, query, start, start + to_ms - from_ms) for start in starts if start >= cells.first_ms
    )
    found = [figure.share.value for figure in figures if figure.share is not None]
    return Usual(len(found), min(found), max(found)) if len(found) >= MIN_USUAL_DAYS else None
