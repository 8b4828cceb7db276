"""Where: the same figures of each language, or of each source, those with the most posts first. Pure."""

from collections.abc import Callable, Iterator

import msgspec

from sandik.figures.cell_store import Cells, Group
from sandik.figures.headline import posts_of, span_of
from sandik.figures.rollup import (
    EVERY,
    Query,
    Share,
    check,
    column_of,
    members,
    share,
    share_base,
    sums_by_bucket,
)

Posts = dict[str, int]


class Point(msgspec.Struct, frozen=True):
    """One bucket: the posts by tag of its windows that were asked for, and their share."""

    start_ms: int
    end_ms: int
    posts: Posts
    share: Share | None
    is_final: bool


class Part(msgspec.Struct, frozen=True):
    """A language or a source: its posts and its share in the whole span, and its course, if that is told."""

    name: str
    posts: Posts
    share: Share | None
    points: list[Point]


def by_language(cells: Cells, query: Query, most: int) -> list[Part]:
    """Return a part for each language of the query, or for all; the course of the first `most`.

    A post of two languages is in the part of either.

    Raises:
        UsageError: the windows do not add up to such buckets.
    """
    wanted = (query.languages | query.among) - {EVERY} or {*cells.languages}
    groups = {language: members(cells, language, sources=query.sources) for language in wanted}
    return parts(cells, groups, query, most)


def by_source(cells: Cells, query: Query, most: int) -> list[Part]:
    """Return a part for each source that was counted apart, each post in one of them. As `by_language`."""
    own = members(cells, EVERY, query.among, query.sources)
    groups = {source: [one for one in own if one.source == source] for source in cells.sources}
    return parts(cells, groups, query, most)


def as_it_is(posts: Posts) -> Posts:
    """Return the posts."""
    return posts


def parts(
    cells: Cells,
    groups: dict[str, list[Group]],
    query: Query,
    most: int,
    told: Callable[[Posts], Posts] = as_it_is,
) -> list[Part]:
    """Return the parts that have posts of the pair's base, by name; `told` is what posts are told as."""
    check(cells, query)
    query = query.now(cells)
    span, pair, base = span_of(cells, query), query.pair, share_base(query.pair)
    found = []
    for name, own in groups.items():
        posts = told(posts_of(cells, own, cells.tags, *span))
        if posts.get(base):
            found.append((name, posts, own))
    found.sort(key=lambda one: (-one[1][base], one[0]))
    return [
        Part(name, posts, share(posts, pair), [*_points(cells, own, query, told)] if place < most else [])
        for place, (name, posts, own) in enumerate(found)
    ]


def _points(cells: Cells, own: list[Group], query: Query, told: Callable[[Posts], Posts]) -> Iterator[Point]:
    rollup, pair = query.rollup_ms, query.pair
    if query.from_ms >= query.to_ms:
        return
    span = query.from_ms // rollup * rollup, -(-query.to_ms // rollup) * rollup
    columns = {tag: column_of(cells, own, tag, rollup, span) for tag in cells.tags}
    for bucket, of in sums_by_bucket(cells, own, query, columns):
        posts = told({tag: final + current for tag, (final, current, *_) in of.items() if final + current})
        is_open = any(current for _, current, *_ in of.values())
        end_ms = (bucket + 1) * rollup
        is_final = not is_open and cells.watermark_ms is not None and end_ms <= cells.watermark_ms
        yield Point(bucket * rollup, end_ms, posts, share(posts, pair), is_final)
