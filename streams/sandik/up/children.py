"""The processes of `sandik up`, as data. Each is a command that users can run themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandik.up.request import Request

KAFKA, TOPICS, WORKER, PAGE, SOURCE = "kafka", "topics", "worker", "page", "ingest"


@dataclass(frozen=True)
class Job:
    """One command. `name` is also the name of its log."""

    name: str
    arguments: tuple[str, ...]
    #: Settings in addition to those of `up`.
    settings: Mapping[str, str] = field(default_factory=dict)
    #: How long it may take to stop.
    end_s: float = 20.0
    #: Whether it can be restarted safely after it ended by itself.
    can_restart: bool = False
    reads_stdin: bool = False


def kafka(port: int, data_dir: str) -> Job:
    """Return the broker."""
    arguments = ("broker", "--port", str(port), "--controller-port", "0", "--data-dir", data_dir)
    return Job(KAFKA, arguments, end_s=40.0)


def topics(broker: str, wait_s: float) -> Job:
    """Return the command that creates the topics."""
    return Job(TOPICS, ("topics", "create", "--wait", f"{wait_s:g}"), {"SANDIK_BROKER": broker}, end_s=5.0)


def worker(broker: str, ops_port: int, data_dir: str) -> Job:
    """Return a worker. Its state is in Kafka, so a new one continues exactly where the old one stopped."""
    settings = {
        "SANDIK_BROKER": broker,
        "SANDIK_OPS_HOST": "127.0.0.1",
        "SANDIK_OPS_PORT": str(ops_port),
        "SANDIK_DATA_DIR": data_dir,
    }
    return Job(WORKER, ("worker",), settings, can_restart=True)


def page(broker: str, port: int) -> Job:
    """Return the page. It has no state."""
    arguments = ("dashboard", "--port", str(port))
    return Job(PAGE, arguments, {"SANDIK_BROKER": broker}, end_s=10.0, can_restart=True)


def source(broker: str, request: Request) -> Job:
    """Return the reader of the source. A live source continues from its cursor; files would be read again."""
    return Job(
        SOURCE,
        ("ingest", "--json", *request.arguments),
        {"SANDIK_BROKER": broker},
        end_s=30.0,
        can_restart=request.is_live,
        reads_stdin=request.is_piped,
    )
