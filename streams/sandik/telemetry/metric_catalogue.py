"""Every metric of a worker: what it means, and what to do when it changes. docs/metrics.md shows it."""

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """One metric. `labels` has the possible values of each label."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    labels: dict[str, str]
    meaning: str
    advice: str
    buckets: tuple[float, ...] = ()


_STEPS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
_PARTITION = {"partition": "of `posts`; each worker shows those it owns"}

METRICS = (
    Metric(
        "sandik_build_info",
        "gauge",
        "1",
        {
            "version": "of sandik",
            "run_id": "of the rules of counting",
            "lexicon_version": "",
            "detector_version": "",
        },
        "Always 1; the labels say what runs.",
        "More than one `run_id`: several installations with different rules, each with its own topic prefix.",
    ),
    Metric(
        "sandik_posts_consumed_total",
        "counter",
        "records",
        {},
        "Records of `posts` taken into the state: counted, late, rejected, ignored or duplicate. Records "
        "read again after a rebalance are not included twice. The sum over all workers is the number of "
        "records since they started.",
        "Flat while `sandik_consumer_lag_records` grows: see `/readyz` and the log. Flat with no lag: "
        "nothing arrives, so check the programs that write `posts`.",
    ),
    Metric(
        "sandik_posts_tagged_total",
        "counter",
        "posts",
        {
            "language": "`ar`, `az`, `de`, `en`, `ku`, `ru`, `tr`, `uk`, `und`, or `other`: the languages "
            "of the built-in lexicon's terms, so that their number is fixed",
            "tag": "those of the lexicon, and its pairs, such as `both`",
        },
        "Counted posts with the tag, as in `mentions`. A post with both tags is in all three.",
        "For monitoring, not for reports: a restart sets it to 0, and posts written again after a crash "
        "are included again. Figures for reports are in `counts`. If a tag stops in one language after a "
        "release, use `sandik lexicon explain`.",
    ),
    Metric(
        "sandik_posts_rejected_total",
        "counter",
        "records",
        {
            "reason": "`no_value`, `not_json`, `not_a_post`, `created_at_too_early`, `created_at_ahead`, "
            "`too_large` or `unreadable`"
        },
        "Records that are not valid posts, now in `posts.dlq`.",
        "Read some records of `posts.dlq`: their headers have the reason and the offset. "
        "`created_at_ahead`: a source has a wrong clock or a wrong unit. Beyond "
        "`SANDIK_DLQ_MAX_CONSECUTIVE` or `SANDIK_DLQ_MAX_RATIO` the partition is paused "
        "(`sandik_partition_paused`).",
    ),
    Metric(
        "sandik_posts_late_total",
        "counter",
        "posts",
        {
            "outcome": "`counted`: in a window that this partition's watermark had passed when the batch "
            "began, so it may correct a final count; `set_aside`: later than the allowed lateness, in "
            "`posts.late`"
        },
        "Posts that arrived after their window. A post that only posts of its own batch overtook is not "
        "in `counted`: nothing was final yet.",
        "`counted` grows: raise `SANDIK_MAX_DISORDER_MS` if corrected finals disturb readers. `set_aside` "
        "grows: a source was offline, or a partition mixes old and new posts; raise "
        "`SANDIK_ALLOWED_LATENESS_MS`, or ingest old archives into their own topics.",
    ),
    Metric(
        "sandik_posts_duplicate_total",
        "counter",
        "posts",
        {},
        "Posts whose id was counted in the same window before.",
        "A sudden rise: a source sends posts again, for example after a restart. Counts stay right.",
    ),
    Metric(
        "sandik_posts_ignored_total",
        "counter",
        "records",
        {},
        "Edits and deletions, which no count includes.",
        "Usually nothing to do. A source that sends hardly anything else has a wrong setup.",
    ),
    Metric(
        "sandik_consumer_lag_records",
        "gauge",
        "records",
        _PARTITION,
        "Records in the partition that are not counted yet, up to the end that Kafka reported with the "
        "last fetch. Without Kafka it does not move: also watch `sandik_ready`.",
        "Grows on all partitions: start more workers, at most one per partition. Grows on one only: one "
        "of its keys has too many posts, or its worker is slow (`sandik_step_seconds`). Missing for a "
        "partition: no worker owns it.",
    ),
    Metric(
        "sandik_partition_paused",
        "gauge",
        "0 or 1",
        _PARTITION,
        "1 while the partition is not counted, because too many of its records were rejected. As with an "
        "idle partition, the watermark does not wait for it, and final counts are corrected when it "
        "continues.",
        "`sandik partitions paused` says why, and at which offset. Fix the program that writes to the "
        "partition, then run `sandik partitions resume`.",
    ),
    Metric(
        "sandik_watermark_lag_seconds",
        "gauge",
        "seconds",
        _PARTITION,
        "Now minus the partition's watermark: the age of the event time up to which it is complete. At "
        "least `SANDIK_MAX_DISORDER_MS`; missing before the first post; while an archive is counted, the "
        "age of its posts.",
        "Grows without `sandik_consumer_lag_records`: the source sends nothing, or only old posts. Grows "
        "with it: see there.",
    ),
    Metric(
        "sandik_merge_watermark_lag_seconds",
        "gauge",
        "seconds",
        {},
        "Now minus the watermark of all partitions: counts of older windows are final. Only on the owner "
        "of merge. The slowest partition that is not idle decides it.",
        "Grows: find the partition with the greatest `sandik_watermark_lag_seconds`. If that one alone "
        "grows: does a worker own the partition, and does its source still send?",
    ),
    Metric(
        "sandik_merge_owner",
        "gauge",
        "0 or 1",
        {},
        "1 on the worker that writes `counts`.",
        "The sum over all workers is 1, except during a rebalance. 0 for longer: the group has no worker. "
        "2 for longer: two runs, or a frozen worker; counts stay right.",
    ),
    Metric(
        "sandik_open_windows",
        "gauge",
        "windows",
        {"agent": "`count`: per partition, so the same window counts once for each; `merge`"},
        "Windows kept in memory because a post may still change them.",
        "Grows: a partition does not move and keeps all windows since then open "
        "(`sandik_watermark_lag_seconds`), or partitions are far apart in event time. Memory grows with "
        "it.",
    ),
    Metric(
        "sandik_windows_final_total",
        "counter",
        "windows",
        {},
        "Windows that became final here: the watermark passed their end. Corrections are not included.",
        "Flat while posts are counted: see `sandik_merge_watermark_lag_seconds`.",
    ),
    Metric(
        "sandik_batch_records",
        "histogram",
        "records",
        {},
        "Records in a batch: those of one partition that were fetched together.",
        "Always at `SANDIK_BATCH_POSTS`: the worker is behind. Always small with a lag: Kafka delivers "
        "slowly, see its own metrics.",
        (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000),
    ),
    Metric(
        "sandik_step_seconds",
        "histogram",
        "seconds",
        {
            "step": "`decode`, `language`, `tags`, `fold`, `aside` (mentions, late and rejected posts are in "
            "Kafka), `state` (the changelog and `partials` have it)"
        },
        "Time that a batch spent in a step.",
        "`language` or `tags` grow: longer texts, or a larger lexicon; the CPU is the limit, so add "
        "workers. `aside` or `state` grow: Kafka acknowledges slowly; see its disks and replicas.",
        _STEPS,
    ),
    Metric(
        "sandik_end_to_end_seconds",
        "histogram",
        "seconds",
        {},
        "From the record timestamp of a batch's newest post until its partial is durable. Not included: "
        "the wait of the batch's older posts, the time from the post's event to Kafka, and the time in "
        "merge, up to `SANDIK_EMIT_EVERY_MS`. Uses two clocks: Kafka's and this machine's.",
        "During a catch-up it is the age of the backlog. High without a lag: large batches on a slow "
        "machine (`SANDIK_BATCH_POSTS`), a slow Kafka, or clocks that differ (`sandik doctor`).",
        (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_600, 86_400),
    ),
    Metric(
        "sandik_rebalances_total",
        "counter",
        "rebalances",
        {},
        "How often this worker gave up its partitions for reassignment. Joining counts as one.",
        "One for each worker that joins or leaves. More: a worker keeps restarting, or is silent for "
        "`SANDIK_SESSION_TIMEOUT_MS` because its machine or Kafka is overloaded.",
    ),
    Metric(
        "sandik_rebalance_seconds",
        "histogram",
        "seconds",
        {},
        "From giving up partitions until reading continues, recovery included: nothing is counted meanwhile.",
        "Long: see `sandik_recovery_seconds`. Otherwise a worker answers late, or one was killed and the "
        "others wait for its session to end.",
        (0.1, 0.3, 1, 3, 10, 30, 100, 300),
    ),
    Metric(
        "sandik_recovery_seconds",
        "gauge",
        "seconds",
        {},
        "How long the last recovery took: from the assignment until reading continues, including reading "
        "the changelog.",
        "Grows with the open windows and with records of the changelog that compaction has not removed "
        "yet. `sandik doctor` checks that compaction is on.",
    ),
    Metric(
        "sandik_ready",
        "gauge",
        "0 or 1",
        {},
        "1 if `/readyz` says ready.",
        "0: `/readyz` says why. During a rebalance this is normal.",
    ),
)

BURST_METRICS = (
    Metric(
        "sandik_bursts_total",
        "counter",
        "bursts",
        {
            "language": "as of `sandik_posts_tagged_total`, and `*` for all languages together",
            "tag": "those of the lexicon, and its pairs, such as `both`",
        },
        "Windows that are far above the 30 before, written to `bursts` for the first time by this process. "
        "A burst that is taken back later stays included.",
        'For an alert without a webhook: `increase(sandik_bursts_total{tag="both"}[10m]) > 0`. The figures '
        "to report are in `bursts`.",
    ),
    Metric(
        "sandik_bursts_webhook_total",
        "counter",
        "requests",
        {"outcome": "`delivered`: answered with a 2xx status; `failed`: tried again later"},
        "Requests to the webhook.",
        "`failed` grows: the log says what it answers. Nothing is lost meanwhile, and counting goes on.",
    ),
)
