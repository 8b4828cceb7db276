"""The dashboard's bursts, with neighbouring steps joined. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import msgspec

from sandik.figures.rollup import EVERY, Row
from sandik.figures.statistics import BASELINE_BUCKETS
from sandik.report.period import Period
from sandik_schemas.pair import Pair


class Burst(msgspec.Struct, frozen=True):
    """Neighbouring steps with a burst of a tag. `usual`: the median of the 30 steps before, in posts."""

    language: str
    tag: str
    start_ms: int
    end_ms: int
    posts: int
    usual: float


def posts_of(row: Row) -> dict[str, int]:
    """Return the posts by tag, final or not."""
    tags = sorted(row.counts.keys() | row.current.keys())
    return {tag: row.counts.get(tag, 0) + row.current.get(tag, 0) for tag in tags}


def bursts_of(language: str, own: Sequence[Row], period: Period) -> Iterator[Burst]:
    """Yield the bursts of one language. `own` begins before the period, to include the baseline."""
    posts = {row.start_ms: posts_of(row) for row in own}
    for tag in sorted({tag for row in own for tag in row.bursts}):
        starts = [row.start_ms for row in own if tag in row.bursts and row.start_ms >= period.starts_ms.start]
        for first, end in _runs(starts, period.step_ms):
            yield Burst(
                language,
                tag,
                first,
                end,
                sum(posts[at].get(tag, 0) for at in range(first, end, period.step_ms)),
                _usual(posts, tag, first, period.step_ms),
            )


def peak_of(own: Sequence[Row], period: Period, pair: Pair) -> Burst | None:
    """Return the step with the most posts of the pair; the first of equal ones."""
    posts = {row.start_ms: posts_of(row) for row in own}
    inside = [start for start in posts if start >= period.starts_ms.start and posts[start].get(pair.name)]
    if not inside:
        return None
    start = max(inside, key=lambda one: (posts[one][pair.name], -one))
    usual = _usual(posts, pair.name, start, period.step_ms)
    return Burst(EVERY, pair.name, start, start + period.step_ms, posts[start][pair.name], usual)


def _usual(posts: Mapping[int, Mapping[str, int]], tag: str, start_ms: int, step_ms: int) -> float:
    """Return the median of the steps before, from the first one with a post."""
    first_ms = max(min(posts), start_ms - BASELINE_BUCKETS * step_ms)
    before = [posts.get(at, {}).get(tag, 0) for at in range(first_ms, start_ms, step_ms)]
    return median(before) if before else 0.0


def _runs(starts: Sequence[int], step_ms: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each run of neighbouring steps."""
    run: tuple[int, int] | None = None
    for start in starts:
        if run is not None and run[1] == start:
            run = run[0], start + step_ms
            continue
        if run is not None:
            yield run
        run = start, start + step_ms
    if run is not None:
        yield run


def told_once(bursts: Sequence[Burst], pairs: Sequence[Pair]) -> list[Burst]:
    """Return the bursts by time, without bursts of all languages that one language has too.

    At equal times, bursts of a pair come first, then those of its tags, its base last.
    """
    order: dict[str, int] = {}
    for pair in pairs:
        for tag in (pair.name, *(tag for tag in pair.of if tag != pair.base), pair.base):
            order.setdefault(tag, len(order))
    alone = [one for one in bursts if one.language != EVERY]

    def is_told(burst: Burst) -> bool:
        return any(
            one.tag == burst.tag and one.start_ms < burst.end_ms and burst.start_ms < one.end_ms
            for one in alone
        )

    kept = [*alone, *(one for one in bursts if one.language == EVERY and not is_told(one))]
    return sorted(
        kept,
        key=lambda one: (one.start_ms, one.end_ms, one.language, order.get(one.tag, len(order)), one.tag),
    )
