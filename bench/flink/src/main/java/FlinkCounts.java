import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/** The bare-engine job in Flink SQL: posts of each feed by minute of event time; one slot, state in memory. */
public final class FlinkCounts {

    public static void main(String[] arguments) {
        Map<String, String> settings = System.getenv();
        Configuration config = new Configuration();
        config.setString("parallelism.default", "1");
        config.setString("taskmanager.numberOfTaskSlots", "1");
        config.setString("state.backend.type", "hashmap");
        config.setString("execution.checkpointing.interval", "1s");
        config.setString("execution.checkpointing.dir", "file://" + settings.get("BENCH_DIR") + "/checkpoints");
        config.setString("table.local-time-zone", "UTC");
        StreamTableEnvironment tables =
                StreamTableEnvironment.create(StreamExecutionEnvironment.getExecutionEnvironment(config));
        String kafka = "'connector' = 'kafka', 'properties.bootstrap.servers' = '" + settings.get("BENCH_BROKER") + "'";
        tables.executeSql(
                """
                CREATE TABLE posts (
                  id STRING, source STRING, created_at_ms BIGINT, text STRING,
                  created_at AS TO_TIMESTAMP_LTZ(created_at_ms, 3),
                  WATERMARK FOR created_at AS created_at - INTERVAL '30' SECOND
                ) WITH (
                  %s, 'topic' = '%s', 'properties.group.id' = '%s', 'scan.startup.mode' = 'earliest-offset',
                  'format' = 'json', 'json.ignore-parse-errors' = 'true'
                )"""
                        .formatted(kafka, settings.get("BENCH_POSTS"), settings.get("BENCH_GROUP")));
        tables.executeSql(
                """
                CREATE TABLE counts (window_start_ms BIGINT, feed STRING, `count` BIGINT)
                WITH (%s, 'topic' = '%s', 'format' = 'json')"""
                        .formatted(kafka, settings.get("BENCH_COUNTS")));
        tables.executeSql(
                """
                INSERT INTO counts
                SELECT CAST(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', window_start) AS BIGINT) * 1000, source, COUNT(*)
                FROM TABLE(TUMBLE(TABLE posts, DESCRIPTOR(created_at), INTERVAL '1' MINUTE))
                WHERE id <> '' AND source <> '' AND text IS NOT NULL AND created_at_ms > 0
                GROUP BY window_start, window_end, source""");
    }
}
