"""docker-compose.yml runs the broker that `sandik broker` runs, and commands and settings that exist."""

import json
import re
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import typer

from sandik.broker import EmbeddedKafka
from sandik.broker.settings import KAFKA_VERSION, SHARED_SETTINGS, server_properties
from sandik.cli.main import app
from sandik.settings import Settings
from tests.support import quick_yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = quick_yaml.load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = COMPOSE["services"]
KAFKA: dict[str, str] = SERVICES["kafka"]["environment"]
#: Addresses and paths: these must differ between a container and a process.
PLACES = {
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "inter.broker.listener.name",
    "log.dirs",
}
OURS = ["topics", "worker"]


def variable(setting: str) -> str:
    return "KAFKA_" + setting.upper().replace(".", "_")


@pytest.mark.parametrize("setting", SHARED_SETTINGS)
def test_a_shared_broker_setting_is_equal(setting: str) -> None:
    assert KAFKA[variable(setting)] == SHARED_SETTINGS[setting]


def test_neither_broker_has_a_setting_that_the_other_lacks() -> None:
    embedded = {line.partition("=")[0] for line in server_properties(1, 2, {}).splitlines()}
    image_only = {"CLUSTER_ID", "KAFKA_HEAP_OPTS"}

    assert embedded == SHARED_SETTINGS.keys() | PLACES
    assert KAFKA.keys() == {variable(setting) for setting in embedded} | image_only


def test_values_of_the_broker_are_text_because_yaml_would_retype_them() -> None:
    assert {type(value) for value in KAFKA.values()} == {str}


def test_the_image_is_the_embedded_version() -> None:
    assert SERVICES["kafka"]["image"] == f"${{KAFKA_IMAGE:-apache/kafka:{KAFKA_VERSION}}}"


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_records_survive_the_container() -> None:
    assert f"kafka-data:{KAFKA['KAFKA_LOG_DIRS']}" in SERVICES["kafka"]["volumes"]
    assert "kafka-data" in COMPOSE["volumes"]


@pytest.mark.parametrize("service", OURS)
def test_our_services_connect_to_an_address_that_the_broker_advertises(service: str) -> None:
    advertised = [address.partition("://")[2] for address in KAFKA["KAFKA_ADVERTISED_LISTENERS"].split(",")]

    assert SERVICES[service]["environment"]["SANDIK_BROKER"] in advertised


@pytest.mark.parametrize("service", OURS)
def test_our_services_use_settings_and_commands_that_exist(service: str) -> None:
    known = {f"SANDIK_{name.upper()}" for name in Settings.model_fields}
    assert SERVICES[service]["environment"].keys() <= known

    command: Any = typer.main.get_command(app)
    for word in SERVICES[service]["command"]:
        command = command.commands[word]


def test_topics_wait_for_a_healthy_broker_and_workers_for_the_topics() -> None:
    assert "healthcheck" in SERVICES["kafka"]
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert SERVICES["worker"]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert SERVICES["topics"]["restart"] == "no"


def asked(port: int) -> int:
    """Run the health check of the broker as the container would, but for the port; return its exit code."""
    kind, *command = SERVICES["kafka"]["healthcheck"]["test"]
    assert kind == "CMD"
    command = [word.replace("/9092 ", f"/{port} ").replace("$$", "$") for word in command]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.broker
def test_a_broker_that_answers_is_healthy(kafka: EmbeddedKafka) -> None:
    assert asked(int(kafka.bootstrap_servers.rpartition(":")[2])) == 0


def test_a_port_that_is_open_to_nobody_who_speaks_the_protocol_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert asked(port) != 0
        thread.join()
    assert asked(port) != 0


def checks() -> dict[str, str]:
    """Return the script of each health check that asks a page of ours, with its port as PORT."""
    line = re.search(
        r"^HEALTHCHECK .*?CMD (\[.*?\])$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE | re.DOTALL
    )
    assert line
    worker, dashboard = json.loads(line[1]), SERVICES["dashboard"]["healthcheck"]["test"][1:]
    assert [worker[:2], dashboard[:2]] == [["bash", "-c"]] * 2
    return {
        "/healthz": worker[2].replace("$SANDIK_OPS_PORT", "PORT"),
        "/api/status": dashboard[2].replace("$$", "$").replace("/8080 ", "/PORT "),
    }


@pytest.mark.parametrize(("status", "is_well"), [("200 OK", True), ("503 Service Unavailable", False)])
@pytest.mark.parametrize("page", ["/healthz", "/api/status"])
def test_who_answers_with_200_is_healthy(page: str, status: str, is_well: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked_for = []

        def answer() -> None:
            client, _ = server.accept()
            with client:
                request = b""
                while not request.endswith(b"\r\n\r\n"):  # the shell may send it in pieces
                    request += client.recv(1000)
                asked_for.append(request)
                client.sendall(f"HTTP/1.0 {status}\r\n\r\n".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        script = checks()[page].replace("PORT", str(server.getsockname()[1]))
        done = subprocess.run(["bash", "-c", script], timeout=60, check=False)  # noqa: S607
        thread.join()

    assert asked_for == [f"GET {page} HTTP/1.0\r\n\r\n".encode()]
    assert (done.returncode == 0) == is_well


@pytest.mark.parametrize("service", OURS)
def test_the_image_is_built_from_files_that_exist_and_are_not_ignored(service: str) -> None:
    build = SERVICES[service]["build"]
    lines = (ROOT / build["dockerfile"]).read_text(encoding="utf-8").splitlines()
    copied = [
        name
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    ]
    ignore = (ROOT / f"{build['dockerfile']}.dockerignore").read_text(encoding="utf-8").splitlines()

    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {f"!{name}" for name in copied} == {line for line in ignore if line.startswith("!")}
