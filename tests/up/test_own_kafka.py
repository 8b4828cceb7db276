"""`sandik up` with a Kafka of its own: from a file to a page, twice, side by side, and to the end."""

import os
import re
import signal
from pathlib import Path

import aiohttp
import psutil
import pytest

from sandik.broker import EmbeddedKafka
from tests.support.kafka import wait_until
from tests.up.running import DEADLINE_S, Up, archive, processes, up

pytestmark = [pytest.mark.broker, pytest.mark.timeout(900)]


async def page_of(running: Up) -> str:
    await wait_until(lambda: running.out.endswith("/\n"), DEADLINE_S, "the page's address is on stdout")
    return running.out.strip()


async def posts_on(page: str) -> int:
    async with aiohttp.ClientSession(page) as session, session.get("/api/status") as response:
        status = await response.json()
        assert response.status == 200
        return sum(language["posts"]["all"] for language in status["languages"])


async def test_from_a_file_to_a_page_again_and_beside_and_nothing_is_left(tmp_path: Path) -> None:
    first, second = (
        archive(tmp_path / "first.jsonl", range(30)),
        archive(tmp_path / "second.jsonl", range(30, 50)),
    )
    data_dir = tmp_path / "veri, ы"
    with up(data_dir, str(first)) as one:
        page = await page_of(one)
        await one.until_said("first.jsonl read, 30 posts | 30 counted")
        before = await one.counted(30)
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", page)

        async def is_shown() -> bool:
            return await posts_on(page) == 30

        await wait_until(is_shown, DEADLINE_S, "the page shows all posts")

        with up(data_dir, str(second)) as beside:
            assert beside.wait() == 0, beside.said
            assert beside.out == f"{page}\n"
            assert f"(process {one.process.pid}) already runs" in beside.said
        together = await one.counted(50)
        with up(data_dir, "--port", "1") as other:
            assert other.wait() == 2
            assert "choose another --data-dir" in other.said
        assert len(list(data_dir.glob("logs/ingest-*"))) == 0
        assert one.end() == 0
        assert processes(one.mark) == []
        assert one.said.splitlines()[-1].startswith("kafka ended | worker ended | page ended")
        assert "Traceback" not in one.said
    assert one.home.running() is None
    assert sum(count for count, _ in before.values()) == 30

    with up(data_dir, str(first), str(second)) as again:
        await page_of(again)
        await again.until_said("already read")
        assert await again.counts() == together, "what was counted is there, and as it was"
        assert again.end(signal.SIGTERM) == 0
        assert processes(again.mark) == []


async def test_when_kafka_dies_everything_ends_and_the_error_says_why(tmp_path: Path) -> None:
    with up(tmp_path / "data") as one:
        await one.until_said("worker ready | page ready")
        [java] = [process for process in processes(one.mark) if process.name() == "java"]

        java.kill()

        assert one.wait() == 1
        assert "`sandik broker` has ended with exit code 1\n  Error: Kafka died" in one.said
        assert "broker" in one.said
        assert "Traceback" not in one.said
        assert processes(one.mark) == []


async def test_a_killed_up_leaves_nothing_and_the_next_one_waits_for_that(tmp_path: Path) -> None:
    with up(tmp_path / "data") as one:
        await one.until_said("worker ready | page ready")
        port = one.running.broker
        one.process.kill()
        with up(tmp_path / "data") as two:
            await two.until_said("worker ready | page ready")
            assert two.running.broker == port, "people have typed it"
            assert two.running.owns_broker
            assert processes(one.mark) == []
            assert two.end() == 0


async def test_the_broker_that_runs_in_the_folder_is_used_and_left_alone(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "kafka") as kafka, up(tmp_path) as one:
        await one.until_said("worker ready | page ready")
        assert one.running.broker == kafka.bootstrap_servers
        assert not one.running.owns_broker
        assert one.end() == 0
        assert kafka.is_running
        assert os.getpgid(kafka.pid) == psutil.Process(kafka.pid).pid
