"""The mentions of a period: from the topic, an export, or the posts of a replay counted again."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from sandik.counting.surrogates import decode_mended
from sandik.kafka.ranges import CLOCKS_APART_MS, records_since
from sandik.kafka.topics import MENTIONS, decoded
from sandik.progress import Bar
from sandik.replay.counted_posts import counted_again
from sandik.replay.plan import Plan
from sandik.replay.read_results import reading, rows_of
from sandik.report.evidence import Seen
from sandik.settings import Settings
from sandik_schemas.mention import Mention
from sandik_schemas.post import Post

_decode_mention = msgspec.json.Decoder(Mention).decode
_decode_post = msgspec.json.Decoder(Post).decode


async def from_topic(settings: Settings, from_ms: int, bar: Bar) -> AsyncGenerator[list[Seen], None]:
    """Yield the mentions of posts from `from_ms` on, and some earlier ones.

    Raises:
        SandikError: Kafka or the topic is unavailable.
    """
    # A mention is written after its post, whose event time may be slightly in the future.
    since_ms = from_ms - settings.max_ahead_ms - CLOCKS_APART_MS
    async with aclosing(records_since(settings, settings.topic(MENTIONS), since_ms, bar)) as batches:
        async for records in batches:
            yield [Seen(one) for record in records if (one := decoded(record, _decode_mention))]


def from_file(path: Path) -> Iterator[list[Seen]]:
    """Yield the mentions written by `sandik export mentions`.

    Raises:
        UsageError: the file does not exist, or has no mentions.
    """
    with reading(path, "mentions as export writes them"):
        for row in rows_of(path):
            yield [Seen(_mention(row))]


def _mention(row: dict[str, Any]) -> Mention:
    lists: dict[str, Any] = {
        name: msgspec.json.decode(row[name]) if isinstance(row[name], str) else row[name]
        for name in ("languages", "tags", "terms")
        if name in row
    }
    return msgspec.convert({**row, **lists}, Mention, strict=False)


async def from_replay(
    plan: Plan, settings: Settings, tell: Callable[[int], None]
) -> AsyncGenerator[list[Seen], None]:
    """Yield the mentions of the posts of a replay, with texts, by counting the posts again.

    So late posts and duplicates have none. `tell` gets the number of records read.

    Raises:
        UsageError: the lexicon or the detector has changed since.
        StateError: the log no longer has the posts, or a file has changed.
    """
    job = plan.rules.job(settings)
    async with aclosing(counted_again(plan, settings, job, tell)) as batches:
        async for records, counted, _ in batches:
            values = {record.offset: record.value for record in records}
            yield [Seen(one, _text(values[one.source_offset])) for one in counted.mentions]


def _text(value: bytes | None) -> str:
    return decode_mended(_decode_post, value or b"")[0].text
