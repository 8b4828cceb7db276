"""The chart says what the overlays say, and does without what its values leave out."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.helm import AS_OVERLAY, chart, helm_run, templated, write
from tests.deploy.rendered import OVERLAYS, Resource, of_kind, rendered
from tests.deploy.test_kubernetes import KUBERNETES, is_of_kubernetes
from tests.deploy.test_webhook import with_webhook
from tests.deploy.tools import kustomize
from tests.support import quick_yaml

CLUSTER = {"Namespace", "Kafka", "KafkaNodePool"}
WEBHOOK = "bursts.webhook=sandik-webhook"
MONITORING = {"PodMonitor", "PrometheusRule", "ScaledObject"}


def compared(resources: list[Resource]) -> dict[str, Any]:
    """Return resources by kind and name, without what kustomize and Helm have each their own way for."""
    found = {}
    for one in resources:
        text = re.sub(r'"?(name)"?: "?sandik-[a-z0-9]{10}"?\n', r"\1: sandik\n", quick_yaml.dump(one))
        same = quick_yaml.load(text)
        same["metadata"].pop("namespace", None)
        pod = same.get("spec", {}).get("template", {}).get("metadata", {})
        if checksum := pod.pop("annotations", None):
            assert checksum.keys() == {"checksum/settings"}
        found[f"{same['kind']}/{same['metadata']['name']}"] = same
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("has_webhook", [False, True])
def test_it_renders_what_the_overlay_renders(overlay: str, has_webhook: bool, tmp_path: Path) -> None:
    [namespace] = of_kind(overlay, "Namespace")
    ours = with_webhook(overlay, tmp_path.resolve()) if has_webhook else rendered(overlay)
    wanted = compared([one for one in ours if one["kind"] not in CLUSTER])
    values = [*AS_OVERLAY[overlay], *([WEBHOOK] if has_webhook else [])]
    found = compared(templated(namespace["metadata"]["name"], values))

    assert found.keys() == wanted.keys()
    for name, resource in wanted.items():
        assert found[name] == resource, name


@pytest.mark.parametrize(
    ("value", "gone"),
    [
        ("monitoring.enabled=false", MONITORING),
        ("networkPolicies=false", {"NetworkPolicy"}),
        ("kafka.resources=false", {"KafkaTopic", "KafkaUser"}),
        ("kafka.login=false", {"KafkaUser"}),
    ],
)
def test_what_a_value_turns_off_is_left_out(value: str, gone: set[str]) -> None:
    everything, without = templated("it"), templated("it", [value])
    [workers] = [one for one in without if one["kind"] == "StatefulSet"]

    assert {one["kind"] for one in everything} - {one["kind"] for one in without} == gone
    assert workers["spec"].get("replicas") == (2 if gone == MONITORING else None)
    for one in without:
        if is_of_kubernetes(one):
            kubernetes_validate.validate(one, KUBERNETES[-1], strict=True)


def test_pods_that_are_not_wanted_are_left_out() -> None:
    found = templated("it", ["bursts.enabled=false", "operator.enabled=false"])
    assert [one["metadata"]["name"] for one in found if one["kind"] == "Deployment"] == ["sandik-dashboard"]


def test_image_settings_and_memory_are_those_of_the_values() -> None:
    given = ["image.repository=r.example.org/sandik", f"image.digest=sha256:{'1' * 64}", "partitions=24"]
    given += ["kafka.broker=elsewhere:9094", "workers.resources.limits.memory=1Gi"]
    found = templated("it", [*given, "settings.SANDIK_BURSTS=off"])
    by_kind = {one["kind"]: one for one in found}
    [container] = by_kind["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    data = by_kind["ConfigMap"]["data"]

    assert container["image"] == f"r.example.org/sandik:0.1.0@sha256:{'1' * 64}"
    assert container["resources"] == {
        "limits": {"memory": "1Gi"},
        "requests": {"cpu": "500m", "memory": "320Mi"},
    }
    assert (data["SANDIK_BROKER"], data["SANDIK_PARTITIONS"]) == ("elsewhere:9094", "24")
    assert data["SANDIK_BURSTS"] == "off"
    assert by_kind["ScaledObject"]["spec"]["maxReplicaCount"] == 24


def test_a_changed_setting_starts_pods_anew() -> None:
    first, second = (templated("it", some) for some in ([], ["settings.SANDIK_MAX_DISORDER_MS=9000"]))
    changed = {one["kind"] for one in second if one not in first}
    assert changed == {"ConfigMap", "StatefulSet", "Deployment"}


def test_the_linter_finds_nothing() -> None:
    assert "0 chart(s) failed" in helm_run("lint", "--strict", str(chart()))


def test_a_folder_that_holds_no_chart_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    assert write(tmp_path, f"{Path(kustomize()).parent}:/usr/bin:/bin") != 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
