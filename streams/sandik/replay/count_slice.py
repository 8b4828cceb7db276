"""Count one slice: the same Job.count as the workers, with the state in a checkpoint instead of Kafka."""

from collections.abc import AsyncIterator, Callable, Sequence

from sandik.counting.fold import PartitionState
from sandik.counting.job import Job, SourceRecord
from sandik.replay.checkpoint import Checkpoint
from sandik.replay.plan import Plan

#: Records between two checkpoints: what a crash costs at most, for each process.
CHECKPOINT_EVERY = 20_000

#: From which offset on -> the records from there to the end of the slice, in batches.
Read = Callable[[int], AsyncIterator[Sequence[SourceRecord]]]


async def count_slice(
    job: Job, plan: Plan, end: int, checkpoint: Checkpoint, read: Read, tell: Callable[[int], None]
) -> None:
    """Count from where the checkpoint is to `end`. `tell` gets the offset to read next, batch by batch."""
    state = checkpoint.state()
    next_offset, saved_at = checkpoint.saved.next_offset, checkpoint.saved.next_offset
    async for records in read(next_offset):
        state.take(job.count(state, records).changes.entries)
        next_offset = records[-1].offset + 1
        is_past = _settle(job, plan, state, checkpoint)
        tell(next_offset)
        if is_past:
            break
        if next_offset - saved_at >= CHECKPOINT_EVERY:
            checkpoint.save(state, next_offset, is_done=False)
            saved_at = next_offset
    else:
        next_offset = max(next_offset, end)  # the rest are marks of transactions, and what was aborted
    checkpoint.save(state, next_offset, is_done=True)


def _settle(job: Job, plan: Plan, state: PartitionState, checkpoint: Checkpoint) -> bool:
    """Put aside the windows that can no longer change; say whether that was the last that is asked for."""
    if state.clock.clock_ms is None:
        return False
    timing = job.timing
    watermark_ms = timing.watermark_ms(state.clock.clock_ms)
    checkpoint.finish(
        partial
        for start_ms in sorted(state.windows)
        if timing.is_settled(start_ms, watermark_ms) and plan.wants(start_ms)
        for partial in (*state.authors.get(start_ms, ()), state.windows[start_ms])
    )
    state.settle(timing)
    return plan.is_past(watermark_ms - timing.allowed_lateness_ms)
