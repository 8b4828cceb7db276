"""control v1: which run a prefix belongs to, and which partitions are paused, on the topic `control`."""

from typing import Literal

import msgspec

from sandik_schemas.pair import DEFAULT_PAIR, Pair

#: The rules that decide a count, by name.
Rules = dict[str, str | int | bool]


class Run(msgspec.Struct, frozen=True, tag="run", tag_field="kind"):
    """A run claims all topics of a prefix. The highest `generation` holds; of two, the first written.

    `replacing`: `sandik runs replace` is removing the counts of the run before, so nobody may count yet.
    `start_offsets` has the oldest offset of each partition of `posts` when the run began.
    """

    run_id: str
    group: str
    generation: int
    state: Literal["counting", "replacing"]
    rules: Rules
    start_offsets: list[int]
    claimed_at_ms: int
    #: The pairs of tags of its lexicon, for readers that do not have it.
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)

    @property
    def key(self) -> bytes:
        """Record key: `run|group`."""
        return f"run|{self.group}".encode()


class Paused(msgspec.Struct, frozen=True, tag="paused", tag_field="kind"):
    """A partition that is not counted from `offset` on, because too many of its records are rejected.

    `rejected_in_a_row` records before and at `offset` were rejected in a row; `rejected` of the last `read`.
    """

    group: str
    partition: int
    offset: int
    rejected_in_a_row: int
    rejected: int
    read: int
    reason: str
    since_ms: int

    @property
    def key(self) -> bytes:
        """Record key: `paused|group|partition`."""
        return f"paused|{self.group}|{self.partition}".encode()


class Resume(msgspec.Struct, frozen=True, tag="resume", tag_field="kind"):
    """An operator lets records of a partition before `until_offset` be rejected without limit."""

    group: str
    partition: int
    until_offset: int
    decided_at_ms: int

    @property
    def key(self) -> bytes:
        """Record key: `resume|group|partition`."""
        return f"resume|{self.group}|{self.partition}".encode()


Control = Run | Paused | Resume
