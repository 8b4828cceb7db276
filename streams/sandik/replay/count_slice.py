"""Count one slice with the workers' counter; the state is in a checkpoint instead of Kafka."""

from collections.abc import AsyncIterator, Callable, Sequence

from sandik.counting.job import Job, SourceRecord
from sandik.counting.partition_counter import PartitionCounter
from sandik.replay.checkpoint import Checkpoint
from sandik.replay.plan import Plan

#: Records between two checkpoints. After a crash, each process counts at most so many again.
CHECKPOINT_EVERY = 20_000

#: Start offset -> the records from there to the end of the slice, in batches.
Read = Callable[[int], AsyncIterator[Sequence[SourceRecord]]]


async def count_slice(
    job: Job, plan: Plan, end: int, checkpoint: Checkpoint, read: Read, tell: Callable[[int], None]
) -> None:
    """Count from the checkpoint to `end`. `tell` gets the next offset after each batch."""
    counter = PartitionCounter(job, checkpoint.state())
    next_offset, saved_at = checkpoint.saved.next_offset, checkpoint.saved.next_offset
    async for records in read(next_offset):
        counter.take(counter.count(records))
        next_offset = records[-1].offset + 1
        for window in counter.settle():
            if plan.wants(window.start_ms):
                checkpoint.finish(window.partials)
        is_past = _is_past(plan, counter)
        tell(next_offset)
        if is_past:
            break
        if next_offset - saved_at >= CHECKPOINT_EVERY:
            checkpoint.save(counter.state, next_offset, is_done=False)
            saved_at = next_offset
    else:
        next_offset = max(next_offset, end)  # the rest are transaction markers and aborted records
    checkpoint.save(counter.state, next_offset, is_done=True)


def _is_past(plan: Plan, counter: PartitionCounter) -> bool:
    """Return whether no requested window can change any more."""
    clock_ms, timing = counter.state.clock.clock_ms, counter.job.timing
    if clock_ms is None:
        return False
    return plan.is_past(timing.watermark_ms(clock_ms) - timing.allowed_lateness_ms)
