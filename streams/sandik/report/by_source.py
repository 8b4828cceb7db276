"""Counts by source -> the figures of each source in a period. Pure."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from sandik.counting.fold import ALL
from sandik.counting.source_names import OTHER
from sandik.figures.rollup import Share, share
from sandik.replay.read_results import Cell
from sandik.report.period import Period
from sandik_schemas.pair import Pair


class SourceFigures(msgspec.Struct, frozen=True):
    """One source in all languages: posts by tag in the period. `share` is that of the pair in its base."""

    source: str
    posts: dict[str, int]
    share: Share | None


def source_figures(cells: Mapping[Cell, int], period: Period, pair: Pair | None) -> list[SourceFigures]:
    """Return the sources with posts, largest first, `other` last."""
    sums: dict[str, Counter[str]] = {}
    for cell, count in cells.items():
        if period.from_ms <= cell.window_start_ms < period.to_ms:
            sums.setdefault(cell.source, Counter())[cell.tag] += count
    found = [
        SourceFigures(source, dict(sorted(posts.items())), share(posts, pair))
        for source, posts in sums.items()
        if posts[ALL]
    ]
    return sorted(found, key=lambda one: (one.source == OTHER, -one.posts[ALL], one.source))
