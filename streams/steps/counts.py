"""Fold tagged posts into one partition's open windows. Exact however often a post is read again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.partial import Cells, PartitionClock, SeenIds, Tally, WindowPartial
from streams.steps.dedupe import Seen, add, is_duplicate, packed, unpacked
from streams.steps.packed import PackedWindows
from streams.steps.window import Timing

ALL = "all"
BOTH = "both"

#: What a partition's state is stored as.
Entry = WindowPartial | PartitionClock | SeenIds


class TaggedPost(NamedTuple):
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

    @property
    def entries(self) -> list[Entry]:
        """Return the entries to store, in the order to store them: the clock vouches for all before it."""
        return [*self.ids, *self.windows, self.clock]


@dataclass(slots=True)
class PartitionState:
    """All that one partition of `posts` has added up: a function of the partition's prefix and the run."""

    clock: PartitionClock
    windows: PackedWindows = field(default_factory=PackedWindows)
    seen: defaultdict[int, Seen] = field(default_factory=lambda: defaultdict(dict))
    id_keys: defaultdict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def empty(cls, run_id: str, partition: int) -> "PartitionState":
        """Return the state before the first post."""
        return cls(PartitionClock(run_id, partition, offset=-1, clock_ms=None, idle=False))

    def take(self, entries: Iterable[Entry]) -> None:
        """Take stored entries over, after a batch or in recovery."""
        for entry in entries:
            if isinstance(entry, PartitionClock):
                self.clock = entry
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
        return keys


def cell_tags(tags: tuple[str, ...], tag_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags of the cells a post is counted in: `all`, its own, and `both` when it has every tag.

    `both` exists only where the lexicon has two tags.
    """
    both = (BOTH,) if len(tag_names) == 2 and len(tags) == 2 else ()
    return (ALL, *tags, *both)


def fold(state: PartitionState, read: Read, timing: Timing) -> Changes:
    """Count the posts of a batch. The state is left as it is.

    A post at or below its window's offset was counted before a crash and is skipped in that window only.
    Late is decided by the partition's own clock as it stood before the post, so it depends on nothing but
    the order inside the partition. A post too late for its window is added to the late counts of the
    window that the clock is in: its own window's state is gone.
    """
    clock_ms = state.clock.clock_ms
    touched: dict[int, WindowPartial] = {}
    new_ids: defaultdict[int, Seen] = defaultdict(dict)
    late: list[Late] = []
    duplicate_offsets: list[int] = []
    for post in read.posts:
        start_ms = timing.window_start_ms(post.created_at_ms)
        watermark_ms = None if clock_ms is None else timing.watermark_ms(clock_ms)
        is_late = watermark_ms is not None and timing.is_settled(start_ms, watermark_ms)
        if clock_ms is not None and watermark_ms is not None and is_late:
            lateness_ms = watermark_ms - start_ms - timing.window_size_ms
            late.append(Late(post.offset, lateness_ms, start_ms, watermark_ms))
            start_ms = timing.window_start_ms(clock_ms)
        else:
            clock_ms = post.created_at_ms if clock_ms is None else max(clock_ms, post.created_at_ms)
            if post.id_hash is not None:
                if is_duplicate(post.id_hash, post.offset, state.seen.get(start_ms, {}), new_ids[start_ms]):
                    duplicate_offsets.append(post.offset)
                    continue
                new_ids[start_ms][post.id_hash] = post.offset
        window = touched.get(start_ms)
        if window is None:
            window = touched[start_ms] = _opened(state, start_ms)
        # Until the batch is folded, a copy keeps the offset its cells were durable at.
        if post.offset > window.offset:
            _add(window.late_counts if is_late else window.counts, post.language, post.tags)
    for window in touched.values():
        window.offset = max(window.offset, read.last_offset)
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
        SeenIds(old.run_id, old.partition, start_ms, read.last_offset, packed(seen))
        for start_ms, seen in new_ids.items()
        if seen
    ]
    return Changes(clock, list(touched.values()), ids, late, duplicate_offsets)


def _opened(state: PartitionState, start_ms: int) -> WindowPartial:
    known = state.windows.get(start_ms)
    return known or WindowPartial(state.clock.run_id, state.clock.partition, start_ms, -1, {}, {})


def _add(cells: Cells, language: str, tags: tuple[str, ...]) -> None:
    counts = cells.setdefault(language, {})
    for tag in tags:
        counts[tag] = counts.get(tag, 0) + 1
