"""Laws of replay: a range gives what the whole gives for it, and an interruption changes nothing."""

import asyncio
import copy
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.job import Job
from sandik.counting.labels import Labels
from sandik.counting.merge import Merge
from sandik.counting.newest import latest
from sandik.counting.state import PartitionState
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.counting.windows.panes import Kind
from sandik.kafka.ranges import Slice
from sandik.replay import count_slice
from sandik.replay.checkpoint import Checkpoint
from sandik.replay.plan import Plan, Rules, What
from sandik.replay.results import rows_of
from sandik_schemas.count import Count
from sandik_schemas.partial import Partial
from tests.laws.cut_logs import BASE_MS, Record
from tests.laws.test_counting_laws import Log, logs, records_of
from tests.support.examples import examples
from tests.support.stubs import MINUTE_MS, TIMING, a_job

JOB = a_job()
RULES = Rules(JOB.run_id, JOB.tagger.version, JOB.detector.version, *TIMING, 300_000, True, "", None)


def a_plan(
    partitions: Sequence[Sequence[Record]],
    from_ms: int | None = None,
    to_ms: int | None = None,
    *,
    starts: Sequence[int] = (),
    rules: Rules = RULES,
) -> Plan:
    """Return the plan of a replay of all records, or of those from `starts` on."""
    slices = [
        Slice(number, starts[number] if starts else 0, len(records))
        for number, records in enumerate(partitions)
    ]
    return Plan(rules, "event", from_ms, to_ms, False, len(slices), slices)


def replayed(
    plan: Plan,
    partitions: Sequence[Sequence[Record]],
    fails_after: Sequence[int] = (),
    job: Job = JOB,
    what: What = "counts",
) -> list[Any]:
    """Replay, breaking off after so many batches, once for each of `fails_after`."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(count_slice, "CHECKPOINT_EVERY", 5)
        folder = Path(name)
        for one in plan.slices:
            for batches in (*fails_after, None):
                checkpoint = Checkpoint(folder, job.run_id, one.partition, one.start)
                if not checkpoint.saved.is_done:
                    asyncio.run(count(job, plan, one, checkpoint, partitions[one.partition], batches))
        return list(rows_of(what, plan, folder, 0))


async def count(
    job: Job,
    plan: Plan,
    one: Slice,
    checkpoint: Checkpoint,
    records: Sequence[Record],
    fails_after: int | None,
) -> None:
    async def read(start: int) -> AsyncIterator[Sequence[Record]]:
        for number, at in enumerate(range(start, one.end, 3)):
            if number == fails_after:
                raise ConnectionError
            yield records[at : min(at + 3, one.end)]

    with checkpoint:
        try:
            await count_slice.count_slice(job, plan, one.end, checkpoint, read, lambda _: None)
        except ConnectionError:
            # What a crash would leave of windows that no state vouches for.
            checkpoint._file.write(b'{"torn')


def live(partitions: Sequence[Sequence[Record]]) -> list[Count]:
    """What the workers end with when all partitions have nothing more to read."""
    merge = Merge(Labels(JOB.run_id, JOB.tagger.version, JOB.detector.version), TIMING, len(partitions))
    counts: list[Count] = []
    for partition, records in enumerate(partitions):
        state = PartitionState.empty(JOB.run_id, partition)
        for start in range(0, len(records), 7):
            changes = JOB.count(state, records[start : start + 7]).changes
            state.take(changes.entries)
            state.settle(TIMING)
            partials: list[Partial] = copy.deepcopy([*changes.windows, changes.clock])
            for partial in partials:
                merge.apply(partial)
            counts += merge.emit(0)
        merge.apply(msgspec.structs.replace(state.clock, idle=True))
    merge.advance()
    return latest(counts + merge.emit(0))


some_logs = st.lists(logs, min_size=1, max_size=3)


@examples(60)
@given(some_logs, st.lists(st.integers(0, 6), max_size=3))
def test_a_replay_gives_what_the_workers_gave_however_often_it_is_interrupted(
    partitions_of: list[Log], fails_after: list[int]
) -> None:
    partitions = [records_of(log) for log in partitions_of]

    assert live(partitions) == replayed(a_plan(partitions), partitions, fails_after)


@examples(100)
@given(some_logs, st.integers(-1, 11), st.integers(1, 6), st.data())
def test_a_range_gives_what_the_whole_gives_for_its_windows(
    partitions_of: list[Log], first: int, minutes: int, data: st.DataObject
) -> None:
    partitions = [records_of(log) for log in partitions_of]
    from_ms = BASE_MS + first * MINUTE_MS
    to_ms = from_ms + minutes * MINUTE_MS
    starts = []
    for records in partitions:
        # As `resolve` does: whatever is left out at the beginning is of before the range.
        before = [is_before(record, from_ms) for record in records]
        skippable = before.index(False) if False in before else len(before)
        starts.append(data.draw(st.integers(0, skippable)))
    wanted = [one for one in live(partitions) if from_ms <= one.window_start_ms < to_ms]
    found = replayed(a_plan(partitions, from_ms, to_ms, starts=starts), partitions)

    assert [without_state(one) for one in wanted] == [without_state(one) for one in found]


def is_before(record: Record, time_ms: int) -> bool:
    try:
        return bool(msgspec.json.decode(record.value or b"")["created_at_ms"] < time_ms)
    except msgspec.DecodeError:
        return True


def without_state(count: Count) -> Count:
    """Without what a range cannot know: whether posts after its end have made its last windows final."""
    return msgspec.structs.replace(count, is_final=False, revision=count.revision - count.is_final)


@examples(60)
@given(some_logs, st.integers(-1, 11), st.integers(1, 8), st.sampled_from(["hopping", "sessions"]))
def test_a_range_gives_of_wider_windows_what_the_whole_gives_and_nothing_cut(
    partitions_of: list[Log], first: int, minutes: int, kind: Kind
) -> None:
    partitions = [records_of(log) for log in partitions_of]
    from_ms = BASE_MS + first * MINUTE_MS
    to_ms = from_ms + minutes * MINUTE_MS
    spans = DerivedSizes(3 * MINUTE_MS, MINUTE_MS, 2 * MINUTE_MS)
    whole, part = (
        replayed(msgspec.structs.replace(plan, spans=spans), partitions, what=kind)
        for plan in (a_plan(partitions), a_plan(partitions, from_ms, to_ms))
    )
    reach_ms = spans.session_gap_ms if kind == "sessions" else 0
    inside = [
        one
        for one in whole
        if from_ms <= one.window_start_ms - reach_ms and one.window_end_ms + reach_ms <= to_ms
    ]

    assert [without_state(one) for one in inside] == [without_state(one) for one in part]
    assert whole == sorted(whole, key=lambda one: (one.window_start_ms, one.language, one.tag))
