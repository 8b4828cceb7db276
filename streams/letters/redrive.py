"""Letters -> `posts`: each at most once, however often the command is run or cut short.

A letter is known by its origin, the record of `posts` it was made of; the copy that is put back says so in a
header. What is there already is looked up in `posts` itself, so no other store can be lost or disagree. The
copies are written in transactions under one name: a second redrive fences the first one off before it looks,
so that two at once do not write a letter twice either.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.headers import ATTEMPTS, REDRIVEN_FROM
from streams.connection import client_options, unreachable
from streams.letters.letter import Letter
from streams.ranges import CLOCKS_APART_MS, records_since
from streams.settings import Settings
from streams.topics import partition_count

#: Copies in one transaction, at most.
AT_ONCE = 500

REDRIVEN, ALREADY, REFUSED = "redriven", "already redriven", "tried too often"
NOT_WHOLE = "too long to be copied"


class Orders(NamedTuple):
    """How to redrive. `target` is the topic; `rate` is posts a second, None as fast as Kafka takes them."""

    target: str
    max_attempts: int
    rate: float | None = None
    is_dry_run: bool = False


async def redrive(
    settings: Settings, letters: Sequence[Letter], orders: Orders, tell: Callable[[int], None]
) -> Counter[str]:
    """Put the letters back; return how many had which outcome.

    Raises:
        BrokerError: Kafka does not answer, or another redrive has taken over.
    """
    outcome: Counter[str] = Counter()
    once = _once(letters)
    whole = [letter for letter in once if letter.is_whole]
    wanted = [letter for letter in whole if letter.attempts < orders.max_attempts]
    outcome[NOT_WHOLE] = len(once) - len(whole)
    outcome[REFUSED] = len(whole) - len(wanted)
    partitions = await partition_count(settings, orders.target)
    producer = AIOKafkaProducer(
        **client_options(settings), transactional_id=f"{orders.target}-redrive", acks="all"
    )
    try:
        if not orders.is_dry_run:
            await producer.start()  # whoever else redrives is fenced off, and what it left open is aborted
        there = {origin async for origin in _redriven(settings, wanted, orders.target)}
        left = [letter for letter in wanted if letter.origin_id not in there]
        outcome[ALREADY] = len(wanted) - len(left)
        outcome[REDRIVEN] = len(left)
        if not orders.is_dry_run:
            await _write(producer, _in_order(left), orders, partitions, tell)
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await producer.stop()
    return +outcome


def _once(letters: Iterable[Letter]) -> list[Letter]:
    """Leave out what a worker wrote twice because it crashed in between."""
    return list({letter.origin_id: letter for letter in letters}.values())


def _in_order(letters: Iterable[Letter]) -> list[Letter]:
    """Return them by event time, so that none of them makes another one late; what has none comes first."""
    return sorted(letters, key=_event_time_ms)


class _Timed(msgspec.Struct):
    created_at_ms: int = 0


def _event_time_ms(letter: Letter) -> int:
    try:
        return msgspec.json.decode(letter.value or b"", type=_Timed).created_at_ms
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


async def _write(
    producer: AIOKafkaProducer,
    letters: Sequence[Letter],
    orders: Orders,
    partitions: int,
    tell: Callable[[int], None],
) -> None:
    size = AT_ONCE if orders.rate is None else max(1, min(AT_ONCE, int(orders.rate)))
    left = iter(letters)
    while batch := list(itertools.islice(left, size)):
        async with producer.transaction():
            for letter in batch:
                await producer.send(
                    orders.target,
                    letter.value,
                    letter.key,
                    # Where the first copy was: the ids that a window has counted are known per partition.
                    letter.origin[1] if letter.origin[1] < partitions else None,
                    headers=[
                        (ATTEMPTS, str(letter.attempts + 1).encode()),
                        (REDRIVEN_FROM, letter.origin_id.encode()),
                    ],
                )
        tell(len(batch))
        if orders.rate is not None:
            await asyncio.sleep(len(batch) / orders.rate)


async def _redriven(settings: Settings, letters: Sequence[Letter], target: str) -> AsyncIterator[str]:
    """Yield the origins of all copies in the target since the first of the letters was written."""
    if not letters:
        return
    since_ms = min(letter.written_ms for letter in letters) - CLOCKS_APART_MS
    async for records in records_since(settings, target, since_ms):
        for record in records:
            for name, value in record.headers:
                if name == REDRIVEN_FROM:
                    yield (value or b"").decode("utf-8", "replace")
