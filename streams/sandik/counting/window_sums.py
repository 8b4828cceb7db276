"""What all partitions have added to each window, in few bytes.

A silent partition may still correct every window since its last post, so all those windows stay here. Each
has one sum of the partitions that are done with it, and separate values of the others.
"""

from collections import defaultdict
from typing import NamedTuple

from sandik.counting.windows.packed import WindowCells, unpacked
from sandik.counting.windows.window_starts import WindowStarts
from sandik_schemas.partial import WindowPartial

_NO_CELLS = WindowCells().packed()


class _Closed(NamedTuple):
    """What the partitions that can no longer change a window add to it, in one sum.

    `partitions` has the bit 1 << partition of each of them.
    """

    partitions: int = 0
    packed: bytes = _NO_CELLS


class _Added(NamedTuple):
    """What a partition that may still change a window has added to it so far, up to an offset."""

    offset: int
    packed: bytes


class _Open:
    """The windows that one partition may still change."""

    def __init__(self) -> None:
        self.added: dict[int, _Added] = {}
        self.starts = WindowStarts()


class WindowSums:
    """The cells of every window that is known, summed over the partitions."""

    def __init__(self) -> None:
        self._closed: dict[int, _Closed] = {}
        self._open: dict[int, _Open] = defaultdict(_Open)

    def __contains__(self, start_ms: int) -> bool:
        return start_ms in self._closed

    def __len__(self) -> int:
        return len(self._closed)

    def apply(self, partial: WindowPartial) -> bool:
        """Add a partial. Ignores it, and returns False, if one of the partition has as high an offset."""
        start_ms = partial.window_start_ms
        closed = self._closed.setdefault(start_ms, _Closed())
        if closed.partitions >> partial.partition & 1:
            return False  # what comes after a partition is done with a window is older than what it added
        windows = self._open[partial.partition]
        known = windows.added.get(start_ms)
        if known is not None and partial.offset <= known.offset:
            return False
        windows.added[start_ms] = _Added(partial.offset, WindowCells.of(partial).packed())
        windows.starts.add(start_ms)
        return True

    def close(self, partition: int, newest_ms: int) -> None:
        """Say that a partition can no longer change the windows that start up to `newest_ms`."""
        windows = self._open[partition]
        for start_ms in windows.starts.pop_until(newest_ms):
            closed = self._closed[start_ms]
            cells = unpacked(closed.packed)
            cells.add(unpacked(windows.added.pop(start_ms).packed))
            self._closed[start_ms] = _Closed(closed.partitions | 1 << partition, cells.packed())

    def cells(self, start_ms: int) -> WindowCells:
        """Return the cells of a window; none if it is not known."""
        cells = unpacked(self._closed.get(start_ms, _Closed()).packed)
        for windows in self._open.values():
            if start_ms in windows.added:
                cells.add(unpacked(windows.added[start_ms].packed))
        return cells

    def forget(self, start_ms: int) -> list[int]:
        """Forget a window; return the partitions that had added to it."""
        closed = self._closed.pop(start_ms, _Closed()).partitions
        partitions = [partition for partition in range(closed.bit_length()) if closed >> partition & 1]
        for partition, windows in self._open.items():
            windows.starts.discard(start_ms)
            if windows.added.pop(start_ms, None) is not None:
                partitions.append(partition)
        return sorted(partitions)
