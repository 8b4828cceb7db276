"""Pauses partitions that have too many rejected records, and resumes them."""

from collections.abc import Sequence
from logging import getLogger

import msgspec
from faust.types import TP

from sandik.counting.control_state import ControlState
from sandik.counting.job import Counted
from sandik.counting.pause_limits import Limit, Recent, Rejections, first_beyond
from sandik.kafka.publish import Outgoing, publish
from sandik.kafka.record_lists import Record, first_offset
from sandik.kafka.topics import CONTROL, POSTS, POSTS_DLQ
from sandik.worker.agents.worker import WorkerParts
from sandik_schemas.control import Paused
from sandik_schemas.partial import PartitionClock

log = getLogger(__name__)


class Pauses:
    """Decides when a partition is paused and until when, and tells `control`, the log and the consumer."""

    def __init__(self, parts: WorkerParts, control: ControlState) -> None:
        self.writer = parts.writer
        self.reader = parts.reader
        self.control = control
        self.clock = parts.clock
        settings = parts.settings
        self.limit = Limit(settings.dlq_max_consecutive, settings.dlq_max_ratio)
        self.group: str = parts.app.conf.id
        self.topic = settings.topic(POSTS)
        self.control_topic = settings.topic(CONTROL)
        self.dead_letters = settings.topic(POSTS_DLQ)

    def known(self, partition: int, next_offset: int) -> Paused | None:
        """Return why a partition that is taken over is still paused; None if it is not."""
        paused = self.control.paused.get((self.group, partition))
        return paused if paused and paused.offset == next_offset and self.holds(paused) else None

    def holds(self, paused: Paused) -> bool:
        """Return whether a pause holds: no operator has lifted it, and the limit is still as low."""
        found = Rejections(paused.rejected_in_a_row, paused.rejected, paused.read)
        is_resumed = self.control.resume_until(self.group, paused.partition) > paused.offset
        return not is_resumed and self.limit.exceeded(found) is not None

    def due(
        self, clock: PartitionClock, recent: Recent, records: Sequence[Record], counted: Counted
    ) -> Paused | None:
        """Return the index of the first record of a batch that must not be counted; None to count all.

        `clock` is that before the batch; the batch is added to `recent`.
        """
        if not counted.rejected:
            recent.add(len(records), 0)
            return None
        until = self.control.resume_until(self.group, clock.partition)
        new = [record for record in records if record.offset > max(clock.offset, until - 1)]
        if not new:
            return None
        place = {record.offset: at for at, record in enumerate(new)}
        rejected = {place[offset]: why for offset, why in counted.rejected if offset in place}
        recent.add(len(new), len(rejected))
        if not rejected:
            return None
        # Records that an operator has released do not count as rejected in a row.
        before = min(clock.rejected_in_a_row, max(0, first_offset(new[0]) - until))
        at = first_beyond([*rejected], before, self.limit.max_consecutive)
        if at is None:
            at, found = 0, Rejections(0, recent.rejected, recent.read)
        else:
            found = Rejections(self.limit.max_consecutive + 1)
        exceeded = self.limit.exceeded(found)
        if exceeded is None:
            return None
        last = rejected.get(at) or [*rejected.values()][-1]
        reason = f"{exceeded}. The last one: {last.reason}, {last.detail}"
        offset = first_offset(new[at])
        return Paused(self.group, clock.partition, offset, *found, reason, self.clock.now_ms())

    async def hold(self, partition: int, next_offset: int) -> None:
        """Have the consumer leave a paused partition alone. A rebalance makes it read on."""
        tp = TP(self.topic, partition)
        self.reader.hold(tp)
        await self.reader.seek(tp, next_offset)

    async def let_go(self, partition: int, next_offset: int) -> None:
        """Have the consumer read a partition on."""
        tp = TP(self.topic, partition)
        await self.reader.seek(tp, next_offset)
        self.reader.let_go(tp)
        log.warning("topic %s, partition %d is counted again from offset %d", *tp, next_offset)

    async def announce(self, paused: Paused) -> None:
        """Say in the log and in `control` that a partition is paused."""
        log.error(
            "topic %s, partition %d is paused at offset %d: %s. The other partitions continue. Fix the "
            "program that writes it; then `sandik partitions resume %d` sends the rejected records to %s "
            "and continues with the next valid one",
            self.topic,
            paused.partition,
            paused.offset,
            paused.reason,
            paused.partition,
            self.dead_letters,
        )
        known = self.control.paused.get((self.group, paused.partition))
        if known is None or known.offset != paused.offset:
            self.control.take(paused.key, paused)
            await self._tell(paused.key, msgspec.json.encode(paused))

    async def withdraw(self, partition: int) -> None:
        """Say in `control` that a partition is counted on, if that is news."""
        paused = self.control.paused.get((self.group, partition))
        if paused:
            self.control.take(paused.key, None)
            await self._tell(paused.key, None)

    async def _tell(self, key: bytes, value: bytes | None) -> None:
        await publish(self.writer.kafka, [Outgoing(self.control_topic, 0, key, value)])
