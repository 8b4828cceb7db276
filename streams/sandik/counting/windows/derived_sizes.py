"""Which windows are derived from panes: all that the settings, which every command reads, need of them."""

import msgspec

from sandik.counting.windows.panes import Kind


class DerivedSizes(msgspec.Struct, frozen=True):
    """Which derived windows there are. 0: none. All are multiples of the tumbling window's size."""

    hopping_size_ms: int = 0
    hopping_advance_ms: int = 0
    session_gap_ms: int = 0

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that there are."""
        asked: dict[Kind, int] = {"hopping": self.hopping_size_ms, "sessions": self.session_gap_ms}
        return [kind for kind, is_asked in asked.items() if is_asked]

    def only(self, kind: Kind) -> "DerivedSizes":
        """Return those of one kind."""
        if kind == "sessions":
            return DerivedSizes(session_gap_ms=self.session_gap_ms)
        return DerivedSizes(self.hopping_size_ms, self.hopping_advance_ms)

    def wrong(self, pane_size_ms: int) -> str | None:
        """Return what is wrong with them, if anything is."""
        size_ms, advance_ms, gap_ms = self.hopping_size_ms, self.hopping_advance_ms, self.session_gap_ms
        if bool(size_ms) != bool(advance_ms):
            return "hopping windows need both a size and an advance: set both, or set both to 0"
        if size_ms and (advance_ms % pane_size_ms or size_ms % advance_ms):
            return (
                f"hopping windows are sums of windows of {pane_size_ms} ms: their advance ({advance_ms} ms) "
                f"must be a multiple of that, and their size ({size_ms} ms) a multiple of the advance"
            )
        if gap_ms % pane_size_ms:
            return f"sessions are made of windows of {pane_size_ms} ms: their gap cannot be {gap_ms} ms"
        return None
