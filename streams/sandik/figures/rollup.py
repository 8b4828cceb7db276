"""Roll-ups: cells of windows to rows of buckets, whole or what has changed. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import msgspec
import numpy as np

from sandik.counting.fold import ALL
from sandik.errors import UsageError
from sandik.figures.cell_store import STEP, Cells, Group, summed_by
from sandik.figures.interval import wilson
from sandik.figures.statistics import BASELINE_BUCKETS, Ints, bursts
from sandik_schemas.languages import is_of
from sandik_schemas.pair import DEFAULT_PAIR, Pair

#: The language that stands for all of them together.
EVERY = "*"
#: The roll-up that stands for the step that suits the span (`suited_step.py`).
AUTO = 0
#: More rows than this are refused at once: no chart shows them, and everybody else would wait.
MAX_ROWS = 20_000
#: More changes than this are more than a reader who keeps up ever gets.
MAX_CHANGED_ROWS = 5_000

_FOREVER_MS = 1 << 53


class Share(msgspec.Struct, frozen=True):
    """Of the posts of the pair's base, those of the pair: `both` of `election`; `low` and `high` are 95 %."""

    value: float
    low: float
    high: float


class Row(msgspec.Struct, frozen=True):
    """One bucket and language: posts by tag, in the windows of the bucket that were asked for.

    `start_ms` and `end_ms` are those of the whole bucket. `counts` sums the final windows, `current` those
    that are not final yet; what is missing is 0. `corrected` is how much of `counts` late posts have added
    after a window was final, as far as this process has seen it. `late` are posts that came too late to be
    counted. `bursts` are the tags by which the whole bucket stands out of those before.
    """

    start_ms: int
    end_ms: int
    language: str
    counts: dict[str, int]
    current: dict[str, int]
    corrected: dict[str, int]
    late: int
    share: Share | None
    bursts: list[str]


class Query(NamedTuple):
    """Which rows: sums, by bucket, of the windows that start in `[from_ms, to_ms)`.

    So the first and the last row may be of a part of their bucket. `span_ms` stands for a `from_ms` that is
    so long before the end of the newest window. Without languages or tags all, `*` included. `*` sums the
    languages of `among`, or all. Without `sources`, posts are of any. `pair` is that of the share; without
    one there is none.
    """

    rollup_ms: int
    languages: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    from_ms: int = 0
    to_ms: int = _FOREVER_MS
    span_ms: int | None = None
    among: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    pair: Pair | None = DEFAULT_PAIR

    def now(self, cells: Cells) -> "Query":
        """Return the query with the `from_ms` that `span_ms` stands for now."""
        if self.span_ms is None:
            return self
        return self._replace(from_ms=max(0, (cells.last_ms or 0) - self.span_ms))


class Column(NamedTuple):
    """One tag of one language by bucket; the buckets' numbers ascend."""

    bucket: Ints
    final: Ints
    current: Ints
    corrected: Ints
    late: Ints


def rows(cells: Cells, query: Query) -> list[Row]:
    """Return the rows, language by language, each in the order of time.

    Raises:
        UsageError: there are too many, or the windows do not fit into such buckets.
    """
    check(cells, query)
    query = query.now(cells)
    found = (row for language in _languages(cells, query) for row in _rows(cells, query, language))
    return _limited(found, MAX_ROWS)


def changed_rows(cells: Cells, query: Query, version: int) -> list[Row]:
    """Return the rows that are not what they were at `version`: put over those, they make `rows` of now.

    Rows that start before `from_ms` are always included: with `span_ms` they also change over time.
    A caller that holds such rows discards them first.

    Raises:
        UsageError: as `rows`; a reader who is so far behind had better start again.
    """
    check(cells, query)
    query = query.now(cells)
    first_whole_ms = -(-query.from_ms // query.rollup_ms) * query.rollup_ms
    cut = query._replace(to_ms=min(query.to_ms, first_whole_ms))
    found: list[Row] = []
    for language in _languages(cells, query):
        found += _rows(cells, cut, language)
        own = members(cells, language, query.among, query.sources)
        windows = [cells.changed(one, version) for one in own]
        changed = np.unique(np.concatenate(windows) * cells.window_size_ms // query.rollup_ms)
        if not len(changed):
            continue
        from_ms = max(first_whole_ms, int(changed[0]) * query.rollup_ms)
        # A burst is judged by the buckets before it, so a change reaches that far ahead.
        found += (
            row
            for row in _rows(cells, query._replace(from_ms=from_ms), language)
            if _is_near(changed, row.start_ms // query.rollup_ms)
        )
        _limited(found, MAX_CHANGED_ROWS)
    return found


def check(cells: Cells, query: Query) -> None:
    """Raise UsageError when windows of this size do not add up to such buckets."""
    if query.rollup_ms % cells.window_size_ms:
        raise UsageError(f"rollup_ms must be a multiple of the windows' {cells.window_size_ms} ms")


def _rows(cells: Cells, query: Query, language: str) -> Iterable[Row]:
    own = members(cells, language, query.among, query.sources)
    rollup = query.rollup_ms
    first, end = query.from_ms // rollup, -(-query.to_ms // rollup)
    if query.from_ms >= query.to_ms:
        return
    # A burst is one of a whole bucket, judged by the buckets before it: those are not shown.
    span = (first - BASELINE_BUCKETS) * rollup, end * rollup
    columns = {tag: column_of(cells, own, tag, rollup, span) for tag in cells.tags}
    bursting = {
        tag: dict.fromkeys(column.bucket[_bursts(column, columns[ALL])].tolist())
        for tag, column in columns.items()
        if tag != ALL and ALL in columns
    }
    for bucket, of in sums_by_bucket(cells, own, query, columns):
        told = {tag: values for tag, values in of.items() if not query.tags or tag in query.tags}
        yield Row(
            start_ms=bucket * rollup,
            end_ms=(bucket + 1) * rollup,
            language=language,
            counts={tag: values[0] for tag, values in told.items() if values[0]},
            current={tag: values[1] for tag, values in told.items() if values[1]},
            corrected={tag: values[2] for tag, values in told.items() if values[2]},
            late=of[ALL][3] if ALL in of else 0,
            share=_share_of(of, query.pair),
            bursts=[tag for tag in told if bucket in bursting.get(tag, ())],
        )


#: Of a bucket and tag: posts in final windows, in current ones, what late posts have added, too late ones.
Sums = tuple[int, int, int, int]


def sums_by_bucket(
    cells: Cells, own: list[Group], query: Query, columns: Mapping[str, Column]
) -> Iterator[tuple[int, dict[str, Sums]]]:
    """Yield the buckets' numbers in order with the sums of each tag, of the windows that were asked for."""
    by_bucket: dict[int, dict[str, Sums]] = {}
    for tag, column in columns.items():
        for shown in _inside(cells, own, tag, query, column):
            for bucket, *values in zip(*(part.tolist() for part in shown), strict=True):
                by_bucket.setdefault(bucket, {})[tag] = tuple(values)
    yield from sorted(by_bucket.items())


def _inside(
    cells: Cells, own: list[Group], tag: str, query: Query, column: Column
) -> Iterator[tuple[Ints, ...]]:
    """Yield the buckets that have windows which start in `[from_ms, to_ms)`, with those windows only."""
    rollup, from_ms, to_ms = query.rollup_ms, query.from_ms, query.to_ms
    first, end = -(-from_ms // rollup), to_ms // rollup
    whole = slice(*np.searchsorted(column.bucket, [first, max(first, end)]))
    yield tuple(part[whole] for part in column)
    # At most two buckets are there in part.
    cuts = [(from_ms, min(first * rollup, to_ms))] if from_ms % rollup else []
    if to_ms % rollup and end >= first:
        cuts.append((end * rollup, to_ms))
    for cut in cuts:
        found = cells.find(own, tag, *cut)
        yield summed_by(found.window * cells.window_size_ms // rollup, found[1:])


def column_of(cells: Cells, own: list[Group], tag: str, rollup_ms: int, span: tuple[int, int]) -> Column:
    """Return whole buckets, from sums that are kept if buckets are whole numbers of those."""
    step_ms = STEP * cells.window_size_ms
    if rollup_ms % step_ms == 0:
        found, unit_ms = cells.find_steps(own, tag, *span), step_ms
    else:
        found, unit_ms = cells.find(own, tag, *span), cells.window_size_ms
    return Column(*summed_by(found.window * unit_ms // rollup_ms, found[1:]))


def _bursts(column: Column, everything: Column) -> Ints:
    return np.flatnonzero(bursts(column.bucket, column.final + column.current, everything.bucket))


def _share_of(of: Mapping[str, Sums], pair: Pair | None) -> Share | None:
    tags = (pair.base, pair.name) if pair else ()
    return share({tag: sum(of[tag][:2]) for tag in tags if tag in of}, pair)


def share(posts: Mapping[str, int], pair: Pair | None) -> Share | None:
    """Return the share of the pair in these posts by tag; None without any of its base."""
    base = posts.get(pair.base, 0) if pair else 0
    if not base or pair is None:
        return None
    both = posts.get(pair.name, 0)
    low, high = wilson(min(both, base), base)
    return Share(round(both / base, 6), round(low, 6), round(high, 6))


def share_base(pair: Pair | None) -> str:
    """Return the tag whose posts a share is of."""
    return pair.base if pair else ALL


def _is_near(changed: Ints, bucket: int) -> bool:
    before = int(np.searchsorted(changed, bucket, side="right")) - 1
    return before >= 0 and bucket - int(changed[before]) <= BASELINE_BUCKETS


def _languages(cells: Cells, query: Query) -> list[str]:
    if not cells.totals:
        return []
    if not query.languages:
        return [EVERY, *cells.languages]
    return [one for one in sorted(query.languages) if one == EVERY or cells.of_language(one)]


def members(
    cells: Cells, language: str, among: frozenset[str] = frozenset(), sources: frozenset[str] = frozenset()
) -> list[Group]:
    """Return the groups that a row adds up: a post of two languages is in the rows of either."""
    wanted = among if language == EVERY else {language}
    return [
        group
        for group in cells.totals
        if group.is_of(sources) and (not wanted or any(is_of(group.language, one) for one in wanted))
    ]


def _limited(found: Iterable[Row], most: int) -> list[Row]:
    taken = list(islice(found, most + 1))
    if len(taken) > most:
        raise UsageError(
            f"more than {most:,} rows: ask for a longer rollup_ms, a shorter time or fewer languages"
        )
    return taken
