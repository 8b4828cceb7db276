"""Read `counts` as a table: the newest record of each cell."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from aiokafka import ConsumerRecord

from sandik.counting.newest import LatestCounts
from sandik.kafka.topics import decoded
from sandik_schemas.count import Count

_decode = msgspec.json.Decoder(Count).decode


async def newest_counts(batches: AsyncGenerator[list[ConsumerRecord], None]) -> list[Count]:
    """Return the newest count of each cell among the records, by window, language and tag.

    Raises:
        TopicError: a record is not a count.
    """
    latest = LatestCounts()
    async with aclosing(batches):
        async for records in batches:
            for record in records:
                latest.add(record.key, decoded(record, _decode))
    return latest.counts()
