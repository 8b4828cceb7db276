"""The topics of a prefix belong to one run. Another one is refused, or replaces it as a whole."""

import asyncio
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from sandik.cli import runs
from sandik.kafka.control_topic import read_control
from sandik.kafka.topics import all_topics
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.support.command import sandik, succeed
from tests.support.kafka import end_offsets, wait_until
from tests.support.scene import Scene, some_posts, wait_for_all
from tests.support.workers import Follower, Workers, counting, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


async def ends(settings: Settings) -> dict[str, int]:
    """Return how long each topic is."""
    tps = [TopicPartition(spec.name, one) for spec in all_topics(settings) for one in range(spec.partitions)]
    found = await end_offsets(settings.broker, tps)
    return {f"{tp.topic}/{tp.partition}": end for tp, end in found.items()}


def shown(settings: Settings) -> Counter[bytes]:
    """Return what `sandik counts` shows, by the keys of the cells."""
    done = succeed("counts", "--once", "--json", environment=environment(settings))
    cells: Counter[bytes] = Counter()
    for line in done.stdout.splitlines():
        count = json.loads(line)
        size_ms = count["window_end_ms"] - count["window_start_ms"]
        key = f"{count['window_start_ms']}|{size_ms}|{count['language']}|{count['tag']}".encode()
        assert key not in cells, "each cell is shown once"
        cells[key] = count["count"]
    return cells


async def test_another_run_is_refused_and_writes_nothing_until_it_replaces_the_first(
    scene: Scene, tmp_path: Path
) -> None:
    settings = scene.settings
    other = settings.model_copy(update={"window_size_ms": 20_000, "app_id": "other"})
    await scene.write(some_posts(2_000))
    async with counting(settings, tmp_path) as (workers, follower):
        first = workers.start()
        await wait_for_all(follower, scene, workers)
        assert 0 == workers.terminate(first)
        await follower.read()
        before = await ends(settings)

        workers.environment |= environment(other)
        said = await workers.refusal(workers.start())
        workers.processes.pop()
        after = await ends(settings)

        replaced = sandik("runs", "replace", environment=environment(other))
        await follower.read()
        cells_after_replacing = dict(follower.latest)
        second = workers.start()
        await wait_for_all(follower, scene, workers)
        assert 0 == workers.terminate(second)
        await follower.read()

    truth = Scene(other)
    truth.written = scene.written
    assert "window_size_ms 10000 there, 20000 here" in said
    assert "`sandik runs replace`" in said
    assert before == after
    assert replaced.returncode == 0, replaced.stderr
    assert {} == cells_after_replacing
    assert truth.truth() == follower.cells
    assert truth.truth() == shown(other)


async def test_of_two_that_replace_a_run_at_once_the_second_removes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = scene.settings
    both = [settings.model_copy(update={"window_size_ms": size_ms}) for size_ms in (20_000, 30_000)]
    check, have_looked = runs._check_stopped, asyncio.Barrier(2)

    async def look_together(*arguments: Any) -> None:
        await check(*arguments)
        await have_looked.wait()

    monkeypatch.setattr(runs, "_check_stopped", look_together)
    outcomes = await asyncio.gather(
        *(runs._replace(one, load_job(one)) for one in both), return_exceptions=True
    )

    [refused] = [one for one in outcomes if isinstance(one, BaseException)]
    [(_, claimed)] = [one for one in outcomes if not isinstance(one, BaseException)]
    assert "another `sandik runs replace` started first" in str(refused)
    assert (await read_control(settings)).owner == claimed


async def test_a_run_is_not_replaced_while_its_workers_run(scene: Scene, tmp_path: Path) -> None:
    settings = scene.settings
    await scene.write(some_posts(500))
    async with counting(settings, tmp_path) as (workers, follower):
        workers.start()
        await wait_for_all(follower, scene, workers)

        done = sandik("runs", "replace", environment=environment(settings))
        await follower.read()

    assert done.returncode == 1
    assert f"1 workers of the group {scene.group} are still running".encode() in done.stderr
    assert scene.truth() == follower.cells


async def test_a_worker_that_slept_while_its_run_was_replaced_stops(scene: Scene, tmp_path: Path) -> None:
    settings = scene.settings
    other = settings.model_copy(update={"window_size_ms": 20_000})
    await scene.write(some_posts(500))
    with Workers(environment(settings), tmp_path) as workers:
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            asleep = workers.start()
            await wait_for_all(follower, scene, workers)
        asleep.send_signal(signal.SIGSTOP)

        async def is_replaced() -> bool:
            return sandik("runs", "replace", environment=environment(other)).returncode == 0

        await wait_until(is_replaced, 60, "Kafka has noticed that the worker is gone")
        asleep.send_signal(signal.SIGCONT)
        code = await asyncio.to_thread(asleep.wait, 120)

    assert code == 1
    assert "`sandik runs replace` was run" in workers.log(asleep)


async def test_the_same_run_counts_anew_after_it_was_replaced(scene: Scene, tmp_path: Path) -> None:
    settings = scene.settings
    await scene.write(some_posts(1_000))
    async with counting(settings, tmp_path) as (workers, follower):
        for _ in range(2):
            worker = workers.start()
            await wait_for_all(follower, scene, workers)
            assert 0 == workers.terminate(worker)
            await follower.read()
            assert scene.truth() == follower.cells
            assert 0 == sandik("runs", "replace", environment=environment(settings)).returncode
            await follower.read()
            assert {} == follower.latest


async def test_two_workers_that_claim_the_topics_at_once_both_count(scene: Scene, tmp_path: Path) -> None:
    await scene.write(some_posts(1_000))
    async with counting(scene.settings, tmp_path) as (workers, follower):
        workers.start()
        workers.start()
        await wait_for_all(follower, scene, workers)
        await scene.wait_for_shares([2, 2])
    shown_run = json.loads(sandik("runs", "show", "--json", environment=environment(scene.settings)).stdout)

    assert (shown_run["group"], shown_run["generation"]) == (scene.group, 1)
