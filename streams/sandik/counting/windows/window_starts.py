"""Starts of windows, of which the oldest are taken out without a scan of the others."""

from heapq import heappop, heappush


class WindowStarts:
    """Starts of windows of one size. Removes those up to a time without scanning the others."""

    def __init__(self) -> None:
        self._starts: set[int] = set()
        #: All of `_starts`, and perhaps some that were discarded.
        self._heap: list[int] = []

    def __contains__(self, start_ms: int) -> bool:
        return start_ms in self._starts

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, start_ms: int) -> None:
        """Add a start, if it is not there."""
        if start_ms not in self._starts:
            self._starts.add(start_ms)
            heappush(self._heap, start_ms)

    def discard(self, start_ms: int) -> None:
        """Take a start out, if it is there."""
        self._starts.discard(start_ms)

    @property
    def oldest_ms(self) -> int | None:
        """The lowest start; None when there is none."""
        while self._heap and self._heap[0] not in self._starts:
            heappop(self._heap)
        return self._heap[0] if self._heap else None

    def pop_until(self, newest_ms: int) -> list[int]:
        """Take out the starts up to and with `newest_ms`; return them, the oldest first."""
        found = []
        while (oldest_ms := self.oldest_ms) is not None and oldest_ms <= newest_ms:
            heappop(self._heap)
            self._starts.remove(oldest_ms)
            found.append(oldest_ms)
        return found
