"""No secret is in a manifest: only the names of those that Strimzi makes."""

import re

import pytest

from sandik.settings import Settings
from tests.deploy.rendered import OVERLAYS, of_kind, pods, rendered, strings
from tests.deploy.tools import ROOT

SECRET = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
VARIABLES = {f"SANDIK_{name.upper()}" for name in SECRET}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secret_settings_come_from_secrets(overlay: str) -> None:
    assert {"SANDIK_SASL_PASSWORD", "SANDIK_AUTHOR_KEY"} <= VARIABLES
    assert of_kind(overlay, "Secret") == []
    for config in of_kind(overlay, "ConfigMap"):
        assert not VARIABLES & config["data"].keys()
    for pod in pods(overlay).values():
        for variable in (each for container in pod["containers"] for each in container.get("env", ())):
            if variable["name"] in VARIABLES:
                assert variable.keys() == {"name", "valueFrom"}
                assert variable["valueFrom"].keys() == {"secretKeyRef"}


def test_the_secrets_that_prod_reads_are_those_that_strimzi_makes() -> None:
    users = {user["metadata"]["name"] for user in of_kind("prod", "KafkaUser")}
    [kafka] = of_kind("prod", "Kafka")
    for name, pod in pods("prod").items():
        [container] = pod["containers"]
        variables = {each["name"]: each for each in container["env"]}
        key = variables["SANDIK_SASL_PASSWORD"]["valueFrom"]["secretKeyRef"]
        assert key == {"name": name, "key": "password"}
        assert variables["SANDIK_SASL_USERNAME"]["value"] == name
        assert name in users
        assert f"{kafka['metadata']['name']}-cluster-ca-cert" in {
            volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume
        }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_text_looks_like_a_key_or_a_password(overlay: str) -> None:
    for name, value in strings(rendered(overlay)):
        assert "PRIVATE KEY" not in value
        assert not re.fullmatch(r"[A-Za-z0-9+/_-]{32,}=*", value), f"{name}: {value}"


def test_compose_has_no_password() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"(?i)(password|secret|token)[A-Z_]*: *\S", compose)
