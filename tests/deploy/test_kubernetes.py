"""Both overlays render, every resource fits its schema, and pods are as locked up as they can be."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import kubernetes_validate
import pytest

from tests.deploy.crds import schema
from tests.deploy.rendered import OVERLAYS, Resource, of_kind, pods, rendered

#: The oldest that still gets fixes knows all we use, and so does the newest.
KUBERNETES = ["1.33", "1.37"]

#: The API groups of Kubernetes itself that we use; the others are the operators'.
GROUPS = {"v1", "apps/v1", "policy/v1", "networking.k8s.io/v1"}

pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def is_of_kubernetes(resource: Resource) -> bool:
    return resource["apiVersion"] in GROUPS


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_resource_of_kubernetes_fits_its_schema(overlay: str, version: str) -> None:
    for resource in rendered(overlay):
        if is_of_kubernetes(resource):
            kubernetes_validate.validate(resource, version, strict=True)


def test_every_custom_resource_fits_the_definition_of_its_operator(overlay: str) -> None:
    custom = [resource for resource in rendered(overlay) if not is_of_kubernetes(resource)]
    assert custom
    for resource in custom:
        defined = schema(resource["apiVersion"], resource["kind"])
        assert defined, f"nobody defines {resource['kind']} of {resource['apiVersion']}"
        described = {name: value for name, value in resource.items() if name != "metadata"}
        # Their patterns are Go's, so the definition itself is not checked.
        jsonschema.Draft202012Validator(defined).validate(described)


@pytest.mark.parametrize("kind", ["Kafka", "KafkaTopic", "KafkaUser", "ScaledObject", "PodMonitor"])
def test_a_field_that_is_misspelt_is_noticed(overlay: str, kind: str) -> None:
    for resource in of_kind(overlay, kind):
        wrong = {**resource["spec"], "misspelt": 1}
        defined = schema(resource["apiVersion"], kind)
        with pytest.raises(jsonschema.ValidationError, match="misspelt"):
            jsonschema.Draft202012Validator(defined).validate({"spec": wrong})


def test_no_two_resources_have_one_name(overlay: str) -> None:
    names = [(each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in rendered(overlay)]
    assert len(names) == len(set(names))


def test_everything_is_in_the_namespace_that_the_overlay_makes(overlay: str) -> None:
    [namespace] = of_kind(overlay, "Namespace")
    others = [each for each in rendered(overlay) if each["kind"] != "Namespace"]
    assert {each["metadata"]["namespace"] for each in others} == {namespace["metadata"]["name"]}


def test_pods_run_as_nobody_write_only_to_tmp_and_may_do_nothing_else(overlay: str) -> None:
    makers = ("sandik-worker", "sandik-dashboard", "sandik-bursts", "sandik-operator")
    assert pods(overlay).keys() == set(makers)
    for pod in pods(overlay).values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            writable = [mount for mount in container["volumeMounts"] if not mount.get("readOnly")]
            assert [mount["mountPath"] for mount in writable] == ["/tmp"]  # noqa: S108 - the pods' own
            assert container["resources"]["limits"].keys() >= {"memory"}


def test_kubernetes_adds_no_variables_that_would_be_unknown_settings(overlay: str) -> None:
    """For a service `sandik-dashboard` it would set SANDIK_DASHBOARD_PORT, and the worker would not start."""
    assert {pod["enableServiceLinks"] for pod in pods(overlay).values()} == {False}


def test_every_container_that_serves_is_probed_at_each_stage_at_a_port_it_has(overlay: str) -> None:
    for pod in pods(overlay).values():
        for container in (each for each in pod["containers"] if "args" in each):
            ports = {port["name"] for port in container["ports"]}
            for stage in ("startupProbe", "livenessProbe", "readinessProbe"):
                assert container[stage]["httpGet"]["port"] in ports


def test_workers_spread_and_leave_one_at_a_time(overlay: str) -> None:
    [workers] = of_kind(overlay, "StatefulSet")
    labels = workers["spec"]["template"]["metadata"]["labels"]
    spread = workers["spec"]["template"]["spec"]["topologySpreadConstraints"]
    [budget] = of_kind(overlay, "PodDisruptionBudget")

    assert {each["topologyKey"] for each in spread} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    for selector in [budget["spec"]["selector"], *(each["labelSelector"] for each in spread)]:
        assert selector["matchLabels"].items() <= labels.items()
    assert budget["spec"]["maxUnavailable"] == 1


def test_workers_are_never_fewer_than_one_nor_more_than_the_partitions(overlay: str) -> None:
    [scaled] = of_kind(overlay, "ScaledObject")
    [workers] = of_kind(overlay, "StatefulSet")
    posts = next(topic for topic in of_kind(overlay, "KafkaTopic") if topic["metadata"]["name"] == "posts")
    spec = scaled["spec"]

    assert spec["scaleTargetRef"]["name"] == workers["metadata"]["name"]
    assert spec["scaleTargetRef"]["kind"] == "StatefulSet"
    assert "replicas" not in workers["spec"]
    assert 1 <= spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
    assert spec["maxReplicaCount"] == posts["spec"]["partitions"]
    assert "idleReplicaCount" not in spec


def test_every_pod_is_shut_off_but_for_what_is_named(overlay: str) -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(overlay, "NetworkPolicy")}
    shut = policies["sandik-nothing-else"]
    [expression] = shut["podSelector"]["matchExpressions"]

    assert set(expression["values"]) == pods(overlay).keys()
    assert shut == {"podSelector": shut["podSelector"], "policyTypes": ["Ingress", "Egress"]}
    for spec in policies.values():
        for rule in spec.get("ingress", []) + spec.get("egress", []):
            assert rule.get("from") or rule.get("to"), "a rule without peers lets everybody in"
            assert rule["ports"]


def test_kafka_lets_in_whom_and_where_the_policy_and_the_settings_say(overlay: str) -> None:
    [kafka] = of_kind(overlay, "Kafka")
    [listener] = kafka["spec"]["kafka"]["listeners"]
    policy = next(p for p in of_kind(overlay, "NetworkPolicy") if p["metadata"]["name"] == "sandik-kafka")
    [config] = of_kind(overlay, "ConfigMap")
    name = kafka["metadata"]["name"]

    assert config["data"]["SANDIK_BROKER"] == f"{name}-kafka-bootstrap:{listener['port']}"
    assert policy["spec"]["egress"][0]["ports"] == [{"protocol": "TCP", "port": listener["port"]}]
    assert policy["spec"]["egress"][0]["to"] == [
        {"podSelector": {"matchLabels": {"strimzi.io/kind": "Kafka", "strimzi.io/cluster": name}}}
    ]
    assert listener["tls"] == config["data"].get("SANDIK_SECURITY_PROTOCOL", "PLAINTEXT").endswith("SSL")


def test_there_are_as_many_copies_as_brokers_can_hold(overlay: str) -> None:
    brokers = sum(
        pool["spec"]["replicas"]
        for pool in of_kind(overlay, "KafkaNodePool")
        if "broker" in pool["spec"]["roles"]
    )
    [config] = of_kind(overlay, "ConfigMap")
    [kafka] = of_kind(overlay, "Kafka")
    broker_config: dict[str, Any] = kafka["spec"]["kafka"]["config"]
    copies = [topic["spec"]["replicas"] for topic in of_kind(overlay, "KafkaTopic")]
    copies += [int(config["data"]["SANDIK_REPLICATION_FACTOR"])]
    copies += [value for key, value in broker_config.items() if key.endswith("replication.factor")]

    assert set(copies) == {min(brokers, 3)}
    assert broker_config["min.insync.replicas"] == max(1, brokers - 1)
