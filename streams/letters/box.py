"""The letters of a topic: those written in a range of time, up to the end as it is now."""

from collections.abc import AsyncIterator, Collection
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import client_options, unreachable
from streams.errors import TopicError, UsageError
from streams.letters.letter import Letter, letter_of
from streams.ranges import first_at, new_consumer, read_slice
from streams.settings import Settings
from streams.topics import connected, partitions_of


class Wanted(NamedTuple):
    """Which letters: written in `[from_ms, to_ms)`, for one of these reasons (empty: any)."""

    from_ms: int | None = None
    to_ms: int | None = None
    reasons: Collection[str] = ()

    def holds(self, letter: Letter) -> bool:
        """Say whether the letter is one of them."""
        return (
            (self.from_ms is None or letter.written_ms >= self.from_ms)
            and (self.to_ms is None or letter.written_ms < self.to_ms)
            and (not self.reasons or letter.reason in self.reasons)
        )


async def partition_count(settings: Settings, topic: str) -> int:
    """Return how many partitions the topic has. TopicError if there is no such topic."""
    async with connected(settings) as admin:
        found = (await partitions_of(admin, [topic])).get(topic, 0)
    if not found:
        raise TopicError(f"Kafka at {settings.broker} has no topic {topic}: run `sandik topics create`")
    return found


async def letters(settings: Settings, topic: str, wanted: Wanted) -> AsyncIterator[Letter]:
    """Yield the letters, partition by partition, in the order they were written. No consumer group."""
    partitions = await partition_count(settings, topic)
    consumer = new_consumer(settings)
    try:
        await consumer.start()
        for partition in range(partitions):
            tp = TopicPartition(topic, partition)
            start = (await consumer.beginning_offsets([tp]))[tp]
            end = (await consumer.end_offsets([tp]))[tp]
            if wanted.from_ms is not None:
                start = await first_at(consumer, tp, wanted.from_ms, start, end)
            async for records in read_slice(consumer, tp, start, end):
                for record in records:
                    letter = letter_of(record)
                    if letter is not None and wanted.holds(letter):
                        yield letter
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await consumer.stop()


async def one_letter(settings: Settings, topic: str, place: str) -> Letter:
    """Return the letter at `PARTITION:OFFSET`. UsageError if there is none."""
    numbers = place.split(":")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise UsageError(f"{place}: write PARTITION:OFFSET, as `list` shows them")
    partition, offset = map(int, numbers)
    async for letter in letters(settings, topic, Wanted()):
        if (letter.partition, letter.offset) == (partition, offset):
            return letter
    raise UsageError(f"topic {topic}, partition {partition}: there is no letter of ours at offset {offset}")
