"""Fold tagged posts into one partition's open windows. Exact however often a post is read again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.partial import Cells, PartitionClock, WindowPartial
from streams.steps.window import Timing

ALL = "all"
BOTH = "both"


class TaggedPost(NamedTuple):
    """What counting needs of a post: its offset in the partition, event time, language and cell tags."""

    offset: int
    created_at_ms: int
    language: str
    tags: tuple[str, ...]


class Late(NamedTuple):
    """A post that came after its window was settled: how late, for which window, at which watermark."""

    offset: int
    lateness_ms: int
    window_start_ms: int
    watermark_ms: int


class Changes(NamedTuple):
    """What a batch does to a partition's state, and what it could not count."""

    clock: PartitionClock
    windows: list[WindowPartial]
    settled: list[WindowPartial]
    late: list[Late]


@dataclass(slots=True)
class PartitionState:
    """All that one partition of `posts` has added up: a function of the partition's prefix and the run."""

    clock: PartitionClock
    windows: dict[int, WindowPartial] = field(default_factory=dict)

    @classmethod
    def empty(cls, run_id: str, partition: int) -> "PartitionState":
        """Return the state before the first post."""
        return cls(PartitionClock(run_id, partition, offset=-1, clock_ms=None, idle=False))

    def apply(self, changes: Changes) -> None:
        """Take the changes over."""
        self.clock = changes.clock
        for window in changes.windows:
            self.windows[window.window_start_ms] = window
        for window in changes.settled:
            self.windows.pop(window.window_start_ms, None)

    def settled(self, timing: Timing) -> list[WindowPartial]:
        """Return the windows that can no longer change and need not be kept."""
        return _settled(self.windows.values(), self.clock.clock_ms, timing)


def cell_tags(tags: tuple[str, ...], tag_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags of the cells a post is counted in: `all`, its own, and `both` when it has every tag.

    `both` exists only where the lexicon has two tags.
    """
    both = (BOTH,) if len(tag_names) == 2 and len(tags) == 2 else ()
    return (ALL, *tags, *both)


def fold(state: PartitionState, posts: Iterable[TaggedPost], last_offset: int, timing: Timing) -> Changes:
    """Count `posts`, the good posts of the batch that ends at `last_offset`. The state is left as it is.

    A post at or below its window's offset was counted before a crash and is skipped in that window only.
    Late is decided by the partition's own clock as it stood before the post, so it depends on nothing but
    the order inside the partition. A post too late for its window is added to the late counts of the
    window that the clock is in: its own window's state is gone.
    """
    clock_ms = state.clock.clock_ms
    touched: dict[int, WindowPartial] = {}
    late: list[Late] = []
    for post in posts:
        start_ms = timing.window_start_ms(post.created_at_ms)
        is_late = False
        if clock_ms is None:
            clock_ms = post.created_at_ms
        else:
            watermark_ms = timing.watermark_ms(clock_ms)
            if timing.is_settled(start_ms, watermark_ms):
                is_late = True
                lateness_ms = watermark_ms - start_ms - timing.window_size_ms
                late.append(Late(post.offset, lateness_ms, start_ms, watermark_ms))
                start_ms = timing.window_start_ms(clock_ms)
            elif post.created_at_ms > clock_ms:
                clock_ms = post.created_at_ms
        window = touched.get(start_ms)
        if window is None:
            window = touched[start_ms] = _opened(state, start_ms)
        # Until the batch is folded, a copy keeps the offset its cells were durable at.
        if post.offset > window.offset:
            _add(window.late_counts if is_late else window.counts, post.language, post.tags)
    for window in touched.values():
        window.offset = max(window.offset, last_offset)
    clock = PartitionClock(state.clock.run_id, state.clock.partition, last_offset, clock_ms, idle=False)
    windows = state.windows | touched
    return Changes(clock, list(touched.values()), _settled(windows.values(), clock_ms, timing), late)


def _opened(state: PartitionState, start_ms: int) -> WindowPartial:
    old = state.windows.get(start_ms)
    if old is None:
        return WindowPartial(state.clock.run_id, state.clock.partition, start_ms, -1, {}, {})
    return WindowPartial(
        old.run_id, old.partition, start_ms, old.offset, _copied(old.counts), _copied(old.late_counts)
    )


def _copied(cells: Cells) -> Cells:
    return {language: dict(tags) for language, tags in cells.items()}


def _add(cells: Cells, language: str, tags: tuple[str, ...]) -> None:
    counts = cells.setdefault(language, {})
    for tag in tags:
        counts[tag] = counts.get(tag, 0) + 1


def _settled(windows: Iterable[WindowPartial], clock_ms: int | None, timing: Timing) -> list[WindowPartial]:
    if clock_ms is None:
        return []
    watermark_ms = timing.watermark_ms(clock_ms)
    return [window for window in windows if timing.is_settled(window.window_start_ms, watermark_ms)]
