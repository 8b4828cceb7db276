"""dev and prod in one cluster, and so before one Prometheus: neither hides what befalls the other."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.rendered import OVERLAYS, of_kind
from tests.deploy.tools import promtool
from tests.support import quick_yaml

#: A worker of each namespace, of which prod's end.
CASE = """
rule_files: [dev.yml, prod.yml]
tests:
  - name: prod ends, dev goes on
    interval: 1m
    input_series:
      - series: 'sandik_build_info{job="sandik", instance="sandik-worker-0"}'
        values: '1x10 stale _x10'
      - series: 'sandik_build_info{job="sandik-dev", instance="sandik-worker-0"}'
        values: '1x30'
      - series: 'sandik_consumer_lag_records{job="sandik", instance="sandik-worker-0", partition="0"}'
        values: '7x30'
      - series: 'sandik_consumer_lag_records{job="sandik-dev", instance="sandik-worker-0", partition="0"}'
        values: '5x30'
    promql_expr_test:
      - expr: sandik:consumer_lag_records:sum
        eval_time: 10m
        exp_samples:
          - {labels: 'sandik:consumer_lag_records:sum{job="sandik"}', value: 7}
          - {labels: 'sandik:consumer_lag_records:sum{job="sandik-dev"}', value: 5}
    alert_rule_test:
      - {alertname: SandikNoWorkers, eval_time: 10m}
      - alertname: SandikNoWorkers
        eval_time: 14m
        exp_alerts:
          - exp_labels: {severity: page, job: sandik}
            exp_annotations:
              summary: No worker answers. Posts wait in Kafka and are kept for the retention of `posts`.
              runbook: deploy/runbook.md#sandiknoworkers
"""


def namespace(overlay: str) -> str:
    [resource] = of_kind(overlay, "Namespace")
    return str(resource["metadata"]["name"])


def queries(overlay: str) -> Iterator[str]:
    """Yield what alerts and autoscaling of an overlay ask Prometheus."""
    for rule in of_kind(overlay, "PrometheusRule"):
        yield from (each["expr"] for group in rule["spec"]["groups"] for each in group["rules"])
    for scaled in of_kind(overlay, "ScaledObject"):
        yield from (trigger["metadata"]["query"] for trigger in scaled["spec"]["triggers"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_query_asks_for_its_own_namespace(overlay: str) -> None:
    for query in queries(overlay):
        assert re.findall(r'job="([^"]*)"', query) == [namespace(overlay)], query


def test_workers_are_named_after_their_namespace() -> None:
    for overlay in OVERLAYS:
        [monitor] = of_kind(overlay, "PodMonitor")
        [endpoint] = monitor["spec"]["podMetricsEndpoints"]
        job = {"sourceLabels": ["__meta_kubernetes_namespace"], "targetLabel": "job"}
        assert job in endpoint["relabelings"]
    assert namespace("dev") != namespace("prod")


def test_an_alert_about_prod_fires_though_dev_is_well(tmp_path: Path) -> None:
    for overlay in OVERLAYS:
        [rule] = of_kind(overlay, "PrometheusRule")
        (tmp_path / f"{overlay}.yml").write_text(quick_yaml.dump(rule["spec"]), encoding="utf-8")
    (tmp_path / "case.yml").write_text(CASE, encoding="utf-8")
    command = [promtool(), "test", "rules", "case.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
