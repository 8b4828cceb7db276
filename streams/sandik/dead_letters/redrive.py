"""Write letters to `posts`, each at most once, even if the command runs several times or is interrupted.

A letter is identified by its bytes and its origin, the record of `posts` that it was made from. The copy in
`posts` names the origin in a header. Redrive looks in `posts` itself for copies that exist already: there is
no other store that could be lost or differ. All copies are written in transactions with one transactional id.
A second redrive fences off the first before it looks, so two at the same time do not write a letter twice.

Any producer can write such headers. So a record of `posts` is a copy of a letter only if it has the letter's
key and value and is in the partition that redrive would use: then the post is where it belongs, whoever wrote
it. The number of attempts is not read from a header: it is the number of such copies in `posts`, each a copy
of the one before.
"""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from sandik.counting.surrogates import decode_mended
from sandik.kafka.connection import client_options, unreachable
from sandik.kafka.dead_letter import ATTEMPTS, REDRIVEN_FROM, Letter, Origin, redriven_from
from sandik.kafka.ranges import CLOCKS_APART_MS, records_at, records_since
from sandik.kafka.topics import partition_count
from sandik.settings import Settings

#: Maximum number of copies in a transaction.
AT_ONCE = 500

REDRIVEN, ALREADY, REFUSED = "redriven", "already redriven", "tried too often"
NOT_WHOLE = "too long to be copied"


class Orders(NamedTuple):
    """How to redrive. `target` is the topic; `rate` is in posts per second; None for no limit."""

    target: str
    max_attempts: int
    rate: float | None = None
    is_dry_run: bool = False


class _Copy(NamedTuple):
    """A letter to redrive. With `partition` None, the key decides."""

    letter: Letter
    attempt: int
    partition: int | None

    def is_there(self, record: ConsumerRecord) -> bool:
        """Return whether a record of the target that names this origin is this copy."""
        return (
            (record.key, record.value) == (self.letter.key, self.letter.value)
            and self.partition in (None, record.partition)
            and (record.topic != self.letter.origin.topic or record.offset > self.letter.origin.offset)
        )


async def redrive(
    settings: Settings, letters: Sequence[Letter], orders: Orders, tell: Callable[[int], None]
) -> Counter[str]:
    """Redrive the letters. Return how many there were of each outcome.

    Raises:
        BrokerError: Kafka does not answer, or another redrive has taken over.
    """
    outcome: Counter[str] = Counter()
    once = _once(letters)
    whole = [letter for letter in once if letter.is_whole]
    attempts = await _attempts(settings, whole, orders.max_attempts)
    partitions = await partition_count(settings, orders.target)
    copies = [
        # The partition of the first copy: which ids a window has counted is known per partition.
        _Copy(letter, before + 1, letter.partition if letter.partition < partitions else None)
        for letter, before in zip(whole, attempts, strict=True)
        if before < orders.max_attempts
    ]
    outcome[NOT_WHOLE] = len(once) - len(whole)
    outcome[REFUSED] = len(whole) - len(copies)
    producer = AIOKafkaProducer(
        **client_options(settings), transactional_id=f"{orders.target}-redrive", acks="all"
    )
    try:
        if not orders.is_dry_run:
            await producer.start()  # fences other redrives off and aborts their open transactions
        there = await _there(settings, copies, orders.target)
        left = [copy for number, copy in enumerate(copies) if number not in there]
        outcome[ALREADY] = len(there)
        outcome[REDRIVEN] = len(left)
        if not orders.is_dry_run:
            await _write(producer, sorted(left, key=_event_time_ms), orders, tell)
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await producer.stop()
    return +outcome


def _once(letters: Iterable[Letter]) -> list[Letter]:
    """Leave out letters that a worker wrote twice because it crashed in between."""
    return list({(letter.origin, letter.key, letter.value): letter for letter in letters}.values())


async def _attempts(settings: Settings, letters: Sequence[Letter], at_most: int) -> list[int]:
    """Return how many times each letter was redriven, as far as `posts` still has the originals.

    Looks no further back than `at_most` copies.
    """
    attempts = [0] * len(letters)
    links = {
        number: earlier
        for number, letter in enumerate(letters)
        if (earlier := _earlier(letter.redriven_from, letter.origin))
    }
    while links:
        posts = letters[0].origin.topic
        records = await records_at(settings, posts, [one[1:] for one in links.values()])
        further = {}
        for number, origin in links.items():
            letter, record = letters[number], records.get(origin[1:])
            if record is None or (record.key, record.value) != (letter.key, letter.value):
                continue
            attempts[number] += 1
            earlier = _earlier(redriven_from(record.headers), origin)
            if earlier and attempts[number] < at_most:
                further[number] = earlier
        links = further
    return attempts


def _earlier(said: Origin | None, than: Origin) -> Origin | None:
    """Return the record that a record claims to copy, if it is an earlier one of the same partition."""
    is_earlier = said is not None and said[:2] == than[:2] and said.offset < than.offset
    return said if is_earlier else None


def _event_time_ms(copy: _Copy) -> int:
    """Return the event time to sort by, so that no copy makes another late; without one: first."""
    try:
        return decode_mended(_decode_timed, copy.letter.value or b"")[0].created_at_ms
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


class _Timed(msgspec.Struct):
    created_at_ms: int = 0


_decode_timed = msgspec.json.Decoder(_Timed).decode


async def _write(
    producer: AIOKafkaProducer, copies: Iterable[_Copy], orders: Orders, tell: Callable[[int], None]
) -> None:
    size = AT_ONCE if orders.rate is None else max(1, min(AT_ONCE, int(orders.rate)))
    left = iter(copies)
    while batch := list(itertools.islice(left, size)):
        async with producer.transaction():
            for letter, attempt, partition in batch:
                await producer.send(
                    orders.target,
                    letter.value,
                    letter.key,
                    partition,
                    headers=[(ATTEMPTS, str(attempt).encode()), (REDRIVEN_FROM, str(letter.origin).encode())],
                )
        tell(len(batch))
        if orders.rate is not None:
            await asyncio.sleep(len(batch) / orders.rate)


async def _there(settings: Settings, copies: Sequence[_Copy], target: str) -> set[int]:
    """Return the copies that the target has already. Reads it from the time of the first letter."""
    there: set[int] = set()
    if not copies:
        return there
    numbers: defaultdict[Origin | None, list[int]] = defaultdict(list)
    for number, copy in enumerate(copies):
        numbers[copy.letter.origin].append(number)
    since_ms = min(copy.letter.written_ms for copy in copies) - CLOCKS_APART_MS
    async with aclosing(records_since(settings, target, since_ms)) as batches:
        async for records in batches:
            for record in records:
                named = numbers.get(redriven_from(record.headers), ())
                there |= {number for number in named if copies[number].is_there(record)}
    return there
