"""partial v1: what one partition of `posts` adds to a window, on the internal topic `partials`.

The same values, under the same keys, are the entries of the count agent's state and its changelog.
`counts` maps language to tag to number of posts, all of them absolute.
"""

from typing import TypeVar

import msgspec

#: Language -> tag -> posts.
Cells = dict[str, dict[str, int]]
#: Language -> tag -> term -> posts that contain it.
Terms = dict[str, dict[str, dict[str, int]]]
#: Source -> its cells.
SourceCells = dict[str, Cells]
#: Language -> tags of a group of posts, with spaces between -> sketch of the authors of these posts.
Sketches = dict[str, dict[str, bytes]]


def window_key(run_id: str, partition: int, window_start_ms: int) -> bytes:
    """Return the key of a window partial: `run_id|partition|window_start_ms`."""
    return f"{run_id}|{partition}|{window_start_ms}".encode()


class WindowPartial(msgspec.Struct, tag="window", tag_field="kind", omit_defaults=True):
    """The cells of one window from one source partition, after the post at `offset` was applied.

    `with_author` counts the posts that name an author, and `terms` those that contain a term; `sources` and
    `late_sources` have the cells by source. They are empty, and not written, unless these are counted.
    """

    run_id: str
    partition: int
    window_start_ms: int
    offset: int
    counts: Cells
    late_counts: Cells
    with_author: Cells = {}
    terms: Terms = {}
    sources: SourceCells = {}
    late_sources: SourceCells = {}

    @property
    def key(self) -> bytes:
        """Record key: `run_id|partition|window_start_ms`."""
        return window_key(self.run_id, self.partition, self.window_start_ms)


def authors_key(run_id: str, partition: int, window_start_ms: int, offset: int) -> bytes:
    """Return the key of an authors partial: `run_id|partition|window_start_ms|authors|offset`."""
    return f"{run_id}|{partition}|{window_start_ms}|authors|{offset}".encode()


class AuthorsPartial(msgspec.Struct, tag="window", tag_field="kind"):
    """The authors that one batch adds to a window; `offset` is the batch's last one.

    They are a set: to add them again changes nothing. It is written as a window without counts.
    """

    run_id: str
    partition: int
    window_start_ms: int
    offset: int
    counts: Cells = {}
    late_counts: Cells = {}
    authors: Sketches = {}

    @property
    def key(self) -> bytes:
        """Record key: `run_id|partition|window_start_ms|authors|offset`."""
        return authors_key(self.run_id, self.partition, self.window_start_ms, self.offset)


class WindowRecord(WindowPartial, tag="window", tag_field="kind"):
    """A window partial or an authors partial as it is written: one kind, for readers of version 0.1."""

    authors: Sketches | None = None

    @property
    def partial(self) -> WindowPartial | AuthorsPartial:
        """Return which of them it is."""
        if self.authors is None:
            return WindowPartial(*msgspec.structs.astuple(self)[:-1])
        place = self.run_id, self.partition, self.window_start_ms, self.offset
        return AuthorsPartial(*place, authors=self.authors)


class Tally(msgspec.Struct, frozen=True):
    """What became of the records of one partition, from its first on. Their sum is how many were read.

    `duplicate` posts had the id of one counted in the same window before; `ignored` ones are edits,
    deletions and marks that close windows; `late` ones are in `posts.late`, `rejected` ones in `posts.dlq`.
    """

    counted: int = 0
    late: int = 0
    rejected: int = 0
    duplicate: int = 0
    ignored: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return the sums."""
        return Tally(*map(int.__add__, msgspec.structs.astuple(self), msgspec.structs.astuple(other)))


class PartitionClock(msgspec.Struct, tag="clock", tag_field="kind"):
    """The event-time position of one source partition, after the post at `offset` was applied.

    `clock_ms` is the largest event time seen, or what a mark that closes windows has set it to, None before
    the first post (`offset` -1).
    `idle` says that the partition has had nothing to read for `idle_after_ms`. `rejected_in_a_row` counts
    the rejected records since the last good one. `fingerprint` hashes the record at `offset`, so that a topic
    recreated is noticed; None in states that were written before it existed.
    """

    run_id: str
    partition: int
    offset: int
    clock_ms: int | None
    idle: bool
    tally: Tally = Tally()
    rejected_in_a_row: int = 0
    fingerprint: bytes | None = None

    @property
    def key(self) -> bytes:
        """Record key: `run_id|partition|clock`."""
        return f"{self.run_id}|{self.partition}|clock".encode()


class OpenSession(msgspec.Struct, frozen=True):
    """A session that can still grow: the posts in `[start_ms, end_ms)`, and `_since`, those that may join it.

    `total` and `total_late` are of all tags of its language.
    """

    start_ms: int
    end_ms: int
    count: int
    late_count: int
    total: int
    total_late: int
    late_count_since: int = 0
    total_since: int = 0
    total_late_since: int = 0


class OpenSessions(msgspec.Struct, frozen=True):
    """The sessions (by language and tag) that windows before `until_ms` began and others may continue.

    Windows before `from_ms` were not looked at; None when all were.
    """

    gap_ms: int
    from_ms: int | None
    until_ms: int | None
    sessions: dict[str, dict[str, OpenSession]] = {}


class Watermark(msgspec.Struct, tag="watermark", tag_field="kind", omit_defaults=True):
    """How far the merge agent has come: windows ending at or before `watermark_ms` are final.

    Windows ending at or before `settled_ms` can no longer change and have left merge's memory; with hopping
    windows, only those that end at or before `forgotten_ms` have. None before the first. `counts_end` is an
    offset that `counts` had reached, and `counts_fingerprint` hashes the value of the record right before it:
    a `counts` that is shorter, or has another record there, was recreated.

    Under the key `begin_key`, it is the first record of a run, and says nothing else.
    """

    run_id: str
    watermark_ms: int | None
    settled_ms: int | None
    forgotten_ms: int | None = None
    open_sessions: OpenSessions | None = None
    counts_end: int = 0
    counts_fingerprint: bytes | None = None

    @property
    def key(self) -> bytes:
        """Record key: `run_id|watermark`."""
        return f"{self.run_id}|watermark".encode()


#: How the key of the first record of a run in `partials` ends.
BEGIN = b"|begin"


def begin_key(run_id: str) -> bytes:
    """Return the key of the first record of a run in `partials`. A tombstone for it takes the run back."""
    return run_id.encode() + BEGIN


class SeenIds(msgspec.Struct, tag="ids", tag_field="kind"):
    """The ids that a batch counted in one window, so that a second delivery is not counted. State only.

    `seen` packs, for each post, 16 bytes of its id's hash and 8 bytes (big-endian) of its offset.
    """

    run_id: str
    partition: int
    window_start_ms: int
    offset: int
    seen: bytes

    @property
    def key(self) -> bytes:
        """Record key: `run_id|partition|window_start_ms|ids|offset`."""
        return f"{self.run_id}|{self.partition}|{self.window_start_ms}|ids|{self.offset}".encode()


Partial = WindowPartial | AuthorsPartial | PartitionClock | Watermark
#: What a record of `partials` holds.
PartialRecord = WindowRecord | PartitionClock | Watermark
#: What a partition's state is stored as.
Entry = SeenIds | AuthorsPartial | WindowPartial | PartitionClock
#: What a record of the changelog holds.
EntryRecord = SeenIds | WindowRecord | PartitionClock

_partial = msgspec.json.Decoder(PartialRecord)
_entry = msgspec.json.Decoder(EntryRecord)
_RecordT = TypeVar("_RecordT")


def typed(record: _RecordT | WindowRecord) -> _RecordT | WindowPartial | AuthorsPartial:
    """Return what a record holds."""
    return record.partial if isinstance(record, WindowRecord) else record


def decode_partial(value: bytes) -> Partial:
    """Return the partial of a record's value. msgspec.MsgspecError if it is none."""
    return typed(_partial.decode(value))


def decode_entry(value: bytes) -> Entry:
    """Return the entry of a record's value. msgspec.MsgspecError if it is none."""
    return typed(_entry.decode(value))
