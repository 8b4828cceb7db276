"""Read a topic without a consumer group: any number of readers, and no trace left on the broker."""

import asyncio
from collections.abc import AsyncGenerator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import client_options, unreachable
from streams.settings import Settings
from streams.topics import partition_count

#: How long Kafka may take to answer.
_ANSWER_S = 10.0
#: A consumer says goodbye in much less, if there is anybody to say it to.
_STOP_S = 1.0


async def read(settings: Settings, topic: str, *, follow: bool) -> AsyncGenerator[list[ConsumerRecord], None]:
    """Yield batches of all records of `topic` from its beginning.

    With `follow`, goes on for ever. Without, stops at the end as it was found at the start, so a busy topic
    cannot keep the reader.

    Raises:
        BrokerError: Kafka does not answer. With `follow` a broker that goes later is waited for.
        TopicError: there is no such topic.
    """
    # First, because a consumer that asks for a missing topic may create it, with the broker's defaults.
    tps = [TopicPartition(topic, partition) for partition in range(await partition_count(settings, topic))]
    consumer = AIOKafkaConsumer(
        **client_options(settings), enable_auto_commit=False, isolation_level="read_committed"
    )
    try:
        await consumer.start()
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        while follow or any([await consumer.position(tp) < ends[tp] for tp in tps]):
            found = await consumer.getmany(timeout_ms=500)
            for records in found.values():
                yield records
            if not (found or follow):  # the client itself waits in silence for a broker that has gone
                async with asyncio.timeout(_ANSWER_S):
                    await consumer.end_offsets(tps)
    except (KafkaError, TimeoutError) as error:
        reason = error if str(error) else TimeoutError(f"nothing within {_ANSWER_S:.0f} s")
        raise await unreachable(client_options(settings), reason) from error
    finally:
        await let_go(consumer)


async def let_go(consumer: AIOKafkaConsumer) -> None:
    """Stop the consumer, whatever state it is in."""
    # Without a broker, stopping raises what aiokafka has cancelled its fetching with, and that would look as
    # if it were we who are to stop: so in a task of its own. It also forgets to close its connections then.
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=_STOP_S)
    if stopping.cancelled():
        await consumer._client.close()
    elif stopping.done():
        stopping.exception()
