"""docs/metrics.md, written from the catalogue of metrics: `make metrics`."""

from sandik.telemetry.metric_catalogue import BURST_METRICS, METRICS


def as_markdown() -> str:
    """Return docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "A worker serves `/metrics` for Prometheus on its own port (`SANDIK_OPS_HOST`, `SANDIK_OPS_PORT`), beside",
        "`/healthz` and `/readyz`. Values change once per batch, not once per post. The usual `process_*` metrics",
        "(memory, CPU, open files) are included. Every worker has all metrics except `sandik_merge_*` and",
        "`sandik_bursts_*`: add up the values of all workers. `sandik bursts` serves `sandik_bursts_*` in the same way",
        "(`--host`, `--port`). `make metrics` writes this file.",
        "",
        "A worker accepts 64 connections. A further one replaces the connection that has waited longest without a",
        "request, so half-open connections do not block a probe. A request has 10 s to arrive. On 127.0.0.1, a",
        "request whose `Host` does not name this machine gets status 421; on other addresses any `Host` is accepted,",
        "because probes and Prometheus call a pod by its address.",
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


if __name__ == "__main__":
    print(as_markdown(), end="")
