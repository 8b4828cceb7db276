"""`python -m bench.pace BROKER TOPIC RATE SECONDS TEXTS SENT`, in the peers' venv: write posts at a rate.

TEXTS is a JSON list of lists: the texts of each partition. Every post is created now. The file SENT gets
a line a post: partition, event time in ms, monotonic time of writing in s. SECONDS 0 means: until killed.
"""

import json
import sys
import time
from itertools import count
from pathlib import Path

from confluent_kafka import Producer

from bench.data import PARTITIONS, a_post

LINGER_MS = 5


def main(broker: str, topic: str, rate: int, seconds: int, texts_file: str, sent_file: str) -> None:
    """Write them, each when it is due."""
    texts = json.loads(Path(texts_file).read_text(encoding="utf-8"))
    producer = Producer({"bootstrap.servers": broker, "linger.ms": LINGER_MS, "acks": "all"})
    started_s = time.monotonic()
    with Path(sent_file).open("w", encoding="utf-8", buffering=1 << 12) as sent:
        for number in count():
            if seconds and number >= rate * seconds:
                break
            early_s = started_s + number / rate - time.monotonic()
            if early_s > 0.001:
                producer.poll(0)
                time.sleep(early_s)
            partition = number % PARTITIONS
            pool = texts[partition]
            now_ms = time.time_ns() // 1_000_000
            post = a_post(number, partition, now_ms, pool[number // PARTITIONS % len(pool)])
            producer.produce(topic, post.value, post.key, partition)
            sent.write(f"{partition} {now_ms} {time.monotonic()}\n")
        producer.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6])
