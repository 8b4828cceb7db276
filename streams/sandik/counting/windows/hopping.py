"""Hopping windows: one of `size_ms` starts every `advance_ms`, and each is the sum of its panes. Pure.

A window is the sum of slices as long as the advance, and shares all but one with the next window. So a pane
that changes costs only a few sums, even if it is in many windows.
"""

from collections.abc import Callable, Iterator

from sandik.counting.labels import Labels
from sandik.counting.windows.count_fields import Emitted, counts_of
from sandik.counting.windows.packed import WindowCells, unpacked
from sandik.counting.windows.panes import DerivedRecord, Panes, Progress
from sandik.counting.windows.window_starts import WindowStarts


class Hopping:
    """The hopping windows that may still change. Sizes are multiples of the one before them."""

    def __init__(self, labels: Labels, pane_size_ms: int, size_ms: int, advance_ms: int) -> None:
        self._labels = labels
        self._pane_size_ms = pane_size_ms
        self._size_ms = size_ms
        self._advance_ms = advance_ms
        self._cut_ms: int | None = None
        self._changed_panes: set[int] = set()
        self._dirty = WindowStarts()
        self._current = WindowStarts()
        #: The starts of `_slices`, and of the windows in `_current` and `_emitted`.
        self._known = WindowStarts()
        self._slices: dict[int, bytes] = {}
        self._emitted = Emitted()

    def forgotten_ms(self, settled_ms: int) -> int:
        """Return the time before which no window that ends after `settled_ms` needs a pane."""
        needless_ms = self._slice_of(settled_ms - self._size_ms) + self._advance_ms
        return needless_ms if self._cut_ms is None else max(needless_ms, self._cut_ms)

    def cut(self, before_ms: int) -> None:
        """Note that panes up to this time are gone: windows that begin earlier are not written."""
        self._cut_ms = before_ms if self._cut_ms is None else max(before_ms, self._cut_ms)

    def pane_changed(self, pane_ms: int) -> None:
        """Say that a pane has changed."""
        self._changed_panes.add(pane_ms)

    def emit(self, panes: Panes, progress: Progress, now_ms: int, at_most: int | None) -> list[DerivedRecord]:
        """Return what changed or became final, oldest window first; the rest, if too much, the next time."""
        self._find_changed()
        if progress.watermark_ms is not None:
            for final_ms in self._current.pop_until(progress.watermark_ms - self._size_ms):
                self._dirty.add(final_ms)
        written: list[DerivedRecord] = []
        window = _Sliding()
        while (start_ms := self._dirty.oldest_ms) is not None and (at_most is None or len(written) < at_most):
            self._dirty.discard(start_ms)
            if self._cut_ms is None or start_ms >= self._cut_ms:
                slices = range(start_ms, start_ms + self._size_ms, self._advance_ms)
                cells = window.of(slices, lambda slice_ms: self._slice(slice_ms, panes))
                written += self._records(start_ms, cells, now_ms)
        return written

    def unwritten_ms(self) -> Iterator[int]:
        """Yield times that nothing may be settled up to before what has changed is written."""
        if self._changed_panes:
            yield self._slice_of(min(self._changed_panes)) + self._advance_ms - 1
        if self._dirty.oldest_ms is not None:
            yield self._dirty.oldest_ms + self._size_ms - 1

    def settle(self, settled_ms: int) -> None:
        """Forget the windows that end at or before `settled_ms`, and the slices that no other needs."""
        forgotten_ms = self.forgotten_ms(settled_ms)
        self.cut(forgotten_ms)
        for start_ms in self._known.pop_until(forgotten_ms - 1):
            self._slices.pop(start_ms, None)
            self._emitted.forget(start_ms)
            self._current.discard(start_ms)

    def _find_changed(self) -> None:
        for pane_ms in self._changed_panes:
            slice_ms = self._slice_of(pane_ms)
            self._slices.pop(slice_ms, None)
            for start_ms in range(
                slice_ms + self._advance_ms - self._size_ms, slice_ms + 1, self._advance_ms
            ):
                self._dirty.add(start_ms)
                self._current.add(start_ms)
                self._known.add(start_ms)
        self._changed_panes.clear()

    def _slice_of(self, time_ms: int) -> int:
        return time_ms - time_ms % self._advance_ms

    def _slice(self, start_ms: int, panes: Panes) -> WindowCells:
        if start_ms not in self._slices:
            cells = WindowCells()
            for pane_ms in range(start_ms, start_ms + self._advance_ms, self._pane_size_ms):
                cells.add(panes(pane_ms))
            self._slices[start_ms] = cells.packed()
            self._known.add(start_ms)
        return unpacked(self._slices[start_ms])

    def _records(self, start_ms: int, cells: WindowCells, now_ms: int) -> Iterator[DerivedRecord]:
        is_final = start_ms not in self._current
        span_ms = start_ms, start_ms + self._size_ms
        for language in self._emitted.changed(start_ms, cells, is_final=is_final):
            for count in counts_of(self._labels, span_ms, language, cells, now_ms, is_final=is_final):
                yield DerivedRecord("hopping", count.key, count)


class _Sliding:
    """The sum of one window, from that of the one before it where they overlap."""

    def __init__(self) -> None:
        self._slices = range(0)
        self._cells = WindowCells()

    def of(self, slices: range, slice_at: Callable[[int], WindowCells]) -> WindowCells:
        """Return the sum of these slices. The next call changes it."""
        for left_ms in self._slices:
            if left_ms not in slices:
                self._cells.subtract(slice_at(left_ms))
        for new_ms in slices:
            if new_ms not in self._slices:
                self._cells.add(slice_at(new_ms))
        self._slices = slices
        return self._cells
