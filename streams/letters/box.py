"""The letters of a topic: those written in a range of time, up to the end as it is now."""

from collections.abc import AsyncIterator, Collection
from typing import NamedTuple

from streams.errors import UsageError
from streams.letters.letter import Letter, letter_of
from streams.ranges import records_since
from streams.settings import Settings


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


async def letters(settings: Settings, topic: str, wanted: Wanted) -> AsyncIterator[Letter]:
    """Yield the letters, partition by partition, in the order they were written. No consumer group."""
    async for records in records_since(settings, topic, wanted.from_ms):
        for record in records:
            letter = letter_of(record)
            if letter is not None and wanted.holds(letter):
                yield letter


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
