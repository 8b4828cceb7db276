"""Write a few records without Faust, and wait for Kafka: messages from commands to workers."""

from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError, KafkaError

from sandik.errors import ClockError
from sandik.kafka.connection import client_options, unreachable
from sandik.settings import Settings


async def write(
    settings: Settings, topic: str, records: Iterable[tuple[bytes, bytes | None]], partition: int = 0
) -> int:
    """Append (key, value) pairs to a partition in their order; return how many, when Kafka has them all.

    Raises:
        BrokerError: Kafka does not answer, or rejects one.
        ClockError: this machine's time is too far from Kafka's.
    """
    producer = AIOKafkaProducer(**client_options(settings), acks="all")
    try:
        await producer.start()
        sent = [
            await producer.send(topic, value, key, partition=partition, headers=[]) for key, value in records
        ]
        for one in sent:
            await one
        return len(sent)
    except InvalidTimestampError as error:
        raise ClockError(f"topic {topic}") from error
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await producer.stop()
