"""What one partition of `posts` has added up, held in the bytes that are stored of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from sandik.counting.dedupe import Seen, unpacked
from sandik.counting.windows.final_and_late import Timing
from sandik_schemas.partial import (
    AuthorsPartial,
    Entry,
    Partial,
    PartitionClock,
    SeenIds,
    WindowPartial,
    decode_entry,
    decode_partial,
    window_key,
)

#: The order in which entries are written to the changelog and to `partials`. Each entry says that the ones
#: before it are complete: a window says it of its ids and authors, up to its offset, and the clock says it of
#: all windows. So counting can continue from any prefix of a batch that is left after a crash.
ORDER: tuple[type[Entry], ...] = (SeenIds, AuthorsPartial, WindowPartial, PartitionClock)

_encode = msgspec.json.Encoder().encode
_decode_window = msgspec.json.Decoder(WindowPartial).decode


class Stored(NamedTuple):
    """An entry as bytes: the same in the changelog, in `partials` and in memory."""

    kind: type[Entry]
    key: bytes
    value: bytes


class Settled(NamedTuple):
    """A window that can no longer change: its partials, and the keys of all its entries."""

    start_ms: int
    partials: list[bytes]
    keys: list[bytes]


class StoredWindows(MutableMapping[int, WindowPartial]):
    """Windows by start. Look-ups return copies: changing one changes nothing here."""

    def __init__(self) -> None:
        self.values_by_start: dict[int, bytes] = {}

    def __getitem__(self, start_ms: int) -> WindowPartial:
        return _decode_window(self.values_by_start[start_ms])

    def __setitem__(self, start_ms: int, window: WindowPartial) -> None:
        self.values_by_start[start_ms] = _encode(window)

    def __delitem__(self, start_ms: int) -> None:
        del self.values_by_start[start_ms]

    def __contains__(self, start_ms: object) -> bool:
        return start_ms in self.values_by_start

    def __iter__(self) -> Iterator[int]:
        return iter(self.values_by_start)

    def __len__(self) -> int:
        return len(self.values_by_start)


@dataclass(slots=True)
class PartitionState:
    """All that one partition of `posts` has added up: a function of the partition's prefix and the run."""

    clock: PartitionClock
    windows: StoredWindows = field(default_factory=StoredWindows)
    seen: defaultdict[int, Seen] = field(default_factory=lambda: defaultdict(Seen))
    #: The starts of the windows that got ids from the last batch. The ids of the others are packed.
    last_got_ids: set[int] = field(default_factory=set, compare=False)
    #: Window start -> keys of its ids.
    id_keys: defaultdict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    #: Window start -> key -> what one batch added to its authors.
    authors: defaultdict[int, dict[bytes, bytes]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def empty(cls, run_id: str, partition: int) -> "PartitionState":
        """Return the state before the first post."""
        return cls(PartitionClock(run_id, partition, offset=-1, clock_ms=None, idle=False))

    @classmethod
    def recovered(cls, run_id: str, partition: int, values: Iterable[bytes]) -> "PartitionState":
        """Return the state with these stored entries, in any order. It shares their bytes."""
        state = cls.empty(run_id, partition)
        for value in values:
            entry = decode_entry(value)
            state._keep(entry, Stored(type(entry), entry.key, value))
        for seen in state.seen.values():
            seen.pack()
        return state

    def take(self, entries: Iterable[Entry]) -> list[Stored]:
        """Apply the entries of a batch; return them in the form and order in which they are stored.

        Raises:
            ValueError: their order is not `ORDER`.
        """
        taken = list(entries)
        ranks = [ORDER.index(type(entry)) for entry in taken]
        if ranks != sorted(ranks):
            raise ValueError("an entry would vouch for entries behind it: a crash between them loses counts")
        stored = [Stored(type(entry), entry.key, _encode(entry)) for entry in taken]
        for entry, one in zip(taken, stored, strict=True):
            self._keep(entry, one)
        got_ids = {entry.window_start_ms for entry in taken if isinstance(entry, SeenIds)}
        for start_ms in self.last_got_ids - got_ids:
            if start_ms in self.seen:
                self.seen[start_ms].pack()
        self.last_got_ids = got_ids
        return stored

    def _keep(self, entry: Entry, stored: Stored) -> None:
        if isinstance(entry, PartitionClock):
            self.clock = entry
        elif isinstance(entry, WindowPartial):
            self.windows.values_by_start[entry.window_start_ms] = stored.value
        elif isinstance(entry, AuthorsPartial):
            self.authors[entry.window_start_ms][stored.key] = stored.value
        else:
            self.seen[entry.window_start_ms].add(unpacked(entry))
            self.id_keys[entry.window_start_ms].append(stored.key)

    def settle(self, timing: Timing, but: Collection[int] = ()) -> list[Settled]:
        """Forget the windows that can no longer change, except those that start at `but`; return them."""
        if self.clock.clock_ms is None:
            return []
        newest_ms = timing.newest_settled_ms(self.clock.clock_ms)
        starts = sorted(start for start in self.windows if start <= newest_ms and start not in but)
        return [self._forget(start_ms) for start_ms in starts]

    def _forget(self, start_ms: int) -> Settled:
        self.seen.pop(start_ms, None)
        window = self.windows.values_by_start.pop(start_ms)
        authors = self.authors.pop(start_ms, {})
        key = window_key(self.clock.run_id, self.clock.partition, start_ms)
        return Settled(
            start_ms, [*authors.values(), window], [key, *self.id_keys.pop(start_ms, ()), *authors]
        )

    def stored_partials(self) -> Iterator[Stored]:
        """Yield all entries that merge needs, in the order of `ORDER`."""
        for authors in self.authors.values():
            yield from (Stored(AuthorsPartial, key, value) for key, value in authors.items())
        for start_ms, value in self.windows.values_by_start.items():
            key = window_key(self.clock.run_id, self.clock.partition, start_ms)
            yield Stored(WindowPartial, key, value)
        yield Stored(PartitionClock, self.clock.key, _encode(self.clock))

    def partials(self) -> Iterator[Partial]:
        """Yield the same, decoded."""
        yield from (decode_partial(one.value) for one in self.stored_partials())
