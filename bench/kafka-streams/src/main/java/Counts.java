import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

/** The bare-engine job: posts of each feed by minute of event time, kept in RocksDB with a changelog. */
public final class Counts {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectReader POST = JSON.readerFor(Post.class);
    private static final ObjectWriter COUNT = JSON.writerFor(Count.class);

    /** A post; fields that nobody needs here are skipped by the parser. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Post(String id, String source, @JsonProperty("created_at_ms") long createdAtMs, String text) {
        boolean isValid() {
            return id != null && !id.isEmpty() && source != null && !source.isEmpty() && text != null && createdAtMs > 0;
        }
    }

    /** How many posts of a feed a window has so far. */
    public record Count(@JsonProperty("window_start_ms") long windowStartMs, String feed, long count) {}

    public static void main(String[] arguments) {
        Map<String, String> settings = System.getenv();
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.get("BENCH_GROUP"));
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, settings.get("BENCH_BROKER"));
        config.put(StreamsConfig.STATE_DIR_CONFIG, settings.get("BENCH_DIR"));
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, settings.get("BENCH_GUARANTEE"));
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, settings.get("BENCH_THREADS"));
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, settings.get("BENCH_COMMIT_EVERY_MS"));
        config.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

        Serde<Post> posts = Serdes.serdeFrom((topic, post) -> refuse(), reading());
        Serde<Count> counts = Serdes.serdeFrom(writing(), (topic, bytes) -> refuse());
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(
                        settings.get("BENCH_POSTS"),
                        Consumed.with(Serdes.String(), posts)
                                .withTimestampExtractor((record, before) -> ((Post) record.value()).createdAtMs()))
                .filter((feed, post) -> post.isValid())
                .groupByKey(Grouped.with(Serdes.String(), posts))
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofSeconds(30)))
                // Kept as long as size and grace demand, each minute would have a RocksDB of its own, opened and
                // closed again: reading a backlog, that takes most of the time.
                .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>with(Serdes.String(), Serdes.Long())
                        .withRetention(Duration.ofDays(1)))
                .toStream()
                .map((window, count) -> KeyValue.pair(
                        window.key() + "|" + window.window().start(),
                        new Count(window.window().start(), window.key(), count)))
                .to(settings.get("BENCH_COUNTS"), Produced.with(Serdes.String(), counts));

        KafkaStreams streams = new KafkaStreams(builder.build(), config);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static Deserializer<Post> reading() {
        return (topic, bytes) -> {
            try {
                return POST.readValue(bytes);
            } catch (IOException error) {
                throw new SerializationException(error);
            }
        };
    }

    private static Serializer<Count> writing() {
        return (topic, count) -> {
            try {
                return COUNT.writeValueAsBytes(count);
            } catch (IOException error) {
                throw new SerializationException(error);
            }
        };
    }

    /** Posts are never written, as their keys stay, and counts are never read. */
    private static <T> T refuse() {
        throw new SerializationException("not needed here");
    }
}
