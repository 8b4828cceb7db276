"""The whole job in PyFlink: Flink SQL, and a vectorised function that looks at the texts of a batch.

It looks with sandik's own detector and lexicon, as many posts at once as Flink hands over: a batch of 1,000.
"""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import DataTypes, StreamTableEnvironment
from pyflink.table.udf import udf

BATCH_POSTS = "1000"


@cache
def job() -> Any:
    """Return sandik's job, once in the process that Flink starts for functions in Python."""
    from sandik.run_identity import load_job
    from sandik.settings import Settings

    return load_job(Settings())


@udf(result_type=DataTypes.STRING(), func_type="pandas")  # type: ignore[untyped-decorator]  # Flink has no types
def annotated(texts: pd.Series) -> pd.Series:
    """Return the cells of each text as `language:tag,tag`."""
    from sandik.counting import fold

    found = job().annotate(texts.tolist())
    tags = (",".join(fold.cell_tags(one.tags, job().tagger.pairs)) for one in found)
    return pd.Series([f"{one.language.code}:{some}" for one, some in zip(found, tags, strict=True)])


def main(jars: Path) -> None:
    """Run until stopped."""
    config = Configuration()
    for name, value in {
        "parallelism.default": "1",
        "state.backend.type": "hashmap",
        "execution.checkpointing.interval": "1s",
        "execution.checkpointing.dir": f"file://{os.environ['BENCH_DIR']}/checkpoints",
        "table.local-time-zone": "UTC",
        "pipeline.jars": ";".join(
            f"file://{jar}" for jar in sorted(jars.glob("flink-sql-connector-kafka-*.jar"))
        ),
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "python.fn-execution.bundle.size": BATCH_POSTS,
        "python.fn-execution.arrow.batch.size": BATCH_POSTS,
    }.items():
        config.set_string(name, value)
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment(config))
    tables.create_temporary_system_function("annotated", annotated)
    kafka = f"'connector' = 'kafka', 'properties.bootstrap.servers' = '{os.environ['BENCH_BROKER']}'"
    tables.execute_sql(f"""
        CREATE TABLE posts (
          id STRING, source STRING, created_at_ms BIGINT, text STRING,
          created_at AS TO_TIMESTAMP_LTZ(created_at_ms, 3),
          WATERMARK FOR created_at AS created_at - INTERVAL '30' SECOND
        ) WITH (
          {kafka}, 'topic' = '{os.environ["BENCH_POSTS"]}',
          'properties.group.id' = '{os.environ["BENCH_GROUP"]}',
          'scan.startup.mode' = 'earliest-offset', 'format' = 'json', 'json.ignore-parse-errors' = 'true'
        )""")
    tables.execute_sql(f"""
        CREATE TABLE counts (window_start_ms BIGINT, annotated STRING, `count` BIGINT)
        WITH ({kafka}, 'topic' = '{os.environ["BENCH_COUNTS"]}', 'format' = 'json')""")
    tables.execute_sql("""
        CREATE TEMPORARY VIEW looked_at AS
        SELECT created_at, annotated(text) AS annotated FROM posts
        WHERE id <> '' AND source <> '' AND text IS NOT NULL AND created_at_ms > 0""")
    tables.execute_sql("""
        INSERT INTO counts
        SELECT
          CAST(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', window_start) AS BIGINT) * 1000,
          annotated, COUNT(*)
        FROM TABLE(TUMBLE(TABLE looked_at, DESCRIPTOR(created_at), INTERVAL '1' MINUTE))
        GROUP BY window_start, window_end, annotated""").wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
