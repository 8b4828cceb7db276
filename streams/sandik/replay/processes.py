"""Divides the slices among processes: one per core, each with its own model and connection.

A process writes to its pipe after every batch. If the replay was killed, writing fails, and the process ends.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import nullcontext
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple, cast

from aiokafka import TopicPartition

from sandik.counting.job import SourceRecord
from sandik.errors import SandikError, StateError
from sandik.kafka.consumer import consuming
from sandik.kafka.ranges import Slice, read_slice
from sandik.progress import Bar, progress
from sandik.replay.checkpoint import Checkpoint
from sandik.replay.count_slice import Read, count_slice
from sandik.replay.local_log import read_spooled
from sandik.replay.plan import Plan
from sandik.settings import Settings

#: Posts counted at once: more than live, because latency does not matter.
BATCH_POSTS = 4_000
#: Fewer posts are not worth another process, which takes a second or two to load the models.
POSTS_A_PROCESS = 20_000


class Told(NamedTuple):
    """The progress of a process in a partition, or its error."""

    partition: int
    next_offset: int
    error: SandikError | None = None


def count_all(plan: Plan, settings: Settings, folder: Path, processes: int | None = None) -> None:
    """Count every unfinished slice of the plan; return when all checkpoints in `folder` are done.

    `processes`: how many; None: one per core, if there are enough posts. A single share is counted in this
    process.

    Raises:
        SandikError: the error of a process.
    """
    open_slices = [one for one in plan.slices if not _saved(plan, folder, one).is_done]
    if not open_slices:  # the replay was interrupted while writing its results
        return
    posts = sum(one.end - one.start for one in open_slices)
    cores = len(os.sched_getaffinity(0))
    shares = _shares(open_slices, processes or min(cores, 1 + posts // POSTS_A_PROCESS))
    with progress("counting records") as bar:
        at = _Progress(plan, folder, bar)
        if len(shares) > 1:
            _count_beside(plan, settings, folder, shares, at)
        else:
            _count_share(plan, settings, folder, open_slices, tell=at.tell)


class _Progress:
    """Shows the progress of all partitions."""

    def __init__(self, plan: Plan, folder: Path, bar: Bar) -> None:
        self._bar = bar
        self._at = {one.partition: _saved(plan, folder, one).next_offset for one in plan.slices}
        bar.expect(sum(one.end - one.start for one in plan.slices))
        bar.advance(sum(self._at[one.partition] - one.start for one in plan.slices))

    def tell(self, told: Told) -> None:
        self._bar.advance(told.next_offset - self._at[told.partition])
        self._at[told.partition] = told.next_offset


def _count_beside(
    plan: Plan, settings: Settings, folder: Path, shares: Sequence[list[Slice]], at: _Progress
) -> None:
    context = multiprocessing.get_context("spawn")
    workers: dict[Any, Any] = {}
    for share in shares:
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(theirs, plan, settings, folder, share), daemon=True)
        worker.start()
        theirs.close()  # so that it is closed when the process ends
        workers[ours] = worker
    try:
        _follow(workers, at)
    finally:
        for worker in workers.values():
            worker.terminate()
            worker.join()


def _shares(slices: Sequence[Slice], processes: int) -> list[list[Slice]]:
    """Return the slices in `processes` lists of about the same length, the longest slices first."""
    shares: list[list[Slice]] = [[] for _ in range(min(processes, len(slices)))]
    for one in sorted(slices, key=lambda one: one.start - one.end):
        min(shares, key=lambda share: sum(other.end - other.start for other in share)).append(one)
    return shares


def _saved(plan: Plan, folder: Path, one: Slice) -> Any:
    return Checkpoint(folder, plan.rules.run_id, *one).saved


def _follow(workers: dict[Any, Any], at: _Progress) -> None:
    while workers:
        for pipe in wait(list(workers)):
            try:
                told: Told = cast("Connection", pipe).recv()
            except EOFError:
                worker = workers.pop(pipe)
                worker.join()
                if worker.exitcode:
                    raise SandikError(
                        f"a process that counted ended with exit code {worker.exitcode}. What it had "
                        "counted is kept: the same command goes on from there"
                    ) from None
                continue
            if told.error:
                raise told.error
            at.tell(told)


def _work(pipe: Connection, plan: Plan, settings: Settings, folder: Path, share: list[Slice]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the parent, which ends this process
    try:
        _count_share(plan, settings, folder, share, tell=pipe.send)
    except BrokenPipeError:
        os._exit(1)
    except SandikError as error:
        pipe.send(Told(-1, 0, error))


def _count_share(
    plan: Plan, settings: Settings, folder: Path, share: Sequence[Slice], *, tell: Callable[[Told], None]
) -> None:
    async def count() -> None:
        job = plan.rules.job(settings)
        async with consuming(settings) if plan.topic else nullcontext() as consumer:
            for one in share:
                told = partial(_told, tell, one.partition)
                read = _reader(plan, folder, consumer, one)
                with Checkpoint(folder, plan.rules.run_id, *one) as checkpoint:
                    await count_slice(job, plan, one.end, checkpoint, read, told)

    try:
        asyncio.run(count())
    except BrokenPipeError:
        raise
    except OSError as error:
        lost = f"{folder} cannot be used ({error}): mend that, or delete it and count from the beginning"
        raise StateError(lost) from error


def _told(tell: Callable[[Told], None], partition: int, next_offset: int) -> None:
    tell(Told(partition, next_offset))


def _reader(plan: Plan, folder: Path, consumer: Any, one: Slice) -> Read:
    def read(start: int) -> AsyncIterator[Sequence[SourceRecord]]:
        if plan.topic is None:
            return read_spooled(folder, one.partition, start, plan.ingested_at_ms or 0, BATCH_POSTS)
        return read_slice(consumer, TopicPartition(plan.topic, one.partition), start, one.end, BATCH_POSTS)

    return read
