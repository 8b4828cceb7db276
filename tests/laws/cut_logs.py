"""Logs that are counted in batches, by workers that crash, and merged in any order: what many laws draw."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from sandik.counting.job import Job, SourceRecord
from sandik.counting.state import PartitionState
from sandik_schemas.partial import Partial, PartitionClock
from tests.support.stubs import MINUTE_MS, TIMING

BASE_MS = 1_683_800_040_000 - 1_683_800_040_000 % MINUTE_MS


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes | None


def records_of_posts(posts: Iterable[Mapping[str, object] | None]) -> list[Record]:
    """Return the log of a partition. Posts are of `x` unless they say else; None is a record that is no post.

    `created_at_ms` counts from BASE_MS.
    """
    found = []
    for offset, post in enumerate(posts):
        value = b"not a post"
        if post is not None:
            at_ms = BASE_MS + int(str(post["created_at_ms"]))
            value = msgspec.json.encode({"id": f"x:{offset}", "source": "x", **post, "created_at_ms": at_ms})
        found.append(Record(offset, BASE_MS + 20 * MINUTE_MS, value))
    return found


def run(
    job: Job, state: PartitionState, records: Sequence[SourceRecord], cuts: Sequence[int]
) -> list[Partial]:
    """Count the records in batches that end at `cuts`; return the partials in the order they are sent."""
    sent: list[Partial] = []
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        if records[start:end]:
            changes = job.count(state, records[start:end]).changes
            state.take(changes.entries)
            state.settle(TIMING)
            sent += copy.deepcopy(changes.partials)
    return sent


def idle(job: Job, sent: Sequence[Partial], partition: int) -> PartitionClock:
    """Return the clock that says that the partition has nothing more to read."""
    clocks = [one for one in sent if isinstance(one, PartitionClock)]
    known = clocks[-1] if clocks else PartitionClock(job.run_id, partition, -1, None, idle=False)
    return msgspec.structs.replace(known, idle=True)


def cuts_of(records: Sequence[SourceRecord], data: st.DataObject) -> list[int]:
    """Draw where batches end."""
    return data.draw(st.lists(st.integers(0, len(records)), max_size=4).map(sorted))


def queues_of(
    job: Job, partitions: Sequence[Sequence[SourceRecord]], data: st.DataObject
) -> list[list[Partial]]:
    """Return what each partition sends, until it is idle."""
    queues = []
    for partition, records in enumerate(partitions):
        sent = run(job, PartitionState.empty(job.run_id, partition), records, cuts_of(records, data))
        queues.append([*sent, idle(job, sent, partition)])
    return queues


def in_any_order(queues: Sequence[Sequence[Partial]], data: st.DataObject) -> Iterator[Partial]:
    """Yield what is sent, partition by partition in any order: in each in its own."""
    order = data.draw(st.permutations([number for number, queue in enumerate(queues) for _ in queue]))
    left = [iter(queue) for queue in queues]
    for partition in order:
        yield copy.deepcopy(next(left[partition]))


def sent_by_a_torn(job: Job, records: Sequence[SourceRecord], data: st.DataObject) -> list[Partial]:
    """Return what a partition sends whose worker dies in a batch, of which the changelog keeps a prefix."""
    torn = PartitionState.empty(job.run_id, 0)
    crash_at = data.draw(st.integers(0, len(records)))
    batch_from = data.draw(st.integers(0, crash_at))
    sent = run(job, torn, records[:batch_from], [])
    if records[batch_from:crash_at]:
        entries = job.count(torn, records[batch_from:crash_at]).changes.entries
        torn.take(entries[: data.draw(st.integers(0, len(entries)))])
    sent += copy.deepcopy(list(torn.partials()))  # as after a recovery
    rest = records[torn.clock.offset + 1 :]
    return sent + run(job, torn, rest, cuts_of(rest, data))
