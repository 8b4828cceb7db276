"""Print the operators' dashboard; `> deploy/grafana/dashboards/sandik.json` keeps it.

The shares that users come for are not in Prometheus but in `counts`: see docs/recipes/grafana.md.
"""

import json
import sys
from typing import Any, NamedTuple

#: The workers of one namespace, or of compose.
JOB = 'job="$job"'
WIDTH, HEIGHT, COLUMNS = 8, 7, 3


class Panel(NamedTuple):
    """One chart. Each query comes with its legend."""

    title: str
    unit: str  # Grafana's name of it
    queries: tuple[tuple[str, str], ...]
    about: str
    kind: str = "timeseries"


def total(metric: str, by: str = "") -> str:
    """Return the query of a rate, over all workers."""
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{{{JOB}}}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str = "") -> str:
    """Return the query of a quantile of a histogram, over all workers."""
    return f"histogram_quantile({share}, {total(f'{metric}_bucket', f'{by}, le' if by else 'le')})"


PANELS = (
    Panel(
        "Ready workers",
        "none",
        ((f"sum(sandik_ready{{{JOB}}})", "ready"),),
        "And how many there are.",
        "stat",
    ),
    Panel(
        "Owners of merge", "none", ((f"sum(sandik_merge_owner{{{JOB}}})", "owners"),), "One, always.", "stat"
    ),
    Panel(
        "Runs",
        "none",
        (
            (
                f"count by (version, run_id, lexicon_version) (sandik_build_info{{{JOB}}})",
                "{{version}} {{run_id}}",
            ),
        ),
        "Workers of each version and run. Two runs at a time are an upgrade, or a mistake.",
        "stat",
    ),
    Panel(
        "Posts",
        "cps",
        (
            (total("sandik_posts_consumed_total"), "consumed"),
            (total("sandik_posts_duplicate_total"), "duplicate"),
            (total("sandik_posts_ignored_total"), "ignored"),
        ),
        "Records taken from `posts`, by what became of them where that is not a count.",
    ),
    Panel(
        "Tagged", "cps", ((total("sandik_posts_tagged_total", "tag"), "{{tag}}"),), "Posts that carry a tag."
    ),
    Panel(
        "Tagged, by language",
        "cps",
        ((total("sandik_posts_tagged_total", "language"), "{{language}}"),),
        "A post with both tags is in three of them: `election`, `deepfake`, `both`.",
    ),
    Panel(
        "Posts waiting",
        "short",
        (
            (f"sandik:consumer_lag_records:sum{{{JOB}}}", "all"),
            (f"max by (partition) (sandik_consumer_lag_records{{{JOB}}})", "{{partition}}"),
        ),
        "Records of each partition that are not yet counted.",
    ),
    Panel(
        "Watermark behind the clock",
        "s",
        (
            (f"sandik:merge_watermark_lag_seconds:max{{{JOB}}}", "merge"),
            (f"max by (partition) (sandik_watermark_lag_seconds{{{JOB}}})", "{{partition}}"),
        ),
        "At least SANDIK_MAX_DISORDER_MS. The age of the posts, when old ones are read.",
    ),
    Panel(
        "From Kafka to counted",
        "s",
        tuple((quantile(q, "sandik_end_to_end_seconds"), f"{q:.0%}") for q in (0.5, 0.95, 0.99)),
        "From the record's timestamp until it is durably counted.",
    ),
    Panel(
        "Rejected, by reason",
        "cps",
        ((total("sandik_posts_rejected_total", "reason"), "{{reason}}"),),
        "To `posts.dlq`, with the reason in a header.",
    ),
    Panel(
        "Late",
        "cps",
        ((total("sandik_posts_late_total", "outcome"), "{{outcome}}"),),
        "Counted after all, or set aside to `posts.late`.",
    ),
    Panel(
        "Windows",
        "short",
        (
            (f"sum by (agent) (sandik_open_windows{{{JOB}}})", "open in {{agent}}"),
            (f"sum(increase(sandik_windows_final_total{{{JOB}}}[$__rate_interval]))", "made final"),
        ),
        "",
    ),
    Panel(
        "Seconds a second in each step",
        "percentunit",
        ((total("sandik_step_seconds_sum", "step"), "{{step}}"),),
        "Where a worker's time goes. All of them together near 100 % a worker: it is busy.",
    ),
    Panel(
        "Slow steps",
        "s",
        ((quantile(0.95, "sandik_step_seconds", "step"), "{{step}}"),),
        "A batch's 95th percentile. `aside` and `state` wait for Kafka, the others are our work.",
    ),
    Panel(
        "Batch",
        "short",
        ((quantile(0.5, "sandik_batch_records"), "median"), (quantile(0.95, "sandik_batch_records"), "95%")),
        "Records taken at once. At SANDIK_BATCH_POSTS all the time: there is a backlog.",
    ),
    Panel(
        "Rebalances",
        "short",
        ((f"max(increase(sandik_rebalances_total{{{JOB}}}[10m]))", "in ten minutes"),),
        "Counting pauses during each.",
    ),
    Panel(
        "A rebalance takes",
        "s",
        ((quantile(0.95, "sandik_rebalance_seconds"), "95%"),),
        "From partitions taken away to counting again.",
    ),
    Panel(
        "Reading state back took",
        "s",
        ((f"max by (instance) (sandik_recovery_seconds{{{JOB}}})", "{{instance}}"),),
        "When the worker last took over partitions.",
    ),
)

VARIABLES = (
    {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
    {
        "name": "job",
        "label": "Namespace",
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "query": {"query": "label_values(sandik_build_info, job)", "refId": "job"},
        "refresh": 2,
    },
)


def panel(number: int, panel: Panel) -> dict[str, Any]:
    """Return the panel in Grafana's form."""
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": source,
        "gridPos": {"x": number % COLUMNS * WIDTH, "y": number // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": source, "expr": query, "legendFormat": legend}
            for at, (query, legend) in enumerate(panel.queries)
        ],
    }


def dashboard() -> dict[str, Any]:
    """Return the dashboard in Grafana's form."""
    return {
        "uid": "sandik",
        "title": "sandik: workers",
        "tags": ["sandik"],
        "schemaVersion": 41,
        "version": 1,
        "editable": False,
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [*VARIABLES]},
        "annotations": {"list": []},
        "panels": [panel(number, each) for number, each in enumerate(PANELS)],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n")
