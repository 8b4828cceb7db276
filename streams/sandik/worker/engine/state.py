"""The count agent's state: entries of each partition, kept in memory and in a changelog topic.

See docs/decisions/002-state-that-knows-its-offset.md and docs/decisions/030-agents-on-channels.md.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from aiokafka import TopicPartition

from sandik.counting.decode import why_not
from sandik.errors import StateError
from sandik.kafka.connection import check_answers
from sandik.kafka.consumer import consuming
from sandik.kafka.publish import Growth, Outgoing, publish
from sandik.kafka.record_lists import Record
from sandik.settings import Settings
from sandik.worker.engine.writer import Writer
from sandik_schemas.partial import EntryRecord

_decoder = msgspec.json.Decoder(EntryRecord)
_POLL_MS = 200


class State:
    """Entries by partition of `posts`. Keys and values are the bytes of `sandik_schemas.partial`."""

    def __init__(self, writer: Writer, settings: Settings, topic: str) -> None:
        self.topic = topic
        self.stored: dict[int, dict[bytes, bytes]] = defaultdict(dict)
        self._writer = writer
        self._settings = settings
        self._growth = Growth()
        #: For each partition in memory: the changelog offset before which every record is known.
        self._known_to: dict[int, int] = {}

    async def write(self, partition: int, entries: Mapping[bytes, bytes | None]) -> None:
        """Store the entries (None deletes), and return when the changelog has them, in this order."""
        for key, value in entries.items():
            self._keep(partition, key, value)
        written = await publish(
            self._writer.kafka,
            [Outgoing(self.topic, partition, key, value) for key, value in entries.items()],
        )
        self._growth.check(written)
        for first in written.values():  # of one partition
            # Only the offset of the first of several batches is known; the rest is read when needed.
            if first.offset == self._known_to.get(partition) and first.is_all:
                self._known_to[partition] = first.offset + len(entries)

    async def recover(self, partitions: Iterable[int]) -> None:
        """Read what memory lacks of these partitions from the changelog; forget all other partitions.

        A partition that stays with this worker costs nothing: its changelog ends where this worker wrote.
        For each key the entry with the highest offset wins, wherever it is in the log: a worker that was
        frozen may append an older entry behind the newer one of the next owner.

        Raises:
            BrokerError: Kafka does not answer.
            StateError: another program has written to the changelog.
        """
        wanted = set(partitions)
        self.keep_only(wanted)
        if not wanted:
            return
        tps = {TopicPartition(self.topic, partition): partition for partition in wanted}
        async with consuming(self._settings) as consumer:
            starts, ends = await asyncio.gather(
                consumer.beginning_offsets([*tps]), consumer.end_offsets([*tps])
            )
            for tp, partition in tps.items():
                if ends[tp] < self._known_to.get(partition, 0):
                    raise StateError(
                        f"topic {self.topic}, partition {partition} was recreated while the worker ran: it "
                        f"ends at offset {ends[tp]}, and had reached {self._known_to[partition]}. Stop all "
                        "workers and count all posts again with `sandik runs replace`"
                    )
            begins = {tp: max(starts[tp], self._known_to.get(partition, 0)) for tp, partition in tps.items()}
            new = {tp: begin for tp, begin in begins.items() if begin < ends[tp]}
            if new:
                await self._read(consumer, new, ends)
        self._known_to |= {partition: ends[tp] for tp, partition in tps.items()}

    async def _read(
        self, consumer: Any, begins: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> None:
        consumer.assign([*begins])
        for tp, begin in begins.items():
            consumer.seek(tp, begin)
        left = [*begins]
        while left:
            found = await consumer.getmany(*left, timeout_ms=_POLL_MS)
            for tp, records in found.items():
                for record in records:
                    self._recover(tp.partition, record)
                await asyncio.sleep(0)  # heartbeats go out between two lists
            if not found:
                await check_answers(consumer, *left)
            left = [tp for tp in left if await consumer.position(tp) < ends[tp]]

    def _recover(self, partition: int, record: Record) -> None:
        key = record.key or b""
        known = self.stored[partition].get(key)
        try:
            offset = None if record.value is None else _offset(record.value)
            is_newer = offset is None or known is None or offset >= _offset(known)
        except msgspec.MsgspecError as error:
            raise StateError(
                f"topic {self.topic}, partition {partition}, offset {record.offset} is not an entry of "
                f"sandik ({why_not(record.value or b'', error)}): another program, or a newer version, "
                "wrote it. Use that version, or stop all workers and count all posts again with `sandik "
                "runs replace`"
            ) from error
        if is_newer:
            self._keep(partition, key, record.value)

    def keep_only(self, partitions: Iterable[int]) -> None:
        """Forget partitions that now belong to other workers. The changelog keeps their state."""
        for partition in self.stored.keys() - set(partitions):
            del self.stored[partition]
            self._known_to.pop(partition, None)

    def _keep(self, partition: int, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.stored[partition].pop(key, None)
        else:
            self.stored[partition][key] = value


def _offset(value: bytes) -> int:
    entry: EntryRecord = _decoder.decode(value)
    return entry.offset
