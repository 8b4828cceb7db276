"""The checkpoint of a slice on disk: its finished windows, and the state to continue from.

Windows that can no longer change are appended to `N.windows`. `N.state` is replaced as a whole, and has the
valid length of `N.windows`. After a crash, the rest of `N.windows` is cut off, so the result has the same
bytes. Files with other contents are an error, and are not changed.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from sandik.counting.dedupe import packed
from sandik.counting.state import PartitionState
from sandik.errors import StateError
from sandik.files.atomic import new_file
from sandik.kafka.ranges import Offset
from sandik.replay.plan import Size
from sandik_schemas.partial import (
    AuthorsPartial,
    EntryRecord,
    PartitionClock,
    SeenIds,
    WindowPartial,
    WindowRecord,
    typed,
)

_record = msgspec.json.Decoder(WindowRecord)


_FORM: Final = 2


class Saved(msgspec.Struct):
    """The state of a slice before `next_offset`. `is_done`: everything is read.

    `form` 2: in form 1, windows had terms among the tags.
    """

    form: Literal[2]
    next_offset: Offset
    is_done: bool
    windows_bytes: Size
    entries: list[EntryRecord]


_saved = msgspec.msgpack.Decoder(Saved)


class Checkpoint:
    """The files of one partition. Use as a context manager while counting.

    Raises:
        StateError: the files exist and are not those of a replay of `[start, end)`.
    """

    def __init__(self, folder: Path, run_id: str, partition: int, start: int, end: int | None = None) -> None:
        self._windows = folder / f"{partition}.windows"
        self._state = folder / f"{partition}.state"
        self._run_id, self._partition = run_id, partition
        self.saved = Saved(_FORM, start, False, 0, [PartitionState.empty(run_id, partition).clock])
        with self._trusted(), suppress(FileNotFoundError):
            self.saved = _saved.decode(self._state.read_bytes())
            self._check(start, end)

    def _check(self, start: int, end: int | None) -> None:
        if self.saved.next_offset < start or (end is not None and self.saved.next_offset > end):
            raise ValueError(f"offset {self.saved.next_offset} is not of its slice")
        if not self._windows.exists():
            raise ValueError(f"{self._windows.name} is missing")
        if self.saved.windows_bytes > self._windows.stat().st_size:
            raise ValueError(f"{self._windows.name} is too short")
        if any(entry.partition != self._partition for entry in self.saved.entries):
            raise ValueError("it is of another partition")
        if sum(isinstance(entry, PartitionClock) for entry in self.saved.entries) != 1:
            raise ValueError("it does not have one clock")

    @contextmanager
    def _trusted(self) -> Iterator[None]:
        """Raise StateError for any error of reading the files in the body."""
        try:
            yield
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise StateError(
                f"{self._state} is not what an interrupted replay leaves behind ({error}): delete the folder "
                f"{self._state.parent} and count from the beginning"
            ) from error

    def __enter__(self) -> "Checkpoint":
        self._file = self._windows.open("ab")
        self._file.truncate(self.saved.windows_bytes)
        self._file.seek(self.saved.windows_bytes)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def state(self) -> PartitionState:
        """Return the state to continue from."""
        state = PartitionState.empty(self._run_id, self._partition)
        with self._trusted():
            state.take(typed(entry) for entry in self.saved.entries)
        return state

    def finish(self, partials: Iterable[bytes]) -> None:
        """Append the partials of windows that can no longer change."""
        self._file.writelines(partial + b"\n" for partial in partials)

    def save(self, state: PartitionState, next_offset: int, *, is_done: bool) -> None:
        """Save everything so far, durably."""
        self._file.flush()
        os.fsync(self._file.fileno())
        clock = state.clock
        ids = [
            SeenIds(self._run_id, self._partition, start_ms, clock.offset, packed(seen.offsets()))
            for start_ms, seen in state.seen.items()
        ]
        entries: list[Any] = [*ids, *state.partials()]
        self.saved = Saved(_FORM, next_offset, is_done, self._file.tell(), entries)
        with new_file(self._state, replaces=True) as new, new.open("wb") as file:
            file.write(msgspec.msgpack.encode(self.saved))
            file.flush()
            os.fsync(file.fileno())

    def partials(self) -> Iterator[AuthorsPartial | WindowPartial]:
        """Yield the partials of every window of the slice, finished or open, each after its authors."""
        with self._windows.open("rb") as file:
            while file.tell() < self.saved.windows_bytes:
                with self._trusted():
                    record = _record.decode(file.readline())
                yield record.partial
        kept = AuthorsPartial | WindowPartial
        yield from (one for one in map(typed, self.saved.entries) if isinstance(one, kept))

    @property
    def clock(self) -> PartitionClock:
        """The partition's clock."""
        [clock] = [entry for entry in self.saved.entries if isinstance(entry, PartitionClock)]
        return clock
