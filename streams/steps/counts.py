"""Fold tagged posts into one partition's open windows. Exact however often a post is read again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Literal, NamedTuple

import msgspec

from schemas.partial import Cells, PartitionClock, SeenIds, Tally, WindowPartial
from streams.steps.dedupe import Seen, add, packed, unpacked
from streams.steps.packed import PackedWindows
from streams.steps.window import Timing

ALL = "all"
BOTH = "both"
REPOST = "repost"

#: What becomes of a post that repeats another: counted as any post, in cells of its own, or ignored.
Reposts = Literal["count", "apart", "exclude"]

#: What a partition's state is stored as.
Entry = WindowPartial | PartitionClock | SeenIds


class TaggedPost(msgspec.Struct, frozen=True, gc=False):
    """What counting needs of a post: its offset in the partition, event time, language and cell tags.

    `id_hash` is None when duplicates are to be counted.
    """

    offset: int
    created_at_ms: int
    language: str
    tags: tuple[str, ...]
    id_hash: bytes | None = None


class Read(NamedTuple):
    """One batch as it was read: its good posts, how many others there were, and where it ends."""

    posts: Sequence[TaggedPost]
    rejected: int
    ignored: int
    last_offset: int
    rejected_in_a_row: int = 0


class Late(NamedTuple):
    """A post that came after its window was settled: how late, for which window, at which watermark."""

    offset: int
    lateness_ms: int
    window_start_ms: int
    watermark_ms: int


class Changes(NamedTuple):
    """What a batch does to a partition's state, and which of its posts were not counted."""

    clock: PartitionClock
    windows: list[WindowPartial]
    ids: list[SeenIds]
    late: list[Late]
    duplicate_offsets: list[int]
    authors: Sequence[WindowPartial] = ()

    @property
    def entries(self) -> list[Entry]:
        """Return the entries to store, in the order to store them: the clock vouches for all before it."""
        return [*self.ids, *self.partials]

    @property
    def partials(self) -> list[WindowPartial | PartitionClock]:
        """Return what merge is to know, in that order: a window vouches for its authors."""
        return [*self.authors, *self.windows, self.clock]


@dataclass(slots=True)
class PartitionState:
    """All that one partition of `posts` has added up: a function of the partition's prefix and the run."""

    clock: PartitionClock
    windows: PackedWindows = field(default_factory=PackedWindows)
    seen: defaultdict[int, Seen] = field(default_factory=lambda: defaultdict(dict))
    id_keys: defaultdict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    authors: defaultdict[int, list[WindowPartial]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def empty(cls, run_id: str, partition: int) -> "PartitionState":
        """Return the state before the first post."""
        return cls(PartitionClock(run_id, partition, offset=-1, clock_ms=None, idle=False))

    def take(self, entries: Iterable[Entry]) -> None:
        """Take stored entries over, after a batch or in recovery."""
        for entry in entries:
            if isinstance(entry, PartitionClock):
                self.clock = entry
            elif isinstance(entry, WindowPartial) and entry.authors is not None:
                self.authors[entry.window_start_ms].append(entry)
            elif isinstance(entry, WindowPartial):
                self.windows[entry.window_start_ms] = entry
            else:
                add(self.seen[entry.window_start_ms], unpacked(entry))
                self.id_keys[entry.window_start_ms].append(entry.key)

    def settle(self, timing: Timing) -> list[bytes]:
        """Forget the windows that can no longer change; return the keys of their entries."""
        if self.clock.clock_ms is None:
            return []
        watermark_ms = timing.watermark_ms(self.clock.clock_ms)
        keys = []
        for start_ms in [start for start in self.windows if timing.is_settled(start, watermark_ms)]:
            self.seen.pop(start_ms, None)
            keys += [self.windows.pop(start_ms).key, *self.id_keys.pop(start_ms, [])]
            keys += [entry.key for entry in self.authors.pop(start_ms, ())]
        return keys

    def partials(self) -> Iterator[WindowPartial | PartitionClock]:
        """Yield all that merge is to know, in the order of `Changes.partials`."""
        yield from chain.from_iterable(self.authors.values())
        yield from self.windows.values()
        yield self.clock


@lru_cache(maxsize=1_024)
def cell_tags(
    tags: tuple[str, ...], tag_names: tuple[str, ...], *, is_apart: bool = False
) -> tuple[str, ...]:
    """Return the tags of the cells a post is counted in: `all`, its own, and `both` when it has every tag.

    `both` exists only where the lexicon has two tags. Of a repost that is counted apart: `all`, `repost`, and
    its own with `_repost` behind.
    """
    both = (BOTH,) if len(tag_names) == 2 and len(tags) == 2 else ()
    if is_apart:
        return (ALL, REPOST, *(f"{tag}_{REPOST}" for tag in (*tags, *both)))
    return (ALL, *tags, *both)


class _Touched:
    """A window that a batch has posts for, and what they add to it."""

    __slots__ = ("added", "has_news", "new_ids", "partial", "seen")

    def __init__(self, state: PartitionState, start_ms: int) -> None:
        self.partial = state.windows.get(start_ms) or WindowPartial(
            state.clock.run_id, state.clock.partition, start_ms, -1, {}, {}
        )
        self.seen = state.seen.get(start_ms, {})
        self.new_ids: Seen = {}
        #: Posts by (is late, language, cell tags): a batch has few different ones.
        self.added: dict[tuple[bool, str, tuple[str, ...]], int] = {}
        self.has_news = False

    def grown(self, offset: int) -> WindowPartial:
        """Return the window's partial with the posts up to `offset`."""
        partial = self.partial
        for (is_late, language, tags), posts in self.added.items():
            _add(partial.late_counts if is_late else partial.counts, language, tags, posts)
        partial.offset = max(partial.offset, offset)
        return partial


def fold(state: PartitionState, read: Read, timing: Timing) -> Changes:
    """Count the posts of a batch. The state is left as it is.

    A post at or below its window's offset was counted before a crash and is skipped in that window only.
    Late is decided by the partition's own clock as it stood before the post, so it depends on nothing but
    the order inside the partition. A post too late for its window is added to the late counts of the
    window that the clock is in: its own window's state is gone. An earlier post with the same id makes a
    duplicate; a post read again is no duplicate of itself.
    """
    clock_ms = state.clock.clock_ms
    newest_settled_ms = None if clock_ms is None else timing.newest_settled_ms(clock_ms)
    windows: dict[int, _Touched] = {}
    late: list[Late] = []
    duplicate_offsets: list[int] = []
    for post in read.posts:
        offset, created_at_ms, hashed = post.offset, post.created_at_ms, post.id_hash
        start_ms = timing.window_start_ms(created_at_ms)
        is_late = False
        if clock_ms is None or newest_settled_ms is None or created_at_ms > clock_ms:
            clock_ms, newest_settled_ms = created_at_ms, timing.newest_settled_ms(created_at_ms)
        elif start_ms <= newest_settled_ms:
            is_late = True
            watermark_ms = timing.watermark_ms(clock_ms)
            late.append(Late(offset, watermark_ms - start_ms - timing.window_size_ms, start_ms, watermark_ms))
            start_ms = timing.window_start_ms(clock_ms)
        window = windows.get(start_ms)
        if window is None:
            window = windows[start_ms] = _Touched(state, start_ms)
        if hashed is not None and not is_late:
            if window.seen.get(hashed, offset) < offset or window.new_ids.get(hashed, offset) < offset:
                duplicate_offsets.append(offset)
                continue
            window.new_ids[hashed] = offset
        window.has_news = True
        if offset > window.partial.offset:
            cells = is_late, post.language, post.tags
            window.added[cells] = window.added.get(cells, 0) + 1
    old = state.clock
    tally = Tally(
        counted=old.tally.counted + len(read.posts) - len(late) - len(duplicate_offsets),
        late=old.tally.late + len(late),
        rejected=old.tally.rejected + read.rejected,
        duplicate=old.tally.duplicate + len(duplicate_offsets),
        ignored=old.tally.ignored + read.ignored,
    )
    clock = PartitionClock(
        old.run_id, old.partition, read.last_offset, clock_ms, False, tally, read.rejected_in_a_row
    )
    ids = [
        SeenIds(old.run_id, old.partition, start_ms, read.last_offset, packed(window.new_ids))
        for start_ms, window in windows.items()
        if window.new_ids
    ]
    grown = [window.grown(read.last_offset) for window in windows.values() if window.has_news]
    return Changes(clock, grown, ids, late, duplicate_offsets)


def _add(cells: Cells, language: str, tags: tuple[str, ...], posts: int) -> None:
    counts = cells.setdefault(language, {})
    for tag in tags:
        counts[tag] = counts.get(tag, 0) + posts
