"""Alerts are tested by Prometheus's own tool, named after metrics that exist, and each has a way out."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from sandik.telemetry.metric_catalogue import BURST_METRICS, METRICS
from tests.deploy.rendered import OVERLAYS, of_kind
from tests.deploy.tools import ROOT, promtool
from tests.docs.pages import anchors
from tests.support import quick_yaml

LABELS = {metric.name: set(metric.labels) for metric in (*METRICS, *BURST_METRICS)}
HISTOGRAMS = {metric.name for metric in METRICS if metric.kind == "histogram"}
RULES_FILE = ROOT / "deploy/alerts/sandik.rules.yml"
RULES: dict[str, Any] = quick_yaml.load(RULES_FILE.read_text(encoding="utf-8"))
TESTS: dict[str, Any] = quick_yaml.load(RULES_FILE.with_suffix(".test.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule]
RECORDED = {rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}
BOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
RUNBOOK = ROOT / "deploy/runbook.md"


def queries() -> Iterator[str]:
    """Yield every PromQL query there is."""
    yield from (rule["expr"] for group in RULES["groups"] for rule in group["rules"])
    for board in BOARDS:
        for panel in json.loads(board.read_text(encoding="utf-8"))["panels"]:
            yield from (target["expr"] for target in panel["targets"])
    for overlay in OVERLAYS:
        for scaled in of_kind(overlay, "ScaledObject"):
            yield from (trigger["metadata"]["query"] for trigger in scaled["spec"]["triggers"])


def exposed() -> set[str]:
    """Return the names of the time series, a histogram's three among them."""
    parts = {f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count")}
    return (LABELS.keys() - HISTOGRAMS) | parts


@pytest.mark.parametrize(
    "arguments", [["check", "rules", "sandik.rules.yml"], ["test", "rules", "sandik.rules.test.yml"]]
)
def test_promtool_finds_the_rules_right(arguments: list[str]) -> None:
    done = subprocess.run(
        [promtool(), *arguments], cwd=RULES_FILE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_to_fire_and_not_to() -> None:
    cases = [case for test in TESTS["tests"] for case in test.get("alert_rule_test", ())]
    names = {alert["alert"] for alert in ALERTS}
    assert names == {case["alertname"] for case in cases if case.get("exp_alerts")}
    assert names == {case["alertname"] for case in cases if not case.get("exp_alerts")}


def test_every_metric_that_is_asked_for_exists() -> None:
    asked = {name for query in queries() for name in re.findall(r"\bsandik(?::\w+)+|\bsandik_\w+", query)}
    assert asked
    assert asked <= exposed() | RECORDED
    assert {name for name in asked if ":" in name} == RECORDED


def test_every_label_that_is_asked_for_exists() -> None:
    known = {"job", "instance", "le"}.union(*LABELS.values())
    for query in queries():
        for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", query):
            assert {label.strip() for label in labels.split(",")} <= known, query
        for matchers in re.findall(r"\{([^}]*)\}", query):
            assert set(re.findall(r"(\w+)\s*[!=]?[=~]", matchers)) <= known, query


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_has_the_same_rules(overlay: str) -> None:
    [rule], [namespace] = of_kind(overlay, "PrometheusRule"), of_kind(overlay, "Namespace")
    text = RULES_FILE.read_text(encoding="utf-8")
    assert rule["spec"] == quick_yaml.load(text.replace('"sandik"', f'"{namespace["metadata"]["name"]}"'))


def test_every_alert_leads_to_a_section_of_the_runbook_and_every_section_is_an_alert() -> None:
    page, found = RUNBOOK.relative_to(ROOT), anchors(RUNBOOK)
    for alert in ALERTS:
        assert alert["annotations"]["runbook"] == f"{page}#{alert['alert'].lower()}"
        assert alert["alert"].lower() in found
    sections = re.findall(r"^## (Sandik\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert sections == [alert["alert"] for alert in ALERTS]


def test_every_section_of_the_runbook_says_what_it_means_and_what_to_run_first() -> None:
    for section in re.split(r"^## (?=Sandik)", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        assert "**Means.**" in section, section[:40]
        assert "**First.**" in section, section[:40]
        assert re.search(r"^```console\n\$ ", section, re.MULTILINE), section[:40]


def test_the_dashboard_is_what_its_program_prints() -> None:
    [board] = BOARDS
    program = ROOT / "deploy/grafana/dashboard.py"
    namespace: dict[str, Any] = {"__name__": "dashboard"}
    exec(compile(program.read_text(encoding="utf-8"), str(program), "exec"), namespace)  # noqa: S102 - ours
    assert json.loads(board.read_text(encoding="utf-8")) == namespace["dashboard"]()
