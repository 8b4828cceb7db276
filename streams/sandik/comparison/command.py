"""`sandik compare`: compare two periods, languages or sources."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from sandik.clock import SystemClock
from sandik.comparison.sources import count_sources
from sandik.counting.fold import ALL
from sandik.counting.source_names import OTHER
from sandik.errors import UsageError
from sandik.figures.comparison import MIN_STEPS, Difference, Part, difference, part
from sandik.figures.language_names import NAMES, check_known
from sandik.figures.selection import Selection, selection_of
from sandik.figures.shares import with_interval
from sandik.kafka.ranges import duration_ms
from sandik.printing import print_json
from sandik.progress import tell
from sandik.replay.counted_posts import plan_of
from sandik.replay.read_results import LIVE, Cell, load_result, load_sources
from sandik.settings import Settings
from sandik.tables.aligned import aligned
from sandik_schemas.languages import languages_in
from sandik_schemas.pair import DEFAULT_PAIR, Pair

#: The limit of steps.
_MOST_STEPS = 100_000


class CompareOrder(NamedTuple):
    """The options: counts, the two sides, and the length of steps."""

    counts: str
    one: str
    other: str
    step: str = "1d"


class Compared(msgspec.Struct, frozen=True):
    """A share on both sides: of the posts with the tag `of`, those with `tag`; `all` is all posts."""

    tag: str
    of: str
    one: Part
    other: Part
    difference: Difference | None


def run_compare(order: CompareOrder, settings: Settings, *, json: bool) -> int:
    """Print both sides with their difference.

    Raises:
        UsageError: the counts do not exist, or one side has none.
        SandikError: Kafka or a topic is unavailable.
    """
    now_ms = SystemClock().now_ms()
    sides = selection_of(order.one, now_ms), selection_of(order.other, now_ms)
    step_ms = duration_ms(order.step)
    cells, pair = _read(order.counts, settings, {side.source for side in sides if side.source})
    _check(cells, sides)
    series = [_series(cells, side, step_ms) for side in sides]
    shares = [
        *((tag, ALL) for tag in sorted(pair.of, key=lambda tag: tag != pair.base)),
        (pair.name, pair.base),
    ]
    found = [_compared(tag, of, *series) for tag, of in shares]
    if json:
        told = {"one": order.one, "other": order.other, "step_ms": step_ms, "shares": found}
        print_json(told)
    else:
        _print(found, sides)
    return 0


def _read(counts: str, settings: Settings, sources: set[str]) -> tuple[Mapping[Cell, int], Pair]:
    """Return the cells: of the counts, or by source if sources are requested.

    If sources were not counted, the posts are read again.
    """
    if not sources:
        result = asyncio.run(load_result(counts, settings))
        return result.counts, _pair(result.manifest.pairs if result.manifest else (DEFAULT_PAIR,))
    by_source = asyncio.run(load_sources(counts, settings))
    named = {cell.source for cell in by_source or () if cell.source}
    unnamed = sorted(sources - named - {OTHER})
    if named and unnamed and OTHER in sources:
        apart = ", ".join(sorted(named - {OTHER}))
        raise UsageError(
            f"source={OTHER} has all sources except {apart}, including {unnamed[0]}. Compare it with one of "
            "those, or compare two sources by name"
        )
    if by_source is not None and not unnamed:
        result = asyncio.run(load_result(counts, settings))
        return by_source, _pair(result.manifest.pairs if result.manifest else (DEFAULT_PAIR,))
    names = () if counts == LIVE else (counts,)
    plan = plan_of(names, None, None, settings)
    found = count_sources(plan, settings, in_detail=any("/" in source for source in sources))
    pair = _pair(plan.rules.job(settings).tagger.pairs)
    return found.counts(), pair


def _check(cells: Mapping[Cell, int], sides: Iterable[Selection]) -> None:
    """Raise UsageError for a language or a source without counts, such as a misspelt one."""
    found = {cell.language for cell in cells}
    languages = found.union(*map(languages_in, found))
    sources = {cell.source for cell in cells if cell.source}
    known = {source.partition("/")[0] for source in sources}
    for side in sides:
        check_known("the language", frozenset(filter(None, [side.language])), languages, NAMES)
        check_known("the source", frozenset(filter(None, [side.source])), sources, known | {OTHER})


def _pair(pairs: tuple[Pair, ...]) -> Pair:
    if not pairs:
        raise UsageError("the lexicon of these counts has no pair of tags: there is no share to compare")
    return pairs[0]


def _series(cells: Mapping[Cell, int], side: Selection, step_ms: int) -> Mapping[str, list[int]]:
    """Return the posts of each tag: a number per step, by time, including empty steps."""
    chosen = [
        cell
        for cell in cells
        if side.holds(cell.window_start_ms, cell.window_end_ms, cell.language, cell.source)
    ]
    if not chosen:
        raise UsageError(f"{side.name}: there are no counts for this selection")
    starts_ms = [cell.window_start_ms for cell in chosen]
    from_ms = min(starts_ms) if side.from_ms is None else side.from_ms
    last_ms = max(starts_ms) if side.to_ms is None else side.to_ms - 1
    first, last = from_ms // step_ms, last_ms // step_ms
    if last - first >= _MOST_STEPS:
        raise UsageError(f"{side.name}: more than {_MOST_STEPS:,} steps; use a longer --step")
    found: dict[str, list[int]] = {ALL: [0] * (last - first + 1)}
    for cell in chosen:
        steps = found.setdefault(cell.tag, [0] * (last - first + 1))
        steps[cell.window_start_ms // step_ms - first] += cells[cell]
    return found


def _compared(tag: str, of: str, *series: Mapping[str, list[int]]) -> Compared:
    one, other = (part(*(posts.get(name, [0] * len(posts[ALL])) for name in (tag, of))) for posts in series)
    return Compared(tag, of, one, other, difference(one, other))


def _print(found: Iterable[Compared], sides: tuple[Selection, Selection]) -> None:
    rows = []
    for one in found:
        shown = "–", "–"
        if one.difference:
            low, high = (_points(bound) for bound in (one.difference.low, one.difference.high))
            shown = f"{_points(one.difference.value)} ({low} to {high})", _p(one.difference.p)
        rows.append((f"{one.tag} of {one.of}", _part(one.one), _part(one.other), *shown))
    sys.stdout.writelines(f"{letter}  {side.name}\n" for letter, side in zip("AB", sides, strict=True))
    head = "share", "A", "B", "B less A, points (95 %)", "p"
    sys.stdout.writelines(f"{line}\n" for line in aligned(head, rows))
    if any(one.one.dispersion is None or one.other.dispersion is None for one in found):
        tell(
            f"where no × is told, fewer than {MIN_STEPS} steps, or no posts, do not say how a share moves: "
            "that is chance alone. A shorter --step says more"
        )


def _part(one: Part) -> str:
    if one.value is None:
        return "no posts"
    told = f"{one.count:,} of {one.of:,}, {with_interval(one.value, one.low, one.high)}"
    return told if one.dispersion is None else f"{told} ×{one.dispersion:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:+.2f}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
