"""The workers as Kafka sees them: who counts which partition and how far, and the newest windows."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from sandik.clock import Clock
from sandik.counting.fold import ALL
from sandik.kafka.connection import let_go
from sandik.kafka.consumer import new_consumer
from sandik.kafka.control_topic import read_control
from sandik.kafka.topics import (
    COUNTS,
    POSTS,
    check_there,
    connected,
    decoded,
    find_coordinator,
    partitions_of,
)
from sandik.settings import Settings
from sandik_schemas.count import Count

#: How many of the newest records of `counts` are read at the start.
TAIL = 5_000

_decoder = msgspec.json.Decoder(Count)


class Partition(msgspec.Struct):
    """One partition of `posts`. `committed` is None before the first commit.

    `lag` is computed from committed offsets. After a rebalance these may be behind what is counted, until the
    next post. The worker's own `sandik_consumer_lag_records` is exact. A paused partition is not counted,
    because too many of its records were rejected.
    """

    partition: int
    worker: str | None
    end: int
    committed: int | None
    lag: int
    is_paused: bool = False


class Window(msgspec.Struct):
    """All languages of one window."""

    window_start: str
    posts: int
    is_final: bool


class Survey(msgspec.Struct):
    """The state at one moment. `watermark`: the end of the newest final window. Rates are None at first."""

    at_ms: int
    group: str
    state: str
    workers: dict[str, list[int]]
    partitions: list[Partition]
    watermark_ms: int | None
    windows: list[Window]
    arriving_per_s: float | None = None
    counted_per_s: float | None = None

    @property
    def lag(self) -> int:
        """Return how many posts are not counted yet, as far as known."""
        return sum(one.lag for one in self.partitions)

    def since(self, before: "Survey") -> "Survey":
        """Return this survey with the rates since the one before."""
        seconds = (self.at_ms - before.at_ms) / 1000
        if seconds <= 0:
            return self
        arrived = sum(one.end for one in self.partitions) - sum(one.end for one in before.partitions)
        counted = arrived - (self.lag - before.lag)
        rates = {"arriving_per_s": arrived / seconds, "counted_per_s": counted / seconds}
        return msgspec.structs.replace(self, **rates)


class Surveyor:
    """Makes surveys. `group` is the consumer group of the run."""

    def __init__(
        self,
        admin: AIOKafkaAdminClient,
        consumer: AIOKafkaConsumer,
        settings: Settings,
        group: str,
        partitions: int,
        clock: Clock,
    ) -> None:
        self._admin = admin
        self._consumer = consumer
        self._settings = settings
        self._group = group
        self._clock = clock
        self._tps = [TopicPartition(settings.topic(POSTS), one) for one in range(partitions)]
        self._counts = TopicPartition(settings.topic(COUNTS), 0)
        self._cells: dict[bytes, Count] = {}

    async def look(self, last: int) -> Survey:
        """Make a survey, with the `last` newest windows."""
        state, workers = await self._members()
        owner = {partition: name for name, owned in workers.items() for partition in owned}
        offsets = await self._admin.list_consumer_group_offsets(self._group, partitions=self._tps)
        ends = await self._consumer.end_offsets(self._tps)
        starts = await self._consumer.beginning_offsets(self._tps)
        paused = (await read_control(self._settings)).paused
        found = []
        for tp in self._tps:
            offset = offsets[tp].offset if tp in offsets else -1
            committed = offset if offset >= 0 else None
            lag = ends[tp] - max(starts[tp], offset)
            is_paused = (self._group, tp.partition) in paused
            worker = owner.get(tp.partition)
            found.append(Partition(tp.partition, worker, ends[tp], committed, max(0, lag), is_paused))
        await self._read_counts()
        final = [count.window_end_ms for count in self._cells.values() if count.is_final]
        watermark_ms = max(final, default=None)
        now_ms = self._clock.now_ms()
        return Survey(now_ms, self._group, state, workers, found, watermark_ms, self._windows(last))

    async def _members(self) -> tuple[str, dict[str, list[int]]]:
        [answer] = await self._admin.describe_consumer_groups([self._group])
        [(_, _, state, _, _, members, *_)] = answer.groups
        workers: dict[str, list[int]] = {}
        for member_id, _, host, *_, assignment in members:
            name = f"{host.lstrip('/')} {member_id[-8:]}"
            decoded = ConsumerProtocolMemberAssignment.decode(assignment).assignment if assignment else []
            workers[name] = sorted(
                one for topic, owned in decoded if topic == self._tps[0].topic for one in owned
            )
        return state, dict(sorted(workers.items(), key=lambda one: one[1]))

    async def _read_counts(self) -> None:
        end = (await self._consumer.end_offsets([self._counts]))[self._counts]
        while await self._consumer.position(self._counts) < end:
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if (count := decoded(record, _decoder.decode)) is not None:
                        self._take(count)
                    else:  # another run has replaced this one
                        self._cells.pop(record.key, None)
        if len(self._cells) > TAIL:  # in a long run of `top`, only the newest are kept
            newest = sorted(self._cells, key=lambda key: self._cells[key].window_start_ms)[-TAIL // 2 :]
            self._cells = {key: self._cells[key] for key in newest}

    def _take(self, count: Count) -> None:
        known = self._cells.get(count.key)
        if count.tag == ALL and (known is None or count.revision >= known.revision):
            self._cells[count.key] = count

    def _windows(self, last: int) -> list[Window]:
        windows: dict[int, list[Count]] = {}
        for count in self._cells.values():
            windows.setdefault(count.window_start_ms, []).append(count)
        return [
            Window(cells[0].window_start, sum(one.count for one in cells), all(one.is_final for one in cells))
            for _, cells in sorted(windows.items())[-last:]
        ]


@asynccontextmanager
async def surveyor(settings: Settings, group: str, clock: Clock) -> AsyncGenerator[Surveyor, None]:
    """Lend a surveyor. It joins no consumer group, so workers do not notice it.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: `posts` or `counts` is missing.
    """
    async with connected(settings) as admin:
        names = [settings.topic(POSTS), settings.topic(COUNTS)]
        found: Mapping[str, int] = await partitions_of(admin, names)
        await check_there(settings, names, found)
        await find_coordinator(admin, group)  # a new cluster is not ready at once
        # On one connection, a request waits for the fetch before it.
        consumer = new_consumer(settings, fetch_max_wait_ms=50, auto_offset_reset="latest")
        await consumer.start()
        try:
            counts = TopicPartition(names[1], 0)
            # It is never read, but the client forgets positions of partitions that are not assigned.
            posts = [TopicPartition(names[0], one) for one in range(found[names[0]])]
            consumer.assign([counts, *posts])
            consumer.pause(*posts)
            end = (await consumer.end_offsets([counts]))[counts]
            start = (await consumer.beginning_offsets([counts]))[counts]
            consumer.seek(counts, max(start, end - TAIL))
            yield Surveyor(admin, consumer, settings, group, found[names[0]], clock)
        finally:
            await let_go(consumer)
