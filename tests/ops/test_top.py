"""`sandik top` on real workers: who has what, how far behind, how fast; at a terminal, too."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from sandik.ops.cluster_state import Partition, Survey
from sandik.settings import Settings
from tests.demo.terminal import CTRL_C, at_a_terminal
from tests.support.command import sandik, succeed
from tests.support.kafka import wait_until
from tests.support.scene import Scene, some_posts, wait_for_all
from tests.support.workers import Follower, Workers, environment


def a_survey(at_ms: int, end: int, committed: int) -> Survey:
    partition = Partition(0, "w", end, committed, end - committed)
    return Survey(at_ms, "group", "Stable", {"w": [0]}, [partition], None, [])


def test_rates_are_what_changed_between_two_looks() -> None:
    later = a_survey(12_000, end=500, committed=450).since(a_survey(10_000, end=300, committed=50))

    assert (later.arriving_per_s, later.counted_per_s, later.lag) == (100.0, 200.0, 50)


def test_two_looks_at_the_same_time_have_no_rates() -> None:
    assert a_survey(10, 5, 5).since(a_survey(10, 4, 4)).counted_per_s is None


@pytest.mark.broker
@pytest.mark.timeout(100)
async def test_top_shows_who_counts_what_and_what_nobody_does(
    worker_settings: Settings, tmp_path: Path
) -> None:
    scene = await Scene.made(worker_settings)
    variables = environment(worker_settings)
    await scene.write(some_posts(400))

    before = look(variables)
    with Workers(variables, tmp_path) as workers:
        workers.start()
        workers.start()
        await scene.wait_for_shares([2, 2])
        await scene.write(some_posts(800)[400:])  # what was counted before a rebalance is committed with more
        async with Follower(worker_settings.broker, worker_settings.topic("counts")) as follower:
            await wait_for_all(follower, scene, workers)

        def is_committed() -> bool:
            return all(one["lag"] == 0 for one in look(variables)["partitions"])

        await wait_until(is_committed, 60, "all is committed")
        now = look(variables)

    assert {one["worker"] for one in before["partitions"]} == {None}
    assert sum(one["lag"] for one in before["partitions"]) == 400
    assert sorted(map(len, now["workers"].values())) == [2, 2]
    assert [one["partition"] for one in now["partitions"]] == [0, 1, 2, 3]
    assert all(one["partition"] in now["workers"][one["worker"]] for one in now["partitions"])
    assert sum(one["committed"] for one in now["partitions"]) == 800
    assert sum(window["posts"] for window in now["windows"]) == 800


@pytest.mark.broker
@pytest.mark.timeout(120)
def test_at_a_terminal_it_looks_again_and_again_until_ctrl_c(worker_settings: Settings) -> None:
    asyncio.run(Scene(worker_settings).make_topics())
    variables = {**os.environ, **environment(worker_settings), "TERM": "xterm"}
    command = (sys.executable, "-m", "sandik", "top", "--every", "0.2")

    with at_a_terminal(*command, environment=variables) as terminal:
        terminal.read_until("0 workers")
        terminal.read_until("counted")  # the second look has rates
        terminal.type(CTRL_C)
        code = terminal.wait()

    assert code == 0
    assert "Traceback" not in terminal.shown


def look(variables: dict[str, str]) -> dict[str, Any]:
    done = succeed("top", "--once", "--json", environment=variables)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_without_kafka_top_says_so_in_one_line() -> None:
    done = sandik("top", "--once", environment={"SANDIK_BROKER": "127.0.0.1:1"})

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(b"sandik: Kafka at 127.0.0.1:1 does not answer")
