"""Spark Structured Streaming as its guide shows it: from_json, a watermark, a window, counts to Kafka.

It commits nothing to Kafka, but keeps its offsets in its checkpoint: so it writes how many posts it has read.
"""

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import (
    col,
    count,
    from_json,
    struct,
    timestamp_millis,
    to_json,
    unix_millis,
    window,
)
from pyspark.sql.streaming.listener import QueryProgressEvent, StreamingQueryListener

POST = "id STRING, source STRING, created_at_ms BIGINT, text STRING"


class Progress(StreamingQueryListener):  # type: ignore[misc]  # Spark has no types here
    """Says after each micro-batch how many posts were read."""

    posts = 0

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: D102, N802
        self.posts += event.progress.numInputRows
        sys.stdout.write(f"{self.posts}\n")
        sys.stdout.flush()

    def onQueryStarted(self, event: object) -> None: ...  # noqa: D102, N802
    def onQueryIdle(self, event: object) -> None: ...  # noqa: D102, N802
    def onQueryTerminated(self, event: object) -> None: ...  # noqa: D102, N802


def main(jars: Path) -> None:
    """Run until stopped."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(map(str, jars.glob("*.jar"))))
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.memory", "1g")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.streams.addListener(Progress())
    kafka = {"kafka.bootstrap.servers": os.environ["BENCH_BROKER"]}
    records = (
        spark.readStream.format("kafka")
        .options(**kafka, subscribe=os.environ["BENCH_POSTS"], startingOffsets="earliest")
        .option("maxOffsetsPerTrigger", 200_000)
        .load()
    )
    posts = (
        records.select(from_json(col("value").cast("string"), POST).alias("post"))
        .select("post.*")
        .where("id <> '' AND source <> '' AND text IS NOT NULL AND created_at_ms > 0")
        .withColumn("created_at", timestamp_millis("created_at_ms"))
        .withWatermark("created_at", "30 seconds")
    )
    counts = posts.groupBy(window("created_at", "1 minute"), "source").agg(count("*").alias("count"))
    value = struct(
        unix_millis("window.start").alias("window_start_ms"), col("source").alias("feed"), col("count")
    )
    (
        counts.select(to_json(value).alias("value"))
        .writeStream.format("kafka")
        .options(**kafka, topic=os.environ["BENCH_COUNTS"])
        .option("checkpointLocation", os.environ["BENCH_DIR"])
        .outputMode("update")
        .start()
        .awaitTermination()
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
