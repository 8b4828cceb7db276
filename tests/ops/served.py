"""A process that serves the pages of a worker that is well, with as few files as most systems grant.

Called with a port; says "serving", and ends with its stdin.
"""

import resource
import sys
from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from sandik.telemetry.health import Answer
from sandik.telemetry.logs import configure_logs
from sandik.worker.ops_server import served


def well() -> Any:
    """What the pages ask of a worker."""
    registry = CollectorRegistry()
    Gauge("sandik_ready", "Whether it is.", registry=registry).set(1)
    metrics = SimpleNamespace(registry=registry)
    return SimpleNamespace(alive=Answer("alive", [], []), ready=Answer("ready", [], []), metrics=metrics)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    configure_logs("warning")
    with served(well(), "127.0.0.1", int(sys.argv[1])):
        sys.stdout.write("serving\n")
        sys.stdout.flush()
        sys.stdin.read()
