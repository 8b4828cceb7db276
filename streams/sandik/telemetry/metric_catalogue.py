"""Every metric of a worker: what it says, and what to do when it moves. docs/metrics.md is made from it."""

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """One metric. `labels` says for each label which values there are."""

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
        "More than one `run_id`: installations with different rules, each with a topic prefix of its own.",
    ),
    Metric(
        "sandik_posts_consumed_total",
        "counter",
        "records",
        {},
        "Records of `posts` taken into the state, whatever became of them. What is read a second time after "
        "a rebalance is not counted again. The sum over all workers is how many records were counted since "
        "they started.",
        "Flat while `sandik_consumer_lag_records` grows: see `/readyz` and the log. Flat with no lag: "
        "nothing comes in, so look at what writes `posts`.",
    ),
    Metric(
        "sandik_posts_tagged_total",
        "counter",
        "posts",
        {
            "language": "`ar`, `az`, `de`, `en`, `ku`, `ru`, `tr`, `uk`, `und`, or `other`: the languages "
            "that the built-in lexicon has terms of, so that there are never more, whatever is detected",
            "tag": "those of the lexicon, and its pairs, such as `both`",
        },
        "Posts that carry the tag and were counted, as in `mentions`. A post with both tags is in all three.",
        "For watching, not for reporting: a restart sets it to 0, and posts written again after a crash are "
        "in it once more. The figures to report are in `counts`. A tag that stops in one language after a "
        "release: `sandik lexicon explain`.",
    ),
    Metric(
        "sandik_posts_rejected_total",
        "counter",
        "records",
        {
            "reason": "`no_value`, `not_json`, `not_a_post`, `created_at_too_early`, `created_at_ahead`, "
            "`too_large` or `unreadable`"
        },
        "Records that are no posts, now in `posts.dlq`.",
        "Read some of `posts.dlq`: headers say why and from which offset. `created_at_ahead`: a source has "
        "a wrong clock or a wrong unit. Beyond `SANDIK_DLQ_MAX_CONSECUTIVE` or `SANDIK_DLQ_MAX_RATIO` the "
        "partition is paused (`sandik_partition_paused`).",
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
        "Posts that came after their window. A post overtaken only by others of its own batch is not in "
        "`counted`: nothing was final yet.",
        "`counted` grows: raise `SANDIK_MAX_DISORDER_MS` if corrected finals disturb readers. `set_aside` "
        "grows: a source has been away or a partition mixes old and new posts; raise "
        "`SANDIK_ALLOWED_LATENESS_MS`, or bring old archives in with a run of their own.",
    ),
    Metric(
        "sandik_posts_duplicate_total",
        "counter",
        "posts",
        {},
        "Posts whose id was counted in the same window before.",
        "A sudden rise: a source sends again what it has sent, as after its own restart. Counts are right.",
    ),
    Metric(
        "sandik_posts_ignored_total",
        "counter",
        "records",
        {},
        "Edits and deletions: they are posts, and are not counted.",
        "Nothing. A source that sends little else is set up wrongly.",
    ),
    Metric(
        "sandik_consumer_lag_records",
        "gauge",
        "records",
        _PARTITION,
        "Records in the partition that are not yet counted, by the end that Kafka told with the last fetch. "
        "Without Kafka it stands still: watch `sandik_ready`, too.",
        "Grows on all partitions: start more workers, up to the partitions. On one only: its key is too "
        "busy, or its worker is slow (`sandik_step_seconds`). Gone for a partition: nobody owns it.",
    ),
    Metric(
        "sandik_partition_paused",
        "gauge",
        "0 or 1",
        _PARTITION,
        "1 while nothing of the partition is counted, because too many of its records were rejected. The "
        "watermark does not wait for it, as for an idle one: when it continues, final counts are corrected.",
        "`sandik partitions paused` says why, and at which offset. Mend what writes the partition, then "
        "`sandik partitions resume`.",
    ),
    Metric(
        "sandik_watermark_lag_seconds",
        "gauge",
        "seconds",
        _PARTITION,
        "Now minus the partition's watermark: how long ago the event time lies up to which it is complete. "
        "At least `SANDIK_MAX_DISORDER_MS`; absent before the first post; the age of the posts in a replay.",
        "Grows without a lag of records: the source sends nothing, or old posts only. With one: see there.",
    ),
    Metric(
        "sandik_merge_watermark_lag_seconds",
        "gauge",
        "seconds",
        {},
        "Now minus the watermark of all partitions, behind which counts are final. Only on the owner of "
        "merge. Held back by the slowest partition that is not idle.",
        "Grows: find the partition with the greatest `sandik_watermark_lag_seconds`. It stands although "
        "all others move: is the partition owned by anybody, and does its source live?",
    ),
    Metric(
        "sandik_merge_owner",
        "gauge",
        "0 or 1",
        {},
        "1 on the worker that writes `counts`.",
        "The sum over all workers is 1, except during a rebalance. 0 for longer: no worker is in the "
        "group. 2 for longer: two runs, or a frozen worker; counts stay right.",
    ),
    Metric(
        "sandik_open_windows",
        "gauge",
        "windows",
        {"agent": "`count`: per partition, so the same window counts once for each; `merge`"},
        "Windows kept in memory because a post may still change them.",
        "Grows: a partition stands still and holds all windows since (`sandik_watermark_lag_seconds`), or "
        "partitions are far apart in event time. Memory grows with it.",
    ),
    Metric(
        "sandik_windows_final_total",
        "counter",
        "windows",
        {},
        "Windows that became final here: the watermark passed their end. Corrections of final ones are not "
        "in it.",
        "Flat while posts are counted: see `sandik_merge_watermark_lag_seconds`.",
    ),
    Metric(
        "sandik_batch_records",
        "histogram",
        "records",
        {},
        "Records of a batch: of one partition, fetched at once.",
        "Always at `SANDIK_BATCH_POSTS`: the worker is behind. Always small with a lag: Kafka hands over "
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
        "Time a batch spent in a step.",
        "`language` or `tags` grow: longer texts, or a lexicon that grew; a core is the limit, so add "
        "workers. `aside` or `state` grow: Kafka acknowledges slowly; see its disks and "
        "replicas.",
        _STEPS,
    ),
    Metric(
        "sandik_end_to_end_seconds",
        "histogram",
        "seconds",
        {},
        "From the record timestamp of a batch's newest post to its partial being durable. Left out: the "
        "wait of the batch's older posts, the time from the post's event to Kafka, and what merge adds, up "
        "to `SANDIK_EMIT_EVERY_MS`. By two clocks: Kafka's, and this machine's.",
        "In a catch-up it is the age of the backlog. High without a lag: large batches on a slow machine "
        "(`SANDIK_BATCH_POSTS`), a slow Kafka, or clocks that differ (`sandik doctor`).",
        (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_600, 86_400),
    ),
    Metric(
        "sandik_rebalances_total",
        "counter",
        "rebalances",
        {},
        "Rebalances: times that this worker gave up its partitions to be reassigned. Joining is one.",
        "One for each worker that comes or goes. More: a worker restarts again and again, or is silent for "
        "`SANDIK_SESSION_TIMEOUT_MS` because its machine or Kafka is overloaded.",
    ),
    Metric(
        "sandik_rebalance_seconds",
        "histogram",
        "seconds",
        {},
        "From letting go to reading on, recovery included: nothing is counted meanwhile.",
        "Long: see `sandik_recovery_seconds`. Otherwise a member answers late, or one was killed and the "
        "others wait for its session to end.",
        (0.1, 0.3, 1, 3, 10, 30, 100, 300),
    ),
    Metric(
        "sandik_recovery_seconds",
        "gauge",
        "seconds",
        {},
        "How long the last recovery took: from the assignment to reading on, the changelog read in between.",
        "Grows with the open windows and with what compaction has not yet removed from the changelog. "
        "`sandik doctor` checks that it is compacted at all.",
    ),
    Metric(
        "sandik_ready",
        "gauge",
        "0 or 1",
        {},
        "What `/readyz` says.",
        "0: `/readyz` says why. Around a rebalance that is as it should be.",
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
        "Windows that stand out of the 30 before, written to `bursts` for the first time by this process. "
        "One that is taken back later stays in it.",
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


def as_markdown() -> str:
    """Return docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "A worker serves `/metrics` for Prometheus on a port of its own (`SANDIK_OPS_HOST`, "
        "`SANDIK_OPS_PORT`),",
        "beside `/healthz` and `/readyz`; `sandik bursts` serves `sandik_bursts_*` likewise (`--host`, "
        "`--port`).",
        "Updated once a batch, not once a post. The usual `process_*`",
        "metrics (memory, CPU, open files) come with them. All but `sandik_merge_*` are on every worker: add",
        "them up. `make metrics` writes this file.",
        "",
        "There are 64 places for connections. When all are taken, a new one gets the place of the one that",
        "has waited longest without a request, so half-open connections keep no probe out. A request has",
        "10 s to come. On 127.0.0.1 a `Host` that is not of this machine is answered with 421. Elsewhere any",
        "is taken: probes and Prometheus call a pod by its address.",
        "",
    ]
    for metric in (*METRICS, *BURST_METRICS):
        lines += [
            f"## `{metric.name}`",
            "",
            f"{metric.kind.capitalize()}, {metric.unit}. {metric.meaning}",
            "",
        ]
        lines += [
            f"- label `{label}`: {values or f'see `sandik config` and the {label} of counts'}"
            for label, values in metric.labels.items()
        ]
        lines += [f"- When it moves: {metric.advice}", ""]
    return "\n".join(lines)
