"""items -> Kafka. Every post is delivered once, or the error says how many were.

This module fills Kafka's batches itself, one per partition. Passing posts to the producer one by one would be
most of the cost of ingest (docs/ingest.md has the numbers). A batch is sent when it is full; all are sent
when the source has no more items at the moment.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import BrokerResponseError, InvalidTimestampError, KafkaError

from sandik.clock import SystemClock
from sandik.errors import BrokerError, ClockError, TopicError
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped
from sandik.ingest.partitioner import partitions_of
from sandik.ingest.read_ahead import ReadAhead
from sandik.kafka.connection import check_topics, denial, unreachable
from sandik_schemas.post import Post

MAX_BATCH_BYTES = 131_072
COMPRESSION = "zstd"
#: Larger records are refused by topics with Kafka's default limits.
MAX_RECORD_BYTES = 1_048_576 - 200
#: Posts encoded at once. In between, the loop sends, and Ctrl-C works.
SLICE = 1_000

_encode = msgspec.json.Encoder().encode


def a_mark(until_ms: int, partition: int) -> Post:
    """Return the mark that closes the partition's windows that end until `until_ms`."""
    return Post(f"sandik:close:{until_ms}:{partition}", "sandik", until_ms, "", op="close")


class Mark(NamedTuple):
    """A position in a stream. `reached` is called when Kafka has all posts before it; at once if `is_due`."""

    reached: Callable[[], None]
    is_due: bool


@dataclass
class Summary:
    """Numbers of items. `produced` counts posts that Kafka has acknowledged."""

    produced: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    interrupted: bool = False
    #: Windows that end until this time were closed.
    closed_until_ms: int | None = None


#: Called before reading, with the number of partitions and the names of all topics.
Begin = Callable[[int, Set[str]], Awaitable[object]]


async def ingest(
    items: Iterable[Item] | AsyncIterable[Sequence[Item | Mark]],
    *,
    connection: Mapping[str, Any],
    topic: str,
    report: Callable[[Rejected | Skipped], None],
    summary: Summary | None = None,
    begin: Begin | None = None,
    closing: Callable[[], int | None] | None = None,
) -> Summary:
    """Write every post of `items` to `topic`, keyed by its id, in order; return when Kafka has them all.

    `items` is read on a thread, or comes in lists from an asynchronous source. Retries within a run never
    write a post twice (idempotent producer); a second run writes all posts again. A record's timestamp is the
    time of writing, not the event time, because retention uses it. A post that is too large for Kafka is
    rejected. Cancelling (Ctrl-C) stops reading, and still delivers what was read; the summary then says
    `interrupted`.

    `connection` is the result of sandik.kafka.connection.client_options; `report` gets every item that is not
    a post. `begin` is awaited when Kafka has answered, before reading. When all posts are delivered,
    `closing` returns until when windows are complete; then a mark is written to every partition. `summary` is
    updated on the way, for a progress bar, and has the numbers if an error ends the run: TopicError if the
    topic is missing, BrokerError if Kafka cannot be reached or refuses a post, and errors of reading `items`,
    after the posts before them are delivered.
    """
    summary = summary or Summary()

    def leave_out(item: Rejected | Skipped) -> None:
        (summary.skipped if isinstance(item, Skipped) else summary.rejected)[item.reason] += 1
        report(item)

    started_s = time.monotonic()
    producer = AIOKafkaProducer(
        **connection,
        enable_idempotence=True,
        acks="all",
        max_batch_size=MAX_BATCH_BYTES,
        compression_type=COMPRESSION,
    )
    try:
        partitions, topics = await _start(producer, topic, connection)
        if begin is not None:
            await begin(partitions, topics)
        delivery = _Delivery(producer, topic, partitions, connection, summary)
        try:
            async for batch in items if isinstance(items, AsyncIterable) else ReadAhead(items):
                await _take(batch, delivery, leave_out)
            await delivery.finish()
            if closing is not None and (until_ms := closing()) is not None:
                await delivery.close(until_ms)
                summary.closed_until_ms = until_ms
        except asyncio.CancelledError:
            summary.interrupted = True
        finally:
            await delivery.finish()
    finally:
        summary.seconds = time.monotonic() - started_s
        await producer.stop()
    return summary


async def _take(
    batch: Sequence[Item | Mark], delivery: "_Delivery", leave_out: Callable[[Rejected | Skipped], None]
) -> None:
    posts: list[Post] = []
    for item in batch:
        if isinstance(item, Post):
            posts.append(item)
            if len(posts) == SLICE:
                await delivery.send(posts, leave_out)
                posts = []
        elif isinstance(item, Mark):
            await delivery.send(posts, leave_out)
            posts = []
            delivery.mark = item
            if item.is_due:
                await delivery.finish()
        else:
            leave_out(item)
    await delivery.send(posts, leave_out)
    if not batch:
        await delivery.flush()


async def _start(producer: Any, topic: str, connection: Mapping[str, Any]) -> tuple[int, Set[str]]:
    """Connect; return the number of partitions of the topic, and all topics."""
    try:
        await producer.start()
        # The metadata of all topics: asking for one by name may create it, with the broker's defaults.
        cluster = await producer.client.fetch_all_metadata()
    except (KafkaError, OSError) as error:
        raise await unreachable(connection, error) from error

    async def ask(request: Any) -> Any:
        return await producer.client.send(producer.client.get_random_node(), request)

    servers = connection["bootstrap_servers"]
    try:
        await check_topics(ask, servers, [topic], cluster.topics())
    except TopicError as error:
        raise TopicError(
            f"topic {topic} does not exist at {servers}: run `sandik topics create` first"
        ) from error
    return len(cluster.partitions_for_topic(topic)), cluster.topics()


class _Delivery:
    """Fills and sends batches, and keeps their futures, oldest first, until delivered."""

    def __init__(
        self, producer: Any, topic: str, partitions: int, connection: Mapping[str, Any], summary: Summary
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._partitions = partitions
        self._connection = connection
        self._summary = summary
        self._clock = SystemClock()
        self._filling: dict[int, Any] = {}
        self._in_flight: deque[tuple[asyncio.Future[object], int]] = deque()
        self._failure: BaseException | None = None
        #: The position before which everything was sent.
        self.mark: Mark | None = None

    async def send(self, posts: Sequence[Post], leave_out: Callable[[Rejected], None]) -> None:
        """Put the posts into the batches of their partitions, and send full batches."""
        now_ms = self._clock.now_ms()
        keys = [post.id.encode() for post in posts]
        for partition, key, post in zip(partitions_of(keys, self._partitions), keys, posts, strict=True):
            value = _encode(post)
            if len(key) + len(value) > MAX_RECORD_BYTES:
                detail = f"{len(value)} bytes, more than Kafka takes: {MAX_RECORD_BYTES}"
                leave_out(Rejected(RejectReason.TOO_LARGE, detail, f"post {post.id}"))
                continue
            batch = self._filling.get(partition)
            while batch is None or batch.append(timestamp=now_ms, key=key, value=value) is None:
                if batch is not None:
                    await self._send(partition)
                batch = self._filling[partition] = self._producer.create_batch()
        await self._forget_delivered()

    async def close(self, until_ms: int) -> None:
        """Write the mark that closes windows to every partition, and return when Kafka has it.

        Raises:
            BrokerError: Kafka refused one.
        """
        now_ms = self._clock.now_ms()
        for partition in range(self._partitions):
            mark = a_mark(until_ms, partition)
            batch = self._filling[partition] = self._producer.create_batch()
            batch.append(timestamp=now_ms, key=mark.id.encode(), value=_encode(mark))
            await self._send(partition, are_posts=False)
        await self._settle()

    async def flush(self) -> None:
        """Send all batches, full or not."""
        for partition in list(self._filling):
            await self._send(partition)
        await self._forget_delivered()

    async def finish(self) -> None:
        """Send everything and return when Kafka has it; BrokerError if it refused a post."""
        if self._failure is None:
            mark, self.mark = self.mark, None
            try:
                await self.flush()
                await self._settle()
            except asyncio.CancelledError:
                self.mark = mark
                raise
            if mark is not None:
                mark.reached()

    async def _send(self, partition: int, *, are_posts: bool = True) -> None:
        batch = self._filling[partition]
        batch.close()  # a closed batch does not wait for more
        try:
            future = await self._producer.send_batch(batch, self._topic, partition=partition)
        except KafkaError as error:
            self._failure = error
            await self._settle()
        else:
            del self._filling[partition]
            self._in_flight.append((future, batch.record_count() if are_posts else 0))

    async def _forget_delivered(self) -> None:
        while self._in_flight and self._in_flight[0][0].done():
            self._settle_oldest()
        if self._failure is not None:
            await self._settle()

    async def _settle(self) -> None:
        """Return when no delivery is open; BrokerError, with the true count, if one failed."""
        while self._in_flight:
            # Unlike a plain await, this does not cancel the delivery if we are cancelled.
            await asyncio.wait([self._in_flight[0][0]])
            self._settle_oldest()
        if self._failure is not None:
            why = await self._why(self._failure)
            raise BrokerError(
                f"{why}. {self._summary.produced} other posts were delivered."
            ) from self._failure

    async def _why(self, failure: BaseException) -> str:
        if isinstance(failure, BrokerResponseError) and not failure.retriable:
            is_time, denied = isinstance(failure, InvalidTimestampError), denial(failure)
            why = ClockError("it") if is_time else f"it {denied}" if denied else failure
            servers = self._connection["bootstrap_servers"]
            return f"Kafka at {servers} refused a post for topic {self._topic}: {why}"
        if not isinstance(failure, Exception):
            return repr(failure)
        return str(await unreachable(self._connection, failure))

    def _settle_oldest(self) -> None:
        future, count = self._in_flight.popleft()
        if future.cancelled() or (error := future.exception()) is None:
            self._summary.produced += count
        else:
            self._failure = error
