"""Each record of `bursts` to an address, in order and at least once: a group's offset says how far."""

import asyncio
from collections.abc import Callable

import aiohttp
import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from sandik.counting.surrogates import UNDECODABLE
from sandik.errors import SandikError
from sandik.figures.language_names import name_in
from sandik.figures.rollup import EVERY
from sandik.kafka.consumer import consuming
from sandik.kafka.topics import BURSTS, partition_count
from sandik.settings import Settings
from sandik.telemetry.burst_metrics import BurstMetrics
from sandik_schemas.burst import Burst

_ANSWER_S = 10.0
_AGAIN_S = 5.0
#: Tried again after 1 s, 2 s, 4 s and so on, at most so much.
_LONGEST_PAUSE_S = 60.0

_decode = msgspec.json.Decoder(Burst).decode


def group_of(settings: Settings) -> str:
    """Return the consumer group whose offset says what was delivered."""
    return f"{settings.app_id}-bursts-webhook"


def body(burst: Burst) -> bytes:
    """Return what is sent: the record, an `id` that stays when it comes again, and a sentence as `text`."""
    name = "all languages" if burst.language == EVERY else name_in("en", burst.language) or burst.language
    when = f"from {burst.window_start} to {burst.window_end}"
    text = f"{name}, {burst.tag}: {burst.count:,} posts {when}, usual {burst.usual:,g}"
    if not burst.is_burst:
        text = f"No burst after all: {text}"
    return msgspec.json.encode(
        {"id": f"{burst.key.decode()}|{burst.revision}", "text": text, **msgspec.to_builtins(burst)}
    )


async def deliver(
    settings: Settings, url: str, is_right: asyncio.Event, metrics: BurstMetrics, tell: Callable[[str], None]
) -> None:
    """Send what is written to `bursts` after it was right for the first time, until cancelled."""
    while True:
        try:
            await _deliver(settings, url, is_right, metrics, tell)
        except (KafkaError, SandikError, OSError) as error:
            tell(f"webhook: {error}")
            await asyncio.sleep(_AGAIN_S)


async def _deliver(
    settings: Settings, url: str, is_right: asyncio.Event, metrics: BurstMetrics, tell: Callable[[str], None]
) -> None:
    await partition_count(settings, settings.topic(BURSTS))  # a consumer would make a topic that is missing
    place = TopicPartition(settings.topic(BURSTS), 0)
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    async with (
        consuming(settings, group_id=group_of(settings), auto_offset_reset="latest") as consumer,
        aiohttp.ClientSession(timeout=timeout) as session,
    ):
        consumer.assign([place])
        # Old bursts are no news; from now on, none is left out.
        next_offset = await consumer.committed(place)
        if next_offset is None:
            await is_right.wait()
            [next_offset] = (await consumer.end_offsets([place])).values()
            await consumer.commit({place: next_offset})
        consumer.seek(place, next_offset)
        async for record in consumer:
            if record.value is not None:
                await _send(session, url, record, metrics, tell)
            await consumer.commit({place: record.offset + 1})


async def _send(
    session: aiohttp.ClientSession,
    url: str,
    record: ConsumerRecord,
    metrics: BurstMetrics,
    tell: Callable[[str], None],
) -> None:
    try:
        sent = body(_decode(record.value))
    except UNDECODABLE:
        return  # the keeper tells
    pause_s = 1.0
    while problem := await _problem(session, url, sent):
        metrics.failed()
        tell(f"webhook: {problem}; trying again in {pause_s:g} s")
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    metrics.delivered()


async def _problem(session: aiohttp.ClientSession, url: str, sent: bytes) -> str | None:
    """Send it once; return what was wrong, without the address, which is often a secret."""
    try:
        async with session.post(
            url, data=sent, headers={"Content-Type": "application/json"}, allow_redirects=False
        ) as response:
            return None if response.status // 100 == 2 else f"it answers {response.status}"
    except TimeoutError:
        return f"no answer within {_ANSWER_S:g} s"
    except aiohttp.ClientError as error:
        return f"it cannot be reached ({type(error).__name__})"
