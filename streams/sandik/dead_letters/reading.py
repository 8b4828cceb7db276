"""Read the letters of a topic that were written in a range of time, up to the current end."""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import aclosing
from typing import NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from sandik.errors import UsageError
from sandik.kafka.consumer import consuming
from sandik.kafka.dead_letter import Letter, letter_of
from sandik.kafka.ranges import is_inside, read_slice, records_at, records_since, slice_since
from sandik.kafka.topics import partition_count
from sandik.progress import Bar
from sandik.settings import Settings

#: The name under which records are counted that no worker wrote.
FOREIGN = "not written by a worker"
_PLACE = re.compile(r"([0-9]{1,9}):([0-9]{1,18})")


class Wanted(NamedTuple):
    """Which letters: those written in `[from_ms, to_ms)` for one of these reasons (empty: any)."""

    from_ms: int | None = None
    to_ms: int | None = None
    reasons: Collection[str] = ()

    def holds(self, letter: Letter) -> bool:
        """Return whether the letter is one of them."""
        return is_inside(letter.written_ms, letter.written_ms + 1, self.from_ms, self.to_ms) and (
            not self.reasons or letter.reason in self.reasons
        )

    def among(self, records: Iterable[ConsumerRecord], foreign: Counter[str]) -> Iterator[Letter]:
        """Yield the wanted letters of these records. Count in `foreign` the records that are not letters."""
        for record in records:
            letter = letter_of(record)
            if letter is None:
                foreign[FOREIGN] += 1
            elif self.holds(letter):
                yield letter


async def letters(
    settings: Settings, topic: str, wanted: Wanted, foreign: Counter[str], bar: Bar | None = None
) -> AsyncGenerator[Letter, None]:
    """Yield the letters, partition by partition, in the order of writing. Joins no consumer group.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: the topic does not exist.
    """
    async with aclosing(records_since(settings, topic, wanted.from_ms, bar)) as batches:
        async for records in batches:
            for letter in wanted.among(records, foreign):
                yield letter


async def last_letters(
    settings: Settings, topic: str, wanted: Wanted, foreign: Counter[str], count: int
) -> list[Letter]:
    """Return the newest letters, oldest first. Reads partitions from their ends.

    Raises:
        BrokerError: Kafka does not answer.
        TopicError: the topic does not exist.
    """
    newest: list[Letter] = []
    partitions = await partition_count(settings, topic)
    async with consuming(settings) as consumer:
        for partition in range(partitions):
            tp = TopicPartition(topic, partition)
            _, start, end = await slice_since(consumer, tp, wanted.from_ms)
            own: list[Letter] = []
            size = count
            while start < end and len(own) < count:
                begin = max(start, end - size)
                before: list[Letter] = []
                async with aclosing(read_slice(consumer, tp, begin, end)) as batches:
                    async for records in batches:
                        before += wanted.among(records, foreign)
                own = [*before, *own][-count:]
                end, size = begin, 2 * size
            newest += own
    newest.sort(key=lambda letter: (letter.written_ms, letter.partition, letter.offset))
    return newest[-count:]


async def one_letter(settings: Settings, topic: str, place: str) -> Letter:
    """Return the letter at `PARTITION:OFFSET`, by reading that record alone.

    Raises:
        UsageError: there is no such letter.
        BrokerError: Kafka does not answer.
        TopicError: the topic does not exist.
    """
    numbers = _PLACE.fullmatch(place)
    if numbers is None:
        raise UsageError(f"{place}: write PARTITION:OFFSET, as `list` shows them")
    at = int(numbers[1]), int(numbers[2])
    record = (await records_at(settings, topic, [at])).get(at)
    letter = None if record is None else letter_of(record)
    if letter is None:
        what = (
            "no record, or it was deleted" if record is None else "a record that was not written by a worker"
        )
        raise UsageError(f"topic {topic}, partition {at[0]}: there is {what} at offset {at[1]}")
    return letter
