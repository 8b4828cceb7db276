"""The count agent's state: a Faust table whose writes are awaited and whose recovery knows offsets.

See docs/decisions/002-state-that-knows-its-offset.md.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import faust
import msgspec
from faust.types import TP

from sandik.counting.decode import why_not
from sandik.errors import StateError
from sandik.kafka.publish import Growth, Outgoing, publish
from sandik.kafka.record_lists import Record
from sandik.worker.engine.batching import RAW_BATCHES
from sandik_schemas.partial import EntryRecord

_decoder = msgspec.json.Decoder(EntryRecord)


class StateTable(faust.Table):  # type: ignore[type-arg]  # Faust does not say what of
    """Entries by partition of `posts`. Keys and values are the bytes of `sandik_schemas.partial`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Recovered in batches too: a record at a time, Faust restores fewer than 12,000 entries a second.
        # Eight batches at most are held before they are applied.
        super().__init__(*args, schema=RAW_BATCHES, recovery_buffer_size=8, **kwargs)
        self.stored: dict[int, dict[bytes, bytes]] = defaultdict(dict)
        self._crash_task: asyncio.Future[None] | None = None
        self._growth = Growth()

    async def write(self, partition: int, entries: Mapping[bytes, bytes | None]) -> None:
        """Store the entries (None deletes), and return when the changelog has them, in this order.

        Faust's own table writes are not awaited: its flush gives up after 0.1 s and it commits anyway.
        """
        for key, value in entries.items():
            self._keep(partition, key, value)
        topic = self.changelog_topic.get_topic_name()
        written = await publish(
            self.app.producer, [Outgoing(topic, partition, key, value) for key, value in entries.items()]
        )
        self._growth.check(written)

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Recover. Per key the entry with the higher offset wins, wherever it stands in the log.

        A worker that was frozen may append an older entry after its successor's newer one; Faust alone
        would keep the last.
        """
        try:
            for event in batch:
                for record in event.value:
                    self._recover(event.message.tp, record)
        except Exception as error:  # noqa: BLE001  # whatever it is, what is not recovered is lost
            # Raised here, it would be logged as a warning, and Faust would wait for the rest for ever.
            self._crash_task = asyncio.ensure_future(self.app.crash(error))

    def _recover(self, tp: TP, record: Record) -> None:
        key = record.key or b""
        known = self.stored[tp.partition].get(key)
        try:
            offset = None if record.value is None else _offset(record.value)
            is_newer = offset is None or known is None or offset >= _offset(known)
        except msgspec.MsgspecError as error:
            raise StateError(
                f"topic {tp.topic}, partition {tp.partition}, offset {record.offset} is no entry of ours "
                f"({why_not(record.value or b'', error)}): something else writes there, or a newer version "
                "did. Use that version, or stop all workers and count all posts anew with "
                "`sandik runs replace`"
            ) from error
        if is_newer:
            self._keep(tp.partition, key, record.value)

    def keep_only(self, partitions: Iterable[int]) -> None:
        """Forget the partitions that went to other workers. The changelog keeps them."""
        for partition in self.stored.keys() - set(partitions):
            del self.stored[partition]

    def _keep(self, partition: int, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.stored[partition].pop(key, None)
        else:
            self.stored[partition][key] = value


def _offset(value: bytes) -> int:
    entry: EntryRecord = _decoder.decode(value)
    return entry.offset
