"""Topics, partitions, ports and variables are the same in code, compose, Kubernetes and AsyncAPI."""

from typing import Any

import pytest
import typer

from sandik.broker.settings import KAFKA_VERSION
from sandik.cli.main import app
from sandik.kafka.topics import all_topics
from sandik.settings import Settings
from tests.deploy.rendered import OVERLAYS, environment, of_kind, pods
from tests.deploy.tools import ROOT
from tests.support import quick_yaml
from tests.support.wider import EVERYTHING

OPS = {"SANDIK_OPS_HOST": "0.0.0.0", "SANDIK_OPS_PORT": "8081"}  # noqa: S104 - inside a container
OPS_PORT = 8081
DASHBOARD_PORT = 8080
DEFAULTS = Settings.model_construct()
ASYNCAPI: dict[str, Any] = quick_yaml.load(
    (ROOT / "schemas/sandik_schemas/asyncapi.yaml").read_text(encoding="utf-8")
)
SERVICES: dict[str, Any] = quick_yaml.load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")

Topics = dict[str, tuple[int, dict[str, str]]]


def settings_of(overlay: str, maker: str) -> Settings:
    """Return what the container would run with; where the cluster decides, a value that passes."""
    given = {name: value or "x" for name, value in environment(overlay, maker).items()}
    fields = {name.removeprefix("SANDIK_").lower(): value for name, value in given.items()}
    assert fields.keys() <= Settings.model_fields.keys()
    return Settings.model_validate(fields)


def in_code(settings: Settings) -> Topics:
    return {spec.name: (spec.partitions, dict(spec.config)) for spec in all_topics(settings)}


def in_kubernetes(overlay: str) -> Topics:
    return {
        topic["metadata"]["name"]: (
            topic["spec"]["partitions"],
            {name: str(value) for name, value in topic["spec"]["config"].items()},
        )
        for topic in of_kind(overlay, "KafkaTopic")
    }


def in_asyncapi() -> Topics:
    found = {}
    for channel in ASYNCAPI["channels"].values():
        kafka = channel["bindings"]["kafka"]
        config = {
            name: value[0] if isinstance(value, list) else str(value)
            for name, value in kafka["topicConfiguration"].items()
        }
        found[channel["address"]] = (kafka["partitions"], config)
    return found


def is_command(words: list[str]) -> bool:
    command: Any = typer.main.get_command(app)
    for word in words:
        if not hasattr(command, "commands"):
            return True  # the rest are its options
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_topics_partitions_and_cleanup_are_those_of_the_code(overlay: str) -> None:
    assert in_code(settings_of(overlay, "sandik-operator")) == in_kubernetes(overlay)
    assert in_code(EVERYTHING) == in_asyncapi()


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("maker", ["sandik-worker", "sandik-dashboard", "sandik-bursts"])
def test_pods_run_with_settings_and_commands_that_exist(overlay: str, maker: str) -> None:
    settings = settings_of(overlay, maker)
    [topic] = [each for each in of_kind(overlay, "KafkaTopic") if each["metadata"]["name"] == "posts"]
    [container] = pods(overlay)[maker]["containers"]

    assert settings.partitions == topic["spec"]["partitions"] == DEFAULTS.partitions
    assert OPS.items() <= environment(overlay, maker).items()
    assert is_command(container["args"])


def test_each_worker_keeps_a_name_of_its_own_long_enough_to_be_restarted() -> None:
    for overlay in OVERLAYS:
        [container] = pods(overlay)["sandik-worker"]["containers"]
        named = {each["name"]: each.get("valueFrom") for each in container["env"]}
        assert named["SANDIK_INSTANCE_ID"] == {"fieldRef": {"fieldPath": "metadata.name"}}
        assert settings_of(overlay, "sandik-worker").session_timeout_ms >= 30_000
        assert "SANDIK_INSTANCE_ID" not in environment(overlay, "sandik-dashboard")


def test_compose_runs_with_settings_and_commands_that_exist() -> None:
    for name in ("topics", "worker", "dashboard", "bursts"):
        service = SERVICES[name]
        known = {f"SANDIK_{field.upper()}" for field in Settings.model_fields}
        assert service["environment"].keys() <= known
        assert is_command(service["command"])


def test_as_many_workers_as_have_something_to_do() -> None:
    assert 2 == SERVICES["worker"]["deploy"]["replicas"] <= DEFAULTS.partitions


def test_metrics_and_health_are_where_everybody_looks_for_them() -> None:
    prometheus = quick_yaml.load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    [scrape] = [each for each in prometheus["scrape_configs"] if each["job_name"] == "sandik"]
    [workers] = scrape["dns_sd_configs"]

    assert f"EXPOSE {OPS_PORT}\n" in DOCKERFILE
    assert all(f"{name}={value}" in DOCKERFILE for name, value in OPS.items())
    assert (["worker", "bursts"], OPS_PORT) == (workers["names"], workers["port"])
    for overlay in OVERLAYS:
        containers = [pods(overlay)[maker]["containers"][0] for maker in ("sandik-worker", "sandik-bursts")]
        [monitor] = of_kind(overlay, "PodMonitor")
        [endpoint] = monitor["spec"]["podMetricsEndpoints"]
        [policy] = [e for e in of_kind(overlay, "NetworkPolicy") if e["metadata"]["name"] == "sandik-metrics"]
        assert [each["ports"] for each in containers] == [[{"name": "ops", "containerPort": OPS_PORT}]] * 2
        assert containers[1]["args"] == SERVICES["bursts"]["command"]
        assert containers[1]["args"][-1] == str(OPS_PORT)
        assert (endpoint["port"], endpoint["path"]) == ("ops", scrape["metrics_path"])
        assert policy["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": OPS_PORT}]


def test_the_dashboard_is_where_everybody_looks_for_it() -> None:
    assert SERVICES["dashboard"]["ports"] == [f"127.0.0.1:{DASHBOARD_PORT}:{DASHBOARD_PORT}"]
    assert SERVICES["dashboard"]["command"][-1] == str(DASHBOARD_PORT)
    for overlay in OVERLAYS:
        [container] = pods(overlay)["sandik-dashboard"]["containers"]
        assert container["args"] == SERVICES["dashboard"]["command"]
        assert container["ports"] == [{"name": "http", "containerPort": DASHBOARD_PORT}]


def test_kafka_is_of_the_version_that_is_tested() -> None:
    for overlay in OVERLAYS:
        [kafka] = of_kind(overlay, "Kafka")
        assert kafka["spec"]["kafka"]["version"] == KAFKA_VERSION


def test_memory_user_and_time_to_stop_are_the_same_everywhere() -> None:
    for overlay in OVERLAYS:
        pod = pods(overlay)["sandik-worker"]
        assert f"USER {pod['securityContext']['runAsUser']}\n" in DOCKERFILE
        assert f"{pod['terminationGracePeriodSeconds']}s" == SERVICES["worker"]["stop_grace_period"]
        limit = pod["containers"][0]["resources"]["limits"]["memory"]
        assert limit == SERVICES["worker"]["deploy"]["resources"]["limits"]["memory"].replace("M", "Mi")
