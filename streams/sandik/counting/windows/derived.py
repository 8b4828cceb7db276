"""The windows derived from panes, if any are configured: it hears which panes change, and returns counts."""

import msgspec

from sandik.counting.labels import Labels
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.counting.windows.hopping import Hopping
from sandik.counting.windows.panes import DerivedRecord, Panes, Progress
from sandik.counting.windows.sessions import Sessions
from sandik_schemas.partial import Watermark


class DerivedWindows:
    """Hopping windows and sessions, or neither."""

    def __init__(self, hopping: Hopping | None = None, sessions: Sessions | None = None) -> None:
        self._hopping = hopping
        self._sessions = sessions

    @classmethod
    def of(cls, sizes: DerivedSizes, labels: Labels, pane_size_ms: int) -> "DerivedWindows":
        """Return what keeps windows of these sizes."""
        size_ms, advance_ms, gap_ms = sizes.hopping_size_ms, sizes.hopping_advance_ms, sizes.session_gap_ms
        return cls(
            Hopping(labels, pane_size_ms, size_ms, advance_ms) if size_ms else None,
            Sessions(labels, pane_size_ms, gap_ms) if gap_ms else None,
        )

    def take_over(self) -> None:
        """Become the owner, perhaps as the next one after another worker."""
        if self._sessions:
            self._sessions.take_over()

    def resume(self, mark: Watermark) -> None:
        """Read how far the last owner had come."""
        if mark.settled_ms is None:
            return
        forgotten_ms = mark.settled_ms if mark.forgotten_ms is None else mark.forgotten_ms
        if self._hopping:
            self._hopping.cut(forgotten_ms)
        if self._sessions:
            self._sessions.resume(mark.open_sessions, mark.settled_ms, forgotten_ms)

    def complete(self, mark: Watermark) -> Watermark:
        """Return the mark with what the next owner must know."""
        if mark.settled_ms is None:
            return mark
        return msgspec.structs.replace(
            mark,
            forgotten_ms=self._hopping.forgotten_ms(mark.settled_ms) if self._hopping else None,
            open_sessions=self._sessions.carried if self._sessions else None,
        )

    def pane_changed(self, pane_ms: int) -> None:
        """Say that a pane has changed."""
        if self._hopping:
            self._hopping.pane_changed(pane_ms)
        if self._sessions:
            self._sessions.pane_changed(pane_ms)

    def emit(
        self, panes: Panes, progress: Progress, now_ms: int, at_most: int | None = None
    ) -> list[DerivedRecord]:
        """Return what changed or became final since the last call: about `at_most` records."""
        written = self._hopping.emit(panes, progress, now_ms, at_most) if self._hopping else []
        if self._sessions and (at_most is None or len(written) < at_most):
            left = None if at_most is None else at_most - len(written)
            written += self._sessions.emit(panes, progress, now_ms, left)
        return written

    def written_ms(self, settled_ms: int) -> int | None:
        """Return how much of what is settled is written, too."""
        if self._sessions and not self._sessions.is_settleable:
            return None
        kinds = [kind for kind in (self._hopping, self._sessions) if kind]
        return min([settled_ms, *(time_ms for kind in kinds for time_ms in kind.unwritten_ms())])

    def settle(self, panes: Panes, settled_ms: int | None) -> None:
        """Forget windows that can no longer change."""
        if settled_ms is None:
            return
        if self._hopping:
            self._hopping.settle(settled_ms)
        if self._sessions:
            self._sessions.settle(panes, settled_ms)

    def forgotten_ms(self, settled_ms: int | None) -> int | None:
        """Return the time before which panes are no longer needed."""
        if settled_ms is None or not self._hopping:
            return settled_ms
        return self._hopping.forgotten_ms(settled_ms)
