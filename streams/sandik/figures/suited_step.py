"""The step of a chart that suits a span: short enough to show its course, long enough to hold posts. Pure."""

from sandik.figures.cell_store import Cells
from sandik.figures.headline import posts_of, span_of
from sandik.figures.rollup import EVERY, Query, members, share_base

#: Steps that people know by name.
SUITABLE_MS = (60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000)
#: A point of fewer posts is mostly chance; a line of fewer points shows no course, and one of more is a blur.
POSTS_A_POINT, FEWEST_POINTS, MOST_POINTS = 30, 12, 240


def suited_step_ms(window_size_ms: int, length_ms: int, posts: int) -> int:
    """Return the shortest step of whole windows that suits so many posts in a span; else the longest.

    `posts` are those that shares are of.
    """
    steps = sorted({window_size_ms, *(one for one in SUITABLE_MS if one % window_size_ms == 0)})
    for step_ms in steps:
        points = length_ms / step_ms
        if points <= MOST_POINTS and (points <= FEWEST_POINTS or posts >= POSTS_A_POINT * points):
            return step_ms
    return steps[-1]


def suited_query(cells: Cells, query: Query) -> Query:
    """Return the query with the step that suits its span."""
    from_ms, to_ms = span_of(cells, query)
    base = share_base(query.pair)
    posts = posts_of(cells, members(cells, EVERY, query.among, query.sources), [base], from_ms, to_ms)
    step_ms = suited_step_ms(cells.window_size_ms, to_ms - from_ms, posts.get(base, 0))
    return query._replace(rollup_ms=step_ms)
