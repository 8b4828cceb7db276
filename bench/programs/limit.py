"""The limit: aiokafka reads the same bytes, orjson parses them, and nothing else happens."""

import asyncio
import os

import orjson
from aiokafka import AIOKafkaConsumer


async def main() -> None:
    """Read until killed; commit every second to show how far it is."""
    consumer = AIOKafkaConsumer(
        os.environ["BENCH_POSTS"],
        bootstrap_servers=os.environ["BENCH_BROKER"],
        group_id=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
        auto_commit_interval_ms=1000,
    )
    await consumer.start()
    while True:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            for record in records:
                orjson.loads(record.value)


if __name__ == "__main__":
    asyncio.run(main())
