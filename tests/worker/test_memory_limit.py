"""The memory limit of compose and of the manifests, set by a control group: a worker never meets it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandik.clock import SystemClock
from sandik.settings import Settings
from tests.faults.test_hostile_producer import hostile
from tests.support import quick_yaml
from tests.support.hostile import send
from tests.support.kafka import produce
from tests.support.scene import Scene, a_post, some_posts
from tests.support.workers import Workers, count_all, environment

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
BACKLOG = 200_000
#: By version: the names of the limit, of the most that was used, and of the file that tells of a kill.
FILES = {
    1: ("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control"),
    2: ("memory.max", "memory.peak", "memory.events"),
}


class Group:
    """A control group with the limit of docker-compose.yml."""

    def __init__(self) -> None:
        self.version = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
        parent = Path("/sys/fs/cgroup", *(["memory"] if self.version == 1 else []))
        self.path = parent / f"sandik-{os.getpid()}"
        self.limit, self.peak, self.events = FILES[self.version]
        compose = quick_yaml.load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        said = compose["services"]["worker"]["deploy"]["resources"]["limits"]["memory"]
        self.limit_bytes = int(re.sub("M$", "", said)) << 20

    def __enter__(self) -> "Group":
        try:
            self.path.mkdir()
            (self.path / self.limit).write_text(str(self.limit_bytes))
        except OSError as why:
            pytest.skip(f"no right to make a control group with a memory limit: {why}")
        return self

    def __exit__(self, *_: object) -> None:
        self.path.rmdir()

    def take(self, pid: int) -> None:
        (self.path / "cgroup.procs").write_text(str(pid))

    @property
    def peak_bytes(self) -> int:
        return int((self.path / self.peak).read_text())

    @property
    def kills(self) -> int:
        found = re.search(r"^oom_kill (\d+)$", (self.path / self.events).read_text(), re.MULTILINE)
        return int(found[1]) if found else 0


@pytest.fixture
def limited() -> Iterator[Group]:
    with Group() as group:
        yield group


def start(workers: Workers, group: Group) -> int:
    """Start a worker that is in the group before it has loaded anything."""
    worker = workers.start()
    group.take(worker.pid)
    return workers.processes.index(worker)


async def test_in_a_catch_up(worker_settings: Settings, tmp_path: Path, limited: Group) -> None:
    scene = Scene(
        Settings(broker=worker_settings.broker, topic_prefix=worker_settings.topic_prefix, partitions=12)
    )
    await scene.make_topics()
    records = [(key, value, None, None) for key, value in some_posts(BACKLOG)]
    await produce(scene.settings.broker, scene.settings.topic("posts"), records)
    with Workers({**environment(scene.settings), "PYTHONUNBUFFERED": "1"}, tmp_path) as workers:
        start(workers, limited)
        await count_all(scene.settings, workers, BACKLOG)
        [worker] = workers.alive
        assert workers.terminate(worker) == 0

    print(f"catch-up of {BACKLOG:,} posts: at most {limited.peak_bytes / 1e6:.0f} MB")  # noqa: T201
    assert limited.kills == 0


async def test_while_a_hostile_producer_writes(
    worker_settings: Settings, tmp_path: Path, limited: Group
) -> None:
    scene = Scene(worker_settings)
    settings, posts = scene.settings, scene.settings.topic("posts")
    await scene.make_topics()
    await send(settings.broker, posts, [(0, batch) for number in range(4) for batch in hostile(number)])
    now_ms = SystemClock().now_ms()
    honest = [(*a_post(number, now_ms), 1 + number % 3, None) for number in range(300)]
    await produce(settings.broker, posts, honest)
    ends = await scene.ends()
    with Workers({**environment(settings), "PYTHONUNBUFFERED": "1"}, tmp_path) as workers:
        start(workers, limited)

        async def is_read() -> bool:
            committed = await scene.committed()
            found = {tp.partition: offset for tp, offset in committed.items() if tp.topic == posts}
            return [found.get(number, 0) for number in range(len(ends))] == ends

        await workers.until(is_read, 900, "all records are accounted for")
        [worker] = workers.alive
        assert workers.terminate(worker) == 0

    print(f"hostile producer: at most {limited.peak_bytes / 1e6:.0f} MB")  # noqa: T201
    assert limited.kills == 0
