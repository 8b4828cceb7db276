"""Hopping windows: one of `size_ms` starts every `advance_ms`, and each is the sum of its panes. Pure.

A window is summed from slices as long as the advance, of which its neighbour shares all but one; so a pane
that changes costs a few sums, however many windows it is in.
"""

from collections.abc import Callable, Iterator

import msgspec

from sandik.counting.labels import Labels
from sandik.counting.windows.packed import pack
from sandik.counting.windows.panes import Panes, Progress, Wide, a_count, untold
from sandik_schemas.partial import Cells

Both = tuple[Cells, Cells]

_both = msgspec.msgpack.Decoder(Both)
_revisions = msgspec.msgpack.Decoder(dict[str, int])


class Hopping:
    """The hopping windows that may still change. Sizes are multiples of the one before them."""

    def __init__(self, labels: Labels, pane_size_ms: int, size_ms: int, advance_ms: int) -> None:
        self._labels = labels
        self._pane_size_ms = pane_size_ms
        self._size_ms = size_ms
        self._advance_ms = advance_ms
        self._cut_ms: int | None = None
        self._touched: set[int] = set()
        self._dirty: set[int] = set()
        self._current: set[int] = set()
        self._slices: dict[int, bytes] = {}
        self._told: dict[int, bytes] = {}

    def forgotten_ms(self, settled_ms: int) -> int:
        """Return up to where no window that ends after `settled_ms` needs a pane."""
        needless_ms = self._slice_of(settled_ms - self._size_ms) + self._advance_ms
        return needless_ms if self._cut_ms is None else max(needless_ms, self._cut_ms)

    def cut(self, before_ms: int) -> None:
        """Say that panes which end at or before this are gone: windows that begin earlier are not written."""
        self._cut_ms = before_ms if self._cut_ms is None else max(before_ms, self._cut_ms)

    def touch(self, pane_ms: int) -> None:
        """Say that a pane has changed."""
        self._touched.add(pane_ms)

    def emit(self, panes: Panes, progress: Progress, now_ms: int, at_most: int | None) -> list[Wide]:
        """Return what changed or became final, oldest window first; the rest, if too much, the next time."""
        self._spread()
        watermark_ms = progress.watermark_ms
        if watermark_ms is not None:
            final = {start for start in self._current if start + self._size_ms <= watermark_ms}
            self._current -= final
            self._dirty |= final
        written: list[Wide] = []
        window = _Sliding()
        for start_ms in sorted(self._dirty):
            if at_most is not None and len(written) >= at_most:
                break
            self._dirty.remove(start_ms)
            if self._cut_ms is None or start_ms >= self._cut_ms:
                slices = range(start_ms, start_ms + self._size_ms, self._advance_ms)
                both = window.of(slices, lambda slice_ms: self._slice(slice_ms, panes))
                written += self._counts(start_ms, both, now_ms)
        return written

    def unwritten_ms(self) -> Iterator[int]:
        """Yield times that nothing may be settled up to before what has changed is written."""
        for pane_ms in self._touched:
            yield self._slice_of(pane_ms) + self._advance_ms - 1
        for start_ms in self._dirty:
            yield start_ms + self._size_ms - 1

    def settle(self, settled_ms: int) -> None:
        """Forget the windows that end at or before `settled_ms`, and the slices that no other needs."""
        forgotten_ms = self.forgotten_ms(settled_ms)
        self.cut(forgotten_ms)
        for start_ms in [start for start in self._slices if start < forgotten_ms]:
            del self._slices[start_ms]
        for start_ms in [start for start in self._told if start < forgotten_ms]:
            del self._told[start_ms]
        self._current = {start for start in self._current if start >= forgotten_ms}

    def _spread(self) -> None:
        for pane_ms in self._touched:
            slice_ms = self._slice_of(pane_ms)
            self._slices.pop(slice_ms, None)
            windows = range(slice_ms + self._advance_ms - self._size_ms, slice_ms + 1, self._advance_ms)
            self._dirty.update(windows)
            self._current.update(windows)
        self._touched.clear()

    def _slice_of(self, time_ms: int) -> int:
        return time_ms - time_ms % self._advance_ms

    def _slice(self, start_ms: int, panes: Panes) -> Both:
        if start_ms not in self._slices:
            both: Both = {}, {}
            for pane_ms in range(start_ms, start_ms + self._advance_ms, self._pane_size_ms):
                _add(both, panes(pane_ms), 1)
            self._slices[start_ms] = pack(both)
        decoded: Both = _both.decode(self._slices[start_ms])
        return decoded

    def _counts(self, start_ms: int, both: Both, now_ms: int) -> Iterator[Wide]:
        counts, late_counts = both
        is_final = start_ms not in self._current
        span_ms = start_ms, start_ms + self._size_ms
        told = _revisions.decode(self._told[start_ms]) if start_ms in self._told else {}
        for one in untold(counts, late_counts, told, is_final=is_final):
            for tag in one.cells:
                cell = one.language, tag
                count = a_count(self._labels, span_ms, cell, one.sums(tag), now_ms, is_final=is_final)
                yield Wide("hopping", count.key, count)
        self._told[start_ms] = pack(told)


class _Sliding:
    """The sum of one window, from that of the one before it where they overlap."""

    def __init__(self) -> None:
        self._slices = range(0)
        self._both: Both = {}, {}

    def of(self, slices: range, slice_at: Callable[[int], Both]) -> Both:
        """Return the sum of these slices. The next call changes it."""
        for left_ms in self._slices:
            if left_ms not in slices:
                _add(self._both, slice_at(left_ms), -1)
        for new_ms in slices:
            if new_ms not in self._slices:
                _add(self._both, slice_at(new_ms), 1)
        self._slices = slices
        return self._both


def _add(to: Both, both: Both, sign: int) -> None:
    for cells, added in zip(to, both, strict=True):
        for language, by_tag in added.items():
            summed = cells.setdefault(language, {})
            for tag, count in by_tag.items():
                summed[tag] = summed.get(tag, 0) + sign * count
                if not summed[tag]:
                    del summed[tag]
            if not summed:
                del cells[language]
