"""items -> Kafka. Every post is delivered once, or the error says how many were."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from schemas.post import Post
from streams.connection import unreachable
from streams.errors import BrokerError, TopicError

from .items import Item, Skipped, Unreadable, UnreadableReason
from .read_ahead import ReadAhead

LINGER_MS = 20
MAX_BATCH_BYTES = 131_072
#: Deliveries awaited at most: bounds memory (about 1 kB each) while the broker is slow.
MAX_IN_FLIGHT = 20_000

_encode = msgspec.json.Encoder().encode


@dataclass
class Summary:
    """What became of the items. `produced` counts posts that Kafka has acknowledged."""

    produced: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    interrupted: bool = False


async def ingest(
    items: Iterable[Item],
    *,
    connection: Mapping[str, Any],
    topic: str,
    report: Callable[[Unreadable], None],
    summary: Summary | None = None,
) -> Summary:
    """Write every post of `items` to `topic`, keyed by its id, in order, and return when Kafka has them all.

    Retries inside a run never write a post twice (idempotent producer); a second run writes them all again.
    The record's timestamp is the time of writing, never the event time: retention works on it. A post that
    Kafka would refuse for its size is reported like an unreadable one. Cancelling (Ctrl-C) stops reading and
    still delivers what was read; the summary then says `interrupted`.

    `connection` is what streams.connection.client_options returns.
    `summary` is filled on the way, for a progress bar, and holds the numbers when an error ends the run:
    TopicError when the topic is missing, BrokerError when Kafka cannot be reached or refuses a post, and
    whatever reading `items` raises, after the posts before it are delivered.
    """
    summary = summary or Summary()
    bootstrap_servers = str(connection["bootstrap_servers"])
    started_s = time.monotonic()
    producer = AIOKafkaProducer(
        **connection,
        enable_idempotence=True,
        acks="all",
        linger_ms=LINGER_MS,
        max_batch_size=MAX_BATCH_BYTES,
    )
    delivery = _Delivery(producer, topic, bootstrap_servers, summary)
    try:
        await _start(producer, topic, connection)
        try:
            async for item in ReadAhead(items):
                if isinstance(item, Post):
                    refused = await delivery.send(item)
                    if refused is None:
                        continue
                    item = refused
                if isinstance(item, Skipped):
                    summary.skipped[item.reason] += 1
                else:
                    summary.unreadable[item.reason] += 1
                    report(item)
        except asyncio.CancelledError:
            summary.interrupted = True
        finally:
            await delivery.settle(0)
    finally:
        summary.seconds = time.monotonic() - started_s
        await producer.stop()
    return summary


async def _start(producer: Any, topic: str, connection: Mapping[str, Any]) -> None:
    try:
        await producer.start()
        # All topics' metadata, because asking for one by name may create it, with the broker's defaults.
        topics = (await producer.client.fetch_all_metadata()).topics()
    except (KafkaError, OSError) as error:
        raise await unreachable(connection, error) from error
    if topic not in topics:
        raise TopicError(
            f"topic {topic} does not exist at {connection['bootstrap_servers']}: "
            "run `sandik topics create` first"
        )


class _Delivery:
    """Sends posts and keeps their futures, oldest first, until each is known to be delivered."""

    def __init__(self, producer: Any, topic: str, bootstrap_servers: str, summary: Summary) -> None:
        self._producer = producer
        self._topic = topic
        self._servers = bootstrap_servers
        self._summary = summary
        self._in_flight: deque[asyncio.Future[object]] = deque()

    async def send(self, post: Post) -> Unreadable | None:
        """Hand the post over; return it as Unreadable when it is too large for a record."""
        try:
            future = await self._producer.send(self._topic, _encode(post), key=post.id.encode())
        except MessageSizeTooLargeError as error:
            return Unreadable(f"post {post.id}", UnreadableReason.TOO_LARGE, str(error))
        except KafkaError as error:
            raise self._failed(error) from error
        self._in_flight.append(future)
        if len(self._in_flight) > MAX_IN_FLIGHT:
            await self.settle(MAX_IN_FLIGHT // 2)
        return None

    async def settle(self, at_most: int) -> None:
        """Return when no more than `at_most` deliveries are open; BrokerError if one failed."""
        failure: BaseException | None = None
        while len(self._in_flight) > at_most:
            oldest = self._in_flight[0]
            if not oldest.done():
                await asyncio.wait([oldest])  # unlike a plain await, leaves it alone when we are cancelled
            self._in_flight.popleft()
            if oldest.cancelled() or (error := oldest.exception()) is None:
                self._summary.produced += 1
            else:
                failure = error
                at_most = 0  # the count in the message must be the true one
        if failure is not None:
            raise self._failed(failure) from failure

    def _failed(self, error: BaseException) -> BrokerError:
        return BrokerError(
            f"Kafka at {self._servers} refused a post for topic {self._topic}: {error!r}. "
            f"{self._summary.produced} posts were delivered before and beside it."
        )
