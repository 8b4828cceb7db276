"""The broker dies and comes back: counts stay exact, and a worker counts again or ends; it never hangs."""

import asyncio
import itertools
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from sandik.telemetry.log_throttle import AT_ONCE, EVERY_S
from tests.support.kafka import read_topic, wait_until
from tests.support.scene import Scene, brief, some_posts, wait_for_more
from tests.support.workers import Follower, Workers, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

#: Since the broker is back: what is not counting by then hangs.
DEADLINE_S = 90


class Supervisor:
    """Starts a worker anew when one has ended, as systemd or Kubernetes would."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.current: list[subprocess.Popen[bytes]] = []
        self.exit_codes: list[int] = []

    @asynccontextmanager
    async def keeping(self, count: int) -> AsyncIterator[None]:
        """Keep so many workers running."""
        self.current = [self.workers.start() for _ in range(count)]
        supervising = asyncio.create_task(self._supervise())
        try:
            yield
        finally:
            supervising.cancel()

    async def _supervise(self) -> None:
        while True:
            for place, worker in enumerate(self.current):
                exit_code = worker.poll()
                if exit_code is not None:
                    self.exit_codes.append(exit_code)
                    self.current[place] = self.workers.start()
            await asyncio.sleep(1)


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture
async def scene(own_kafka: EmbeddedKafka) -> Scene:
    return await Scene.made(brief(quick_settings(own_kafka.bootstrap_servers)))


def assert_calm(log: str) -> None:
    """Fail if the Kafka client says more than a few things, and one every few seconds."""
    lines = [json.loads(line) for line in log.splitlines()]
    times = [
        datetime.fromisoformat(line["timestamp"]) for line in lines if line["logger"].startswith("aiokafka")
    ]
    for (first, start), (last, end) in itertools.combinations(enumerate(times), 2):
        assert last - first <= AT_ONCE + (end - start).total_seconds() / EVERY_S, log


@pytest.mark.parametrize("away_s", [0, 15, pytest.param(60, marks=pytest.mark.long)])
async def test_a_killed_broker_costs_no_count_and_hangs_no_worker(
    scene: Scene, own_kafka: EmbeddedKafka, tmp_path: Path, away_s: float
) -> None:
    """Away for nothing but its start, and for longer than the workers' session timeout of 6 s."""
    settings, posts = scene.settings, some_posts(12_000)
    with Workers(environment(settings), tmp_path) as workers:
        supervisor = Supervisor(workers)
        async with supervisor.keeping(2):
            await scene.write(posts[:6_000])
            async with Follower(settings.broker, settings.topic("counts")) as follower:
                await wait_for_more(follower)
            own_kafka.kill()
            await asyncio.sleep(away_s)
            await asyncio.to_thread(own_kafka.start)
            await scene.write(posts[6_000:])
            async with Follower(settings.broker, settings.topic("counts")) as follower:
                what = f"all {len(posts)} posts are counted"
                await wait_until(lambda: follower.has(len(posts)), DEADLINE_S, what)
                # Both take part again: neither the survivors nor their successors hang.
                await scene.wait_for_shares([2, 2], DEADLINE_S)
        logs = "\n".join(map(workers.log, workers.processes))
        for log in map(workers.log, supervisor.current):
            assert_calm(log)
        ended = [workers.terminate(worker) for worker in supervisor.current]
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            await follower.read()

    assert [0, 0] == ended, logs
    assert [] == supervisor.exit_codes, logs  # this long, they wait
    assert scene.truth() == follower.cells
    assert [] == await read_topic(settings.broker, settings.topic("posts.late"))
