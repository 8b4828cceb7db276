"""`python -m bench.load BROKER TOPIC COUNT PARTITIONS`, in the peers' venv: write the posts."""

import sys

from confluent_kafka import Producer

from bench.data import all_texts, posts

MOST_WAITING = 200_000


def main(broker: str, topic: str, count: int, partitions: int) -> None:
    """Write them all; raise if one is refused."""
    refused: list[str] = []
    producer = Producer(
        {
            "bootstrap.servers": broker,
            "enable.idempotence": True,
            "log_level": 3,
            "linger.ms": 20,
            "batch.size": 131_072,
            "queue.buffering.max.messages": 2 * MOST_WAITING,
        }
    )
    for post in posts(all_texts(), count, partitions):
        producer.produce(
            topic,
            post.value,
            post.key,
            post.partition,
            on_delivery=lambda error, _: error and refused.append(str(error)),
        )
        while len(producer) > MOST_WAITING:
            producer.poll(0.05)
    producer.flush()
    if refused:
        raise SystemExit(f"bench: Kafka refused {len(refused)} posts: {refused[0]}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
