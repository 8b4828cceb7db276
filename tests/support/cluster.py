"""Three brokers that are one Kafka: each topic has three copies, and a write is known to two of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sandik.broker import EmbeddedKafka, probe
from sandik.broker.data import DataDir
from sandik.broker.jars import class_path

BROKERS = 3
_CLUSTER_ID = "c2FuZGlrLXRlc3RzLTEyMw"


@contextmanager
def three_brokers(directory: Path) -> Iterator[list[EmbeddedKafka]]:
    """Run them; whatever of them has died by the end is left dead."""
    ports = {number: (probe.free_port(), probe.free_port()) for number in range(1, BROKERS + 1)}
    voters = ",".join(f"{number}@127.0.0.1:{controller}" for number, (_, controller) in ports.items())
    brokers = [
        EmbeddedKafka(
            directory / f"kafka-{number}",
            port,
            controller_port,
            heap_mb=256,
            extra_config={
                "node.id": str(number),
                "controller.quorum.voters": voters,
                "default.replication.factor": "3",
                "min.insync.replicas": "2",
                "offsets.topic.replication.factor": "3",
                # Who is dead is known soon.
                "broker.session.timeout.ms": "3000",
                "broker.heartbeat.interval.ms": "500",
            },
        )
        for number, (port, controller_port) in ports.items()
    ]
    with ThreadPoolExecutor() as pool:  # two of them must be there before any serves
        list(pool.map(_format, brokers))
        try:
            list(pool.map(EmbeddedKafka.start, brokers))
            yield brokers
        finally:
            list(pool.map(EmbeddedKafka.kill, brokers))


def bootstrap_servers(brokers: list[EmbeddedKafka]) -> str:
    """Return where clients connect to any of them."""
    return ",".join(broker.bootstrap_servers for broker in brokers)


def _format(broker: EmbeddedKafka) -> None:
    """Make its data directory one of this cluster; by itself, each broker is a cluster of its own."""
    broker.data_dir.mkdir()
    DataDir(broker.data_dir).prepare(broker.port, broker.controller_port, broker.extra_config, class_path())
    meta = broker.data_dir / "log" / "meta.properties"
    lines = meta.read_text("ascii").splitlines()
    kept = [line for line in lines if not line.startswith("cluster.id=")]
    meta.write_text("\n".join([*kept, f"cluster.id={_CLUSTER_ID}", ""]), "ascii")
