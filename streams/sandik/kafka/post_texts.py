"""Texts and addresses of posts: `mentions` only has their positions in `posts`."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from sandik.counting.surrogates import decode_mended
from sandik.kafka.connection import let_go
from sandik.kafka.consumer import new_consumer
from sandik.kafka.topics import POSTS
from sandik.settings import Settings
from sandik_schemas.mention import Mention
from sandik_schemas.post import Post

#: Texts in the cache, so that many readers of one page cause one read from Kafka.
_KEPT = 2_000
_ANSWER_S = 5.0
#: A post has no more than this.
_FETCH_BYTES = 65_536

Place = tuple[int, int]

_decoder = msgspec.json.Decoder(Post)


class Text(NamedTuple):
    """The text of a post, and its address."""

    text: str
    url: str | None


class Texts:
    """Looks up texts by position; a deleted post has none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Any = None
        self._known: OrderedDict[Place, Text | None] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, mentions: Iterable[Mention]) -> dict[Place, Text | None]:
        """Return the texts; None for posts that Kafka no longer has.

        If Kafka does not answer, the unread texts are missing.
        """
        found: dict[Place, Text | None] = {}
        async with self._lock:
            for mention in mentions:
                place = mention.source_partition, mention.source_offset
                if place not in self._known:
                    try:
                        self._known[place] = await self._read(mention)
                    except (KafkaError, TimeoutError, OSError):
                        await self.close()
                        break
                self._known.move_to_end(place)
                found[place] = self._known[place]
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    async def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await let_go(consumer)

    def forget(self) -> None:
        """Discard the texts: positions in a recreated topic hold other posts."""
        self._known.clear()

    async def _read(self, mention: Mention) -> Text | None:
        tp = TopicPartition(self._settings.topic(POSTS), mention.source_partition)
        async with asyncio.timeout(_ANSWER_S):
            consumer = await self._connected()
            if consumer.assignment() != {tp}:
                consumer.assign([tp])
            consumer.seek(tp, mention.source_offset)
            end = (await consumer.end_offsets([tp]))[tp]
            try:
                while await consumer.position(tp) < end:
                    for records in (await consumer.getmany(tp, timeout_ms=500, max_records=1)).values():
                        return _text(records[0], mention)
            except OffsetOutOfRangeError:
                pass
        return None

    async def _connected(self) -> Any:
        if self._consumer is None:
            self._consumer = consumer = new_consumer(self._settings, max_partition_fetch_bytes=_FETCH_BYTES)
            await consumer.start()
        return self._consumer


def _text(record: Any, mention: Mention) -> Text | None:
    """Return the text if it is the same post: a recreated topic may have another one at this position."""
    try:
        post, _ = decode_mended(_decoder.decode, record.value)
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        return None
    return Text(post.text, post.url) if post.id == mention.id else None
