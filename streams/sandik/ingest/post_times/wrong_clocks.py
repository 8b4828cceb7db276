"""Wrong clocks in an archive: rejects posts whose time contradicts the rest of their file.

A post of next year in the middle of a file of this year would move the clock of its partition, and all posts
after it would be late. Being the newest is no proof: people can write again after years of silence. The place
in the file is: in a sorted file, a real post after a long silence is at the end (or at the beginning, if the
newest comes first). A post with a wrong clock is among posts of another time, far later than its neighbours.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sandik.counting.labels import iso
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik.ingest.post_times.sorted_pieces import Slice, part
from sandik.ingest.post_times.sorting import Aside, Sorting
from sandik_schemas.post import Post

DAY_MS = 86_400_000
#: A gap is checked if it has this length, and is this many times the longest gap before it.
MIN_GAP_MS, MIN_RATIO = 7 * DAY_MS, 20
#: At least so many posts come before it, and after it at most a hundredth of all posts, or these few.
MIN_BEFORE, MAX_SHARE, ALWAYS_FEW = 10, 100, 3
#: The most posts between a jump up and a jump down. More are another part of the file, not wrong clocks.
MAX_PEAK = 100
#: How many peaks are remembered per file.
MAX_PEAKS = 1_000


@dataclass
class Peaks:
    """The posts of one file that stand out, with their times in `ids_ms`. Fed in file order."""

    posts: int = 0
    ids_ms: dict[str, int] = field(default_factory=dict)
    _rising: list[tuple[str, int]] = field(default_factory=list)
    _before_ms: int | None = None
    _base_ms: int = 0

    def through(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items unchanged, and watch them."""
        for item in items:
            if isinstance(item, Post):
                time_ms, before_ms = item.created_at_ms, self._before_ms
                self._before_ms = time_ms
                self.posts += 1
                if before_ms is not None and (self._rising or abs(time_ms - before_ms) >= MIN_GAP_MS):
                    self._see(item, time_ms - before_ms)
            yield item

    def _see(self, post: Post, step_ms: int) -> None:
        time_ms = post.created_at_ms
        if step_ms <= -MIN_GAP_MS:
            self.ids_ms.update(one for one in self._rising if one[1] >= time_ms + MIN_GAP_MS)
            self._rising = [one for one in self._rising if one[1] < time_ms + MIN_GAP_MS]
        elif step_ms >= MIN_GAP_MS and not self._rising:
            self._base_ms = time_ms - step_ms
        if time_ms >= self._base_ms + MIN_GAP_MS:
            self._rising.append((post.id, time_ms))
        else:
            self._rising = []
        if len(self._rising) > MAX_PEAK or len(self.ids_ms) > MAX_PEAKS:
            self._rising = []

    @property
    def is_in_order(self) -> bool:
        """Return whether the file is sorted except for a few posts."""
        return len(self.ids_ms) <= max(ALWAYS_FEW, self.posts // MAX_SHARE)


class Apart(NamedTuple):
    """Posts after a long silence: how many, from when on, and the time of the last post before."""

    posts: int
    from_ms: int
    before_ms: int


class Watch:
    """Watches the files while they are read, and then their posts in order."""

    def __init__(self, sorting: Sorting, names: Sequence[str]) -> None:
        self._sorting = sorting
        self._names = names
        self._peaks: dict[int, Peaks] = {}
        #: Posts far from all others whose clocks are not proven wrong.
        self.doubtful: Apart | None = None
        self._is_setting_aside = False

    def reading(self, number: int, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items of a file unchanged, and watch them."""
        peaks = self._peaks[number] = Peaks()
        return peaks.through(items)

    def through(self, ordered: Iterable[Slice | Aside]) -> Iterator[Slice | Aside]:
        """Yield the posts in order; those with wrong clocks as rejected."""
        seen, widest_ms, before_ms = 0, 0, None
        for one in ordered:
            if isinstance(one, Aside):
                yield one
                continue
            if self._is_setting_aside:
                yield from self._rejected(one, before_ms)
                continue
            times = np.array(one.keys, np.int64)
            steps = np.diff(times, prepend=times[0] if before_ms is None else before_ms)
            before_ms = one.keys[-1]
            for at in np.flatnonzero(steps >= MIN_GAP_MS).tolist():
                widest_ms = max(widest_ms, int(steps[:at].max(initial=0)))
                if self._is_apart(one, at, seen, int(steps[at]), widest_ms):
                    yield part(one, 0, at)
                    before_ms = one.keys[at] - int(steps[at])
                    yield from self._rejected(part(one, at, len(one.posts)), before_ms)
                    break
            else:
                yield one
            widest_ms = max(widest_ms, int(steps.max(initial=0)))
            seen += len(one.posts)

    def _is_apart(self, one: Slice, at: int, seen: int, gap_ms: int, widest_ms: int) -> bool:
        total, before = self._sorting.read, seen + at
        left = total - before
        is_few = left <= max(ALWAYS_FEW, total // MAX_SHARE)
        if before < MIN_BEFORE or not is_few or gap_ms < MIN_RATIO * widest_ms:
            return False
        found = Apart(left, one.keys[at], one.keys[at] - gap_ms)
        in_order = [peaks for peaks in self._peaks.values() if peaks.is_in_order]
        proven = sum(time_ms >= found.from_ms for peaks in in_order for time_ms in peaks.ids_ms.values())
        if proven < left:
            self.doubtful = found
            return False
        self._is_setting_aside, self.doubtful = True, None
        return True

    def _rejected(self, posts: Slice, before_ms: int | None) -> Iterator[Aside]:
        for file, post in zip(posts.files, posts.posts, strict=True):
            days = (post.created_at_ms - (before_ms or 0)) // DAY_MS
            detail = f"{iso(post.created_at_ms)}, {days:,} days after all others, though it stands among them"
            yield Aside(
                file, Rejected(RejectReason.CLOCK_APART, detail, f"{self._names[file]}: post {post.id}")
            )
