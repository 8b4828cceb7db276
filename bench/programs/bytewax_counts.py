"""Bytewax as its documentation shows it: KafkaSource, an event-time tumbling window, KafkaSink; bare job.

Run with a recovery store, which is its durable state. It commits nothing to Kafka, so it says itself how far
it is: a number a line, the posts read.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.operators.windowing import EventClock, TumblingWindower
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SAY_EVERY = 10_000

read = 0


def decoded(message: KafkaSourceMessage[bytes, bytes]) -> dict[str, Any] | None:
    """Return the post, None if it is none; and say how far we are."""
    global read
    read += 1
    if read % SAY_EVERY == 0:
        print(read, flush=True)  # noqa: T201 - the harness reads it
    try:
        post = orjson.loads(message.value)
    except orjson.JSONDecodeError:
        return None
    if not (
        isinstance(post, dict)
        and all(isinstance(post.get(name), str) and post[name] for name in ("id", "source"))
        and isinstance(post.get("text"), str)
        and isinstance(post.get("created_at_ms"), int)
    ):
        return None
    return post


def encoded(counted: tuple[str, tuple[int, int]]) -> KafkaSinkMessage[bytes, bytes]:
    """Return the record of a closed window."""
    feed, (number, count) = counted
    start_ms = number * 60_000
    value = orjson.dumps({"window_start_ms": start_ms, "feed": feed, "count": count})
    return KafkaSinkMessage(key=f"{feed}|{start_ms}".encode(), value=value)


flow = Dataflow("counts")
brokers = [os.environ["BENCH_BROKER"]]
messages = kop.input("posts", flow, brokers=brokers, topics=[os.environ["BENCH_POSTS"]])
posts = op.filter_map("decode", messages.oks, decoded)
windows = windowing.count_window(
    "count",
    posts,
    EventClock(
        ts_getter=lambda post: EPOCH + timedelta(milliseconds=post["created_at_ms"]),
        wait_for_system_duration=timedelta(seconds=30),
    ),
    TumblingWindower(length=timedelta(minutes=1), align_to=EPOCH),
    key=lambda post: post["source"],
)
kop.output(
    "counts", op.map("encode", windows.down, encoded), brokers=brokers, topic=os.environ["BENCH_COUNTS"]
)


if __name__ == "__main__":
    recovery_dir = Path(os.environ["BENCH_DIR"])
    init_db_dir(recovery_dir, 1)
    cli_main(flow, recovery_config=RecoveryConfig(recovery_dir), epoch_interval=timedelta(seconds=1))
