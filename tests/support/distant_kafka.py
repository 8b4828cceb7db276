"""A Kafka that is far away from workers, and near the test."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sandik.broker import EmbeddedKafka, probe
from tests.support.scene import Scene, brief
from tests.support.slow_proxy import SlowProxy
from tests.support.workers import Follower, Workers, counting, quick_settings


class Distant(NamedTuple):
    """A broker, the port at which it takes those who are far, and the port to which it sends them."""

    kafka: EmbeddedKafka
    slow_port: int
    proxy_port: int


@contextmanager
def distant(directory: Path) -> Iterator[Distant]:
    """Run a broker that sends its clients to another port than the one it listens on."""
    port, controller_port, slow_port, proxy_port = (probe.free_port() for _ in range(4))
    extra = {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},SLOW://127.0.0.1:{slow_port},"
        f"CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},SLOW://127.0.0.1:{proxy_port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SLOW:PLAINTEXT",
    }
    with EmbeddedKafka(directory / "kafka", port, controller_port, extra_config=extra) as kafka:
        yield Distant(kafka, slow_port, proxy_port)


@asynccontextmanager
async def slowly(
    distant: Distant,
    log_dir: Path,
    delay_s: float,
    changes: Mapping[str, Any] | None = None,
    *,
    trickles: bool = False,
) -> AsyncIterator[tuple[Scene, Workers, Follower]]:
    """Workers to be started that wait for Kafka, each way; the test itself has a short way to it."""
    scene = Scene(brief(quick_settings(distant.kafka.bootstrap_servers)).model_copy(update=changes or {}))
    settings = scene.settings
    await scene.make_topics()
    far = {"SANDIK_BROKER": f"127.0.0.1:{distant.proxy_port}"}
    async with (
        SlowProxy(distant.proxy_port, distant.slow_port, delay_s=delay_s, trickles=trickles),
        counting(settings, log_dir, **far) as (workers, follower),
    ):
        yield scene, workers, follower
