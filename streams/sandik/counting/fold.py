"""Fold posts into one partition's open windows. Stays exact when posts are read again."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sandik.counting.dedupe import Seen, packed
from sandik.counting.state import PartitionState
from sandik.counting.windows.final_and_late import FOR_EVER_MS, Times, Timing
from sandik_schemas.pair import Pair
from sandik_schemas.partial import (
    AuthorsPartial,
    Cells,
    Entry,
    PartitionClock,
    SeenIds,
    SourceCells,
    Tally,
    Terms,
    WindowPartial,
)

ALL = "all"
REPOST = "repost"

#: Below any clock, but far enough from the smallest 64-bit integer to compute windows from it.
NO_FLOOR = -FOR_EVER_MS

#: The language of a post and the tags of its cells: posts of one group are counted in the same cells.
Group = tuple[str, tuple[str, ...]]
#: A tag and one of its terms.
TermOfTag = tuple[str, str]


class PostColumns(NamedTuple):
    """One batch: a column for each property of its valid posts, and the number of invalid records.

    `id_hashes` is None if duplicates are counted; `names_author`, `terms` and `sources` are None if authors,
    terms and sources are not counted. `floors_ms` is None if only posts move the clock. Otherwise it has, for
    each post and for the end of the batch, the minimum of the clock right before it, which marks that close
    windows set (NO_FLOOR: none).
    """

    offsets: Sequence[int]
    created_at_ms: Sequence[int]
    groups: Sequence[Group]
    id_hashes: Sequence[bytes] | None
    rejected: int
    ignored: int
    last_offset: int
    rejected_in_a_row: int = 0
    fingerprint: bytes | None = None
    floors_ms: Sequence[int] | None = None
    names_author: Sequence[bool] | None = None
    terms: Sequence[Sequence[TermOfTag]] | None = None
    sources: Sequence[str] | None = None


class Late(NamedTuple):
    """A post that arrived after its window was settled: how late, for which window, at which watermark."""

    offset: int
    lateness_ms: int
    window_start_ms: int
    watermark_ms: int


class Changes(NamedTuple):
    """What a batch does to a partition's state, and which of its posts were not counted."""

    ids: list[SeenIds]
    authors: Sequence[AuthorsPartial]
    windows: list[WindowPartial]
    clock: PartitionClock
    late: list[Late]
    duplicate_offsets: list[int]

    @property
    def entries(self) -> list[Entry]:
        """Return the entries of the state, in the order of `sandik.counting.state.ORDER`."""
        return [*self.ids, *self.partials]

    @property
    def partials(self) -> list[AuthorsPartial | WindowPartial | PartitionClock]:
        """Return those that merge is to know, in the same order."""
        return [*self.authors, *self.windows, self.clock]


@lru_cache(maxsize=1_024)
def cell_tags(tags: tuple[str, ...], pairs: tuple[Pair, ...], *, is_apart: bool = False) -> tuple[str, ...]:
    """Return the tags of the cells a post is counted in: `all`, its own, and the pairs it has all tags of.

    Of a repost that is counted apart: `all`, `repost`, and its own with `_repost` behind.
    """
    both = tuple(pair.name for pair in pairs if pair.holds(tags)) if len(tags) > 1 else ()
    if is_apart:
        return (ALL, REPOST, *(f"{tag}_{REPOST}" for tag in (*tags, *both)))
    return (ALL, *tags, *both)


def fold(state: PartitionState, columns: PostColumns, timing: Timing) -> Changes:
    """Count the posts of a batch. Does not change the state.

    A window skips a post at or below its offset: it was counted before a crash. Whether a post is late
    depends on the partition's clock right before that post, so only on the order inside the partition. A post
    too late for its window is added to the late counts of the clock's window, because the state of its own is
    gone. A post with the id of an earlier post is a duplicate; a post that is read again is not.
    """
    old = state.clock
    placed = _placed(old.clock_ms, columns, timing)
    late = placed.late
    windows: list[WindowPartial] = []
    ids: list[SeenIds] = []
    duplicate_offsets: list[int] = []
    for start_ms, posts in _by_window(placed.window_starts_ms):
        if columns.id_hashes is not None:
            on_time = [post for post in posts if post not in late] if late else posts
            hashes = [columns.id_hashes[post] for post in on_time]
            offsets = [columns.offsets[post] for post in on_time]
            new, twice = _new_ids(hashes, offsets, state.seen.get(start_ms))
            if new:
                ids.append(SeenIds(old.run_id, old.partition, start_ms, columns.last_offset, packed(new)))
            if twice:
                duplicate_offsets += twice
                posts = [post for post in posts if columns.offsets[post] not in twice]
        if posts:
            window = state.windows.get(start_ms) or WindowPartial(
                old.run_id, old.partition, start_ms, -1, {}, {}
            )
            _add(window, columns, posts, late)
            windows.append(window)
    tally = Tally(
        counted=old.tally.counted + len(columns.offsets) - len(late) - len(duplicate_offsets),
        late=old.tally.late + len(late),
        rejected=old.tally.rejected + columns.rejected,
        duplicate=old.tally.duplicate + len(duplicate_offsets),
        ignored=old.tally.ignored + columns.ignored,
    )
    clock = PartitionClock(
        old.run_id,
        old.partition,
        offset=columns.last_offset,
        clock_ms=placed.clock_ms,
        idle=False,
        tally=tally,
        rejected_in_a_row=columns.rejected_in_a_row,
        fingerprint=columns.fingerprint,
    )
    return Changes(ids, (), windows, clock, [*late.values()], sorted(duplicate_offsets))


class _Placed(NamedTuple):
    """The clock after a batch, the window that each post is counted in, and the posts that are too late."""

    clock_ms: int | None
    window_starts_ms: Times
    late: dict[int, Late]


def _placed(clock_ms: int | None, columns: PostColumns, timing: Timing) -> _Placed:
    if not columns.created_at_ms:
        return _Placed(_raised(clock_ms, columns.floors_ms), np.empty(0, np.int64), {})
    times_ms = np.array(columns.created_at_ms, np.int64)
    # The clock before each post. Before the very first post it is that post's own time, so it is not late.
    clocks_ms = np.maximum.accumulate(np.append(times_ms[0] if clock_ms is None else clock_ms, times_ms))
    if columns.floors_ms is not None:
        floors_ms = np.maximum.accumulate(np.array(columns.floors_ms, np.int64))
        if clock_ms is None and floors_ms[0] > NO_FLOOR:  # the very first post may be late, too
            clocks_ms[0] = NO_FLOOR
        clocks_ms = np.maximum(clocks_ms, floors_ms)
    before_ms = clocks_ms[:-1]
    starts_ms = timing.window_start_ms(times_ms)
    too_late = np.flatnonzero(starts_ms <= timing.newest_settled_ms(before_ms)).tolist()
    late = {}
    for post in too_late:
        start_ms, watermark_ms = int(starts_ms[post]), timing.watermark_ms(int(before_ms[post]))
        lateness_ms = watermark_ms - start_ms - timing.window_size_ms
        late[post] = Late(columns.offsets[post], lateness_ms, start_ms, watermark_ms)
        starts_ms[post] = timing.window_start_ms(int(before_ms[post]))
    return _Placed(int(clocks_ms[-1]), starts_ms, late)


def _raised(clock_ms: int | None, floors_ms: Sequence[int] | None) -> int | None:
    """Return the clock after a batch without posts."""
    highest_ms = max(floors_ms, default=NO_FLOOR) if floors_ms else NO_FLOOR
    if highest_ms == NO_FLOOR:
        return clock_ms
    return highest_ms if clock_ms is None else max(clock_ms, highest_ms)


def _by_window(starts_ms: Times) -> list[tuple[int, list[int]]]:
    """Return the indices of the posts of each window, and the windows in order of appearance."""
    order = np.argsort(starts_ms, kind="stable")
    sorted_ms = starts_ms[order]
    firsts = np.flatnonzero(np.diff(sorted_ms, prepend=-1))
    posts, bounds = order.tolist(), [*firsts.tolist(), len(order)]
    windows = [
        (start_ms, posts[first:end])
        for start_ms, first, end in zip(sorted_ms[firsts].tolist(), bounds, bounds[1:], strict=False)
    ]
    return sorted(windows, key=lambda window: window[1][0])


def _new_ids(
    hashes: Sequence[bytes], offsets: Sequence[int], seen: Seen | None
) -> tuple[dict[bytes, int], set[int]]:
    """Return the ids that a window's posts are counted under, and the offsets of duplicates."""
    new = dict(zip(hashes, offsets, strict=True))
    known = {} if seen is None else seen.known(new)
    if len(new) == len(offsets) and not known:
        return new, set()  # the usual case; the code below gives the same result, post by post
    new, duplicate_offsets = {}, set()
    for hashed, offset in zip(hashes, offsets, strict=True):
        if known.get(hashed, offset) < offset or new.get(hashed, offset) < offset:
            duplicate_offsets.add(offset)
        else:
            new[hashed] = offset
    return new, duplicate_offsets


def _add(window: WindowPartial, columns: PostColumns, posts: Sequence[int], late: Collection[int]) -> None:
    """Count the posts in the window, except those that it has counted before."""
    if columns.offsets[posts[0]] <= window.offset:
        posts = [post for post in posts if columns.offsets[post] > window.offset]
    on_time = [post for post in posts if post not in late] if late else posts
    group_of = columns.groups.__getitem__
    _count(window.counts, map(group_of, on_time))
    if late:
        _count(window.late_counts, [group_of(post) for post in posts if post in late])
    if columns.names_author is not None:
        _count(window.with_author, [group_of(post) for post in on_time if columns.names_author[post]])
    if columns.terms is not None:
        for post in on_time:
            _count_terms(window.terms, group_of(post)[0], columns.terms[post])
    if columns.sources is not None:
        source_of = columns.sources.__getitem__
        _count_sources(window.sources, map(source_of, on_time), map(group_of, on_time))
        if late:
            too_late = [post for post in posts if post in late]
            _count_sources(window.late_sources, map(source_of, too_late), map(group_of, too_late))
    window.offset = max(window.offset, columns.last_offset)


def _count(cells: Cells, groups: Iterable[Group]) -> None:
    for group, number in Counter(groups).items():
        _increase(cells, group, number)


def _count_sources(by_source: SourceCells, sources: Iterable[str], groups: Iterable[Group]) -> None:
    for (source, group), number in Counter(zip(sources, groups, strict=True)).items():
        _increase(by_source.setdefault(source, {}), group, number)


def _increase(cells: Cells, group: Group, number: int) -> None:
    language, tags = group
    counts = cells.setdefault(language, {})
    for tag in tags:
        counts[tag] = counts.get(tag, 0) + number


def _count_terms(cells: Terms, language: str, terms: Sequence[TermOfTag]) -> None:
    for tag, term in terms:
        counts = cells.setdefault(language, {}).setdefault(tag, {})
        counts[term] = counts.get(term, 0) + 1
