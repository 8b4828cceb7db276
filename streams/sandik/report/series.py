"""The figures of a report: shares, steps, bursts and coverage, by the rules of the dashboard. Pure."""

from collections.abc import Sequence

import msgspec

from sandik.counting.fold import ALL
from sandik.figures.cell_store import Cells
from sandik.figures.rollup import EVERY, Query, Row, Share, rows, share
from sandik.report.bursts import Burst, bursts_of, peak_of, posts_of, told_once
from sandik.report.period import Period
from sandik_schemas.pair import DEFAULT_PAIR, Pair

#: The detector's answer for a text of unknown language.
UNDETECTED = "und"


class Step(msgspec.Struct, frozen=True):
    """One step of one language: posts by tag. `is_final`: all its windows are final."""

    start_ms: int
    posts: dict[str, int]
    share: Share | None
    is_final: bool


class LanguageFigures(msgspec.Struct, frozen=True):
    """One language, `*` for all: sums over the period, and the steps with posts.

    `share` is that of the pair in its base, `base_share` that of the base in all posts.
    """

    language: str
    posts: dict[str, int]
    share: Share | None
    late: int
    steps: list[Step]
    base_share: Share | None = None


class Coverage(msgspec.Struct, frozen=True):
    """The posts that the period's figures are based on.

    `late` posts were read in the period, too late for their own window; `current` posts are in windows that
    are not final. `empty_steps` have no post in any language: the source may have been silent or unreachable.
    """

    counted: int
    late: int
    undetected: int
    current: int
    empty_steps: int


class Figures(msgspec.Struct, frozen=True):
    """All figures of a period: first all languages together, then each by posts of the pair's base.

    `peak`: without bursts, the step of all languages with the most posts of the pair. `pairs` are those of
    the lexicon; shares are of the first.
    """

    period: Period
    window_size_ms: int
    languages: list[LanguageFigures]
    bursts: list[Burst]
    peak: Burst | None
    coverage: Coverage
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)

    @property
    def pair(self) -> Pair | None:
        """The pair that shares are of, if the lexicon has one."""
        return next(iter(self.pairs), None)

    @property
    def base(self) -> str | None:
        """The tag of the charts: the pair's base, else the tag with the most posts."""
        if self.pair is not None:
            return self.pair.base
        posts = {tag: some for one in self.languages[:1] for tag, some in one.posts.items() if tag != ALL}
        return min(posts, key=lambda tag: (-posts[tag], tag), default=None)

    @property
    def highlights(self) -> list[Burst]:
        """The bursts, or the peak, whose terms and posts are shown."""
        return self.bursts or ([self.peak] if self.peak else [])


def figures_of(cells: Cells, period: Period, pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)) -> Figures:
    """Return the figures. `cells` may begin before the period, as the baseline of bursts.

    Raises:
        UsageError: the windows do not add up to the period's steps.
    """
    pair = next(iter(pairs), None)
    found = {code: _rows(cells, period, code, pair) for code in (EVERY, *cells.languages)}
    bursts = told_once(
        [burst for code, own in found.items() for burst in bursts_of(code, own, period)], pairs
    )
    languages = [
        _language(code, [row for row in own if row.start_ms >= period.starts_ms.start], pair)
        for code, own in found.items()
    ]
    shown = [one for one in languages if one.steps]
    return Figures(
        period,
        cells.window_size_ms,
        sorted(shown, key=lambda one: (one.language != EVERY, *_rank(one, pair))),
        bursts,
        None if bursts or pair is None else peak_of(found[EVERY], period, pair),
        _coverage(shown, period),
        pairs,
    )


def _rows(cells: Cells, period: Period, language: str, pair: Pair | None) -> list[Row]:
    """Return the steps of the period, after those that its bursts are compared with."""
    first_ms, query = period.starts_ms.start, Query(period.step_ms, frozenset({language}), pair=pair)
    before = query._replace(from_ms=period.with_baseline_from_ms, to_ms=first_ms)
    inside = query._replace(from_ms=period.from_ms, to_ms=period.to_ms)
    return [*rows(cells, before), *rows(cells, inside)]


def _language(code: str, own: Sequence[Row], pair: Pair | None) -> LanguageFigures:
    steps = [Step(row.start_ms, posts_of(row), row.share, not row.current) for row in own]
    sums: dict[str, int] = {}
    for step in steps:
        for tag, posts in step.posts.items():
            sums[tag] = sums.get(tag, 0) + posts
    late = sum(row.late for row in own)
    of_all = Pair(pair.base, (pair.base,), ALL) if pair else None
    return LanguageFigures(
        code, dict(sorted(sums.items())), share(sums, pair), late, steps, share(sums, of_all)
    )


def _rank(one: LanguageFigures, pair: Pair | None) -> tuple[int, int, str]:
    return -one.posts.get(pair.base if pair else ALL, 0), -one.posts.get(ALL, 0), one.language


def _coverage(languages: Sequence[LanguageFigures], period: Period) -> Coverage:
    of = {one.language: one for one in languages}
    if EVERY not in of:
        return Coverage(0, 0, 0, 0, len(period.starts_ms))
    every = of[EVERY]
    current = sum(step.posts.get(ALL, 0) for step in every.steps if not step.is_final)
    undetected = of[UNDETECTED].posts.get(ALL, 0) if UNDETECTED in of else 0
    empty = len(period.starts_ms) - sum(1 for step in every.steps if step.posts.get(ALL, 0))
    return Coverage(every.posts.get(ALL, 0), every.late, undetected, current, empty)
