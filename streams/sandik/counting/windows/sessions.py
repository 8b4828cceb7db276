"""Sessions: maximal runs of panes in which a cell (language, tag) has posts. Pure.

Two panes with posts are of one session when less than `gap_ms` lies between the end of the one and the start
of the other. A session is final when nothing can change, extend or join it any more.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from sandik.counting.labels import Labels
from sandik.counting.windows.count_fields import new_count
from sandik.counting.windows.panes import DerivedRecord, Panes, Progress, session_key
from sandik.counting.windows.session_rule import Found, Open, add, copied, each, end, present, sums
from sandik_schemas.partial import OpenSession, OpenSessions

#: Start, language, tag.
Cell = tuple[int, str, str]

#: Panes between two saved states, and how many states are saved. After a pane has changed, at most this many
#: older panes are read again, unless it is older than all saved states.
_EVERY, _REMEMBERED = 16, 64


class Sessions:
    """The sessions that may still change. `gap_ms` is a multiple of the panes' size."""

    def __init__(self, labels: Labels, pane_size_ms: int, gap_ms: int) -> None:
        self._labels = labels
        self._pane_size_ms = pane_size_ms
        self._gap_ms = gap_ms
        #: What the panes that are settled and written come to.
        self.carried = OpenSessions(gap_ms, None, None)
        self._written_ms: int | None = None
        self._starts: list[int] = []
        self._has_rival = False
        self._forget_all()

    def _forget_all(self) -> None:
        self._emitted: dict[Cell, int] = {}
        self._found: dict[int, dict[tuple[str, str], OpenSession]] = {}
        self._ending: dict[int, set[Cell]] = {}
        self._states: list[tuple[int, Open]] = []
        self._queue: list[Cell] = []
        self._dirty_ms = self._starts[0] if self._starts else None
        self._settled_ms: int | None = None
        self._is_new = True

    def take_over(self) -> None:
        """Become the owner, perhaps after another one; it is unknown what that one has written."""
        self._forget_all()
        self._has_rival = True

    def resume(self, carried: OpenSessions | None, settled_ms: int, forgotten_ms: int) -> None:
        """Continue from what another owner had settled; start over if it had no sessions of this gap."""
        if self._written_ms is not None and settled_ms <= self._written_ms:
            return
        self._written_ms = settled_ms
        if carried is None or carried.gap_ms != self._gap_ms:
            cut_ms = self._pane_of(forgotten_ms)
            carried = OpenSessions(self._gap_ms, cut_ms, cut_ms)
        self.carried = carried
        if carried.until_ms is not None:
            del self._starts[: bisect_left(self._starts, carried.until_ms)]
        self._forget_all()

    def pane_changed(self, pane_ms: int) -> None:
        """Say that a pane has changed."""
        if self.carried.until_ms is not None and pane_ms < self.carried.until_ms:
            return
        at = bisect_left(self._starts, pane_ms)
        if at == len(self._starts) or self._starts[at] != pane_ms:
            self._starts.insert(at, pane_ms)
        if self._dirty_ms is None or pane_ms < self._dirty_ms:
            self._dirty_ms = pane_ms

    def emit(self, panes: Panes, progress: Progress, now_ms: int, at_most: int | None) -> list[DerivedRecord]:
        """Return the sessions that changed or became final, and the keys of those that no longer exist."""
        if not self._queue:
            changed = self._newly_final(progress.settled_ms)
            if self._dirty_ms is not None or self._is_new:
                changed |= self._find(panes)
            self._queue = sorted(changed, reverse=True)
        written: list[DerivedRecord] = []
        while self._queue and (at_most is None or len(written) < at_most):
            written += self._written(self._queue.pop(), now_ms)
        return written

    def unwritten_ms(self) -> Iterator[int]:
        """Yield times that nothing may be settled up to before what has changed is written."""
        if self._dirty_ms is not None:
            yield self._dirty_ms
        if self._queue:
            yield self._queue[-1][0]
        # What is settled since, `emit` has still to make final.
        if self._settled_ms is not None:
            yield self._settled_ms

    @property
    def is_settleable(self) -> bool:
        """Return whether anything was written that can be settled."""
        return self._settled_ms is not None

    def settle(self, panes: Panes, settled_ms: int) -> None:
        """Fold the panes that end at or before `settled_ms` into `carried`; forget what has ended."""
        until_ms = self._pane_of(settled_ms)
        self._written_ms = settled_ms
        if self.carried.until_ms is not None and until_ms <= self.carried.until_ms:
            return
        settled = self._starts[: bisect_left(self._starts, until_ms)]
        open_ = copied(self.carried.sessions)
        for _ in self._folded(open_, settled, panes):
            pass
        for _ in end(open_, until_ms, self._gap_ms):
            pass
        self.carried = OpenSessions(self._gap_ms, self.carried.from_ms, until_ms, open_)
        del self._starts[: len(settled)]
        self._states = [(at, state) for at, state in self._states if at >= until_ms]
        for start_ms, cells in list(self._found.items()):
            for cell in [cell for cell, one in cells.items() if self._is_written(one)]:
                del cells[cell]
                self._emitted.pop((start_ms, *cell), None)
            if not cells:
                del self._found[start_ms]

    def _find(self, panes: Panes) -> set[Cell]:
        """Find the sessions that a changed pane may have changed again; return what must be written."""
        self._states = [one for one in self._states if self._dirty_ms is None or one[0] <= self._dirty_ms]
        at_ms, state = self._states[-1] if self._states else (None, self.carried.sessions)
        starts = self._starts if at_ms is None else self._starts[bisect_left(self._starts, at_ms) :]
        known = [start_ms for start_ms in self._found if at_ms is None or start_ms >= at_ms]
        before = {(start_ms, *cell) for start_ms in known for cell in self._found.pop(start_ms)}
        open_ = copied(state)
        changed: set[Cell] = set()
        for found in (*self._folded(open_, starts, panes, remember=True), *each(open_)):
            language, tag, one = found
            if self._is_written(one):
                continue
            self._found.setdefault(one.start_ms, {})[language, tag] = one
            cell = one.start_ms, language, tag
            self._ending.setdefault(one.end_ms, set()).add(cell)
            before.discard(cell)
            if self._emitted.get(cell) != self._revision(one):
                changed.add(cell)
        self._dirty_ms, self._is_new = None, False
        if self._has_rival:
            # Whichever of them was a session's start for the owner before, it may have written.
            before |= {(start_ms, *cell) for start_ms in starts for cell in present(panes(start_ms).counts)}
            self._has_rival = False
        return changed | {cell for cell in before if cell[1:] not in self._found.get(cell[0], {})}

    def _folded(
        self, open_: Open, starts: Iterable[int], panes: Panes, *, remember: bool = False
    ) -> Iterator[Found]:
        """Add panes to the open sessions, in order; yield those that have ended."""
        for number, start_ms in enumerate(starts):
            if remember and number and number % _EVERY == 0:
                self._states = [*self._states, (start_ms, copied(open_))][-_REMEMBERED:]
            yield from end(open_, start_ms, self._gap_ms)
            cells = panes(start_ms)
            add(open_, (start_ms, start_ms + self._pane_size_ms), cells.counts, cells.late_counts)

    def _newly_final(self, settled_ms: int | None) -> set[Cell]:
        self._settled_ms = settled_ms
        if settled_ms is None:
            return set()
        ends = [end_ms for end_ms in self._ending if end_ms + self._gap_ms <= settled_ms]
        cells = {cell for end_ms in ends for cell in self._ending.pop(end_ms)}
        return {cell for cell in cells if cell[1:] in self._found.get(cell[0], {})}

    def _written(self, cell: Cell, now_ms: int) -> Iterator[DerivedRecord]:
        start_ms, language, tag = cell
        key = session_key(start_ms, self._gap_ms, language, tag)
        one = self._found.get(start_ms, {}).get((language, tag))
        if one is None:
            self._emitted.pop(cell, None)
            yield DerivedRecord("sessions", key, None)
        elif self._is_whole(start_ms) and self._emitted.get(cell) != self._revision(one):
            self._emitted[cell] = self._revision(one)
            span_ms, is_final = (start_ms, one.end_ms), self._is_final(one)
            count = new_count(self._labels, span_ms, (language, tag), sums(one), now_ms, is_final=is_final)
            yield DerivedRecord("sessions", key, count)

    def _is_whole(self, start_ms: int) -> bool:
        """Return whether nothing of the session can lie before what was looked at."""
        from_ms = self.carried.from_ms
        return from_ms is None or start_ms - from_ms >= self._gap_ms

    def _is_written(self, one: OpenSession) -> bool:
        until_ms = self.carried.until_ms
        return until_ms is not None and one.end_ms + self._gap_ms <= until_ms

    def _is_final(self, one: OpenSession) -> bool:
        return self._settled_ms is not None and one.end_ms + self._gap_ms <= self._settled_ms

    def _revision(self, one: OpenSession) -> int:
        return sums(one).revision(is_final=self._is_final(one))

    def _pane_of(self, time_ms: int) -> int:
        return time_ms - time_ms % self._pane_size_ms
