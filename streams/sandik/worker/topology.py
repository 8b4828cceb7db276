"""THE MAP: which agent reads and writes which topic, and what it remembers.

posts    -> count -> partials            (state: open windows, one changelog partition per posts partition)
                  -> mentions            (the posts that carry a tag)
                  -> posts.late          (too late for their window)
                  -> posts.dlq           (no posts at all)
partials -> merge -> counts              (state: `partials` itself, read from its beginning)
                  -> counts.terms        (if asked for)
                  -> counts.sources      (by source, if asked for)
                  -> counts.hopping      (sums of those, if asked for)
                  -> counts.sessions     (likewise)
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

from faust.types import TP, AppT
from mode.supervisors import CrashingSupervisor

from sandik.counting.control_state import ControlState
from sandik.counting.job import Job
from sandik.counting.labels import Labels
from sandik.counting.merge import new_merge
from sandik.errors import BrokerError
from sandik.kafka.topics import PARTIALS, POSTS, WINDOWS_TABLE, changelog
from sandik.worker.agents.count import CountAgent
from sandik.worker.agents.merge import MergeAgent
from sandik.worker.agents.worker import WorkerParts
from sandik.worker.engine.state import State

#: How many batches may wait for an agent. Reading stops while there are that many.
BATCHES_WAITING = 4

Agent = Callable[[Any], Awaitable[None]]
Timer = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Topology:
    """The two agents of a worker."""

    count: CountAgent
    merge: MergeAgent
    state: State

    async def recover(self, assigned: Iterable[TP]) -> None:
        """Read the state of newly assigned partitions, where it is not in memory."""
        await self.count.check()
        await self.state.recover(tp.partition for tp in assigned if tp.topic == self.count.topic)

    async def adopt(self, assigned: Iterable[TP]) -> None:
        """Take over the partitions of a new assignment, once their state is recovered."""
        assigned = set(assigned)
        await asyncio.gather(self.count.adopt(assigned), self.merge.adopt(assigned))

    def release(self) -> None:
        """Give all partitions up until the next assignment."""
        self.count.release()
        self.merge.release()

    def positions(self) -> Mapping[TP, int]:
        """Return the next offset of each owned partition."""
        return {**self.count.positions(), **self.merge.positions()}


def build(parts: WorkerParts, job: Job, partitions: int, control: ControlState) -> Topology:
    """Wire the agents to their topics. `partitions` is how many `posts` has."""
    app, reader, settings = parts.app, parts.reader, parts.settings
    state = State(parts.writer, settings, changelog(app.conf.id, WINDOWS_TABLE, partitions).name)
    labels = Labels(job.run_id, job.tagger.version, job.detector.version)
    count = CountAgent(parts, job, state, partitions, control)
    merge = MergeAgent(
        parts,
        partial(
            new_merge,
            labels,
            job.timing,
            partitions,
            sizes=settings.derived_sizes,
            has_authors=job.authors is not None,
            top_terms=settings.top_terms if job.terms else 0,
        ),
    )

    async def count_posts(stream: Any) -> None:
        """Count each batch of posts, by window, language and tag."""
        async for handed in stream:
            with reader.working(handed) as is_ours:
                if is_ours:
                    await count.process(handed.partition, handed.records)

    async def merge_partials(stream: Any) -> None:
        """Add up the partitions' partials."""
        async for handed in stream:
            with reader.working(handed) as is_ours:
                if is_ours:
                    await merge.fold(handed.records)

    for name, topic, function in (("count", POSTS, count_posts), ("merge", PARTIALS, merge_partials)):
        channel = reader.channels[settings.topic(topic)] = app.channel(maxsize=BATCHES_WAITING)
        # Faust would continue behind a batch that failed; it must stop the worker.
        app.agent(channel, name=name, supervisor_strategy=CrashingSupervisor)(_until_stopped(app, function))

    for name, every_ms, timer in (
        ("emit", settings.emit_every_ms, merge.emit),
        ("send again", settings.emit_every_ms, count.send_again),
        ("report idle", settings.idle_after_ms / 4, count.report_idle),
    ):
        app.timer(every_ms / 1000, name=name)(unless_stopping(app, timer))
    reader.owners = topology = Topology(count, merge, state)
    return topology


def _until_stopped(app: AppT, agent: Agent) -> Agent:
    @wraps(agent)
    async def run(stream: Any) -> None:
        try:
            await agent(stream)
        except asyncio.CancelledError:
            # After the app has stopped, Faust cancels waiting agents and would report that as another crash.
            if not app.should_stop:
                raise

    return run


def unless_stopping(app: AppT, timer: Timer) -> Timer:
    """Return the timer without the error of a writer that is closed because the worker stops.

    Timers run a moment longer than the writer. The next owner sends what they could not.
    """

    @wraps(timer)
    async def run() -> None:
        try:
            await timer()
        except BrokerError:
            if not app.should_stop:
                raise

    return run
