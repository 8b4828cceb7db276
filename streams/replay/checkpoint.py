"""Where a slice stands, on disk: what it has finished, and the state to go on from.

`N.windows` grows by the windows that can no longer change; `N.state` is replaced as a whole and says how
much of `N.windows` it vouches for. What a crash leaves behind that is cut off, so going on gives the same
bytes.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from schemas.partial import PartitionClock, SeenIds, WindowPartial
from streams.steps.counts import Entry, PartitionState
from streams.steps.dedupe import packed

_encode = msgspec.json.encode
_window = msgspec.json.Decoder(WindowPartial)


class Saved(msgspec.Struct):
    """A slice's state after the record before `next_offset`. `is_done`: there is no more to read."""

    next_offset: int
    is_done: bool
    windows_bytes: int
    entries: list[WindowPartial | PartitionClock | SeenIds]


_saved = msgspec.msgpack.Decoder(Saved)


class Checkpoint:
    """The files of one partition. Use as a context manager while counting."""

    def __init__(self, folder: Path, run_id: str, partition: int, start: int) -> None:
        self._windows = folder / f"{partition}.windows"
        self._state = folder / f"{partition}.state"
        if self._state.exists():
            self.saved = _saved.decode(self._state.read_bytes())
        else:
            clock = PartitionState.empty(run_id, partition).clock
            self.saved = Saved(start, False, 0, [clock])
        self._run_id, self._partition = run_id, partition

    def __enter__(self) -> "Checkpoint":
        self._file = self._windows.open("ab")
        self._file.truncate(self.saved.windows_bytes)
        self._file.seek(self.saved.windows_bytes)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def state(self) -> PartitionState:
        """Return the state to go on from."""
        state = PartitionState.empty(self._run_id, self._partition)
        state.take(self.saved.entries)
        return state

    def finish(self, windows: Iterable[WindowPartial]) -> None:
        """Write down windows that can no longer change."""
        self._file.writelines(_encode(window) + b"\n" for window in windows)

    def save(self, state: PartitionState, next_offset: int, *, is_done: bool) -> None:
        """Make everything so far survive a crash."""
        self._file.flush()
        os.fsync(self._file.fileno())
        clock = state.clock
        ids = [
            SeenIds(self._run_id, self._partition, start_ms, clock.offset, packed(seen))
            for start_ms, seen in state.seen.items()
        ]
        entries: list[Entry] = [*ids, *state.partials()]
        self.saved = Saved(next_offset, is_done, self._file.tell(), entries)
        new = self._state.with_suffix(".new")
        with new.open("wb") as file:
            file.write(msgspec.msgpack.encode(self.saved))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._state)

    def windows(self) -> Iterator[WindowPartial]:
        """Yield every window of the slice, finished or still open, each after its authors."""
        with self._windows.open("rb") as file:
            while file.tell() < self.saved.windows_bytes:
                yield _window.decode(file.readline())
        yield from (entry for entry in self.saved.entries if isinstance(entry, WindowPartial))

    @property
    def clock(self) -> PartitionClock:
        """The partition's clock."""
        [clock] = [entry for entry in self.saved.entries if isinstance(entry, PartitionClock)]
        return clock
