"""`sandik up` with a Kafka of yours: it starts the rest, and starts again what may be started again."""

import gzip
import signal
from pathlib import Path

import pytest

from sandik.settings import Settings
from sandik.up.process import last_words
from tests.support.command import refused
from tests.support.workers import environment
from tests.up.running import archive, processes, up

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]


def variables(settings: Settings) -> dict[str, str]:
    return environment(settings)


async def test_a_worker_and_a_page_that_are_killed_come_back_and_counts_stay_exact(
    worker_settings: Settings, tmp_path: Path
) -> None:
    posts = archive(tmp_path / "posts.jsonl", range(40))
    with up(tmp_path / "data", str(posts), environment=variables(worker_settings)) as one:
        await one.until_said("page ready | posts.jsonl read, 40 posts | 40 counted")
        assert one.running.broker == worker_settings.broker
        assert not any(process.name() == "java" for process in processes(one.mark))
        page = one.running.page

        since = len(one.said)
        one.process_of("worker").kill()
        await one.until_said("`sandik worker` was ended by signal 9", since)
        await one.until_said("restarting it in 1 s", since)
        await one.until_said("worker ready", since)

        since = len(one.said)
        one.process_of("dashboard").kill()
        await one.until_said("`sandik dashboard` was ended by signal 9", since)
        await one.until_said("page ready", since)
        assert one.running.page == page
        assert one.out == f"{page}\n", "the address is said once"

        more = archive(tmp_path / "more.jsonl", range(40, 60))
        with up(tmp_path / "data", str(more), environment=variables(worker_settings)) as beside:
            assert beside.wait() == 0, beside.said
        await one.counted(60)
        assert one.end(signal.SIGTERM) == 0
        assert processes(one.mark) == []


async def test_a_worker_that_cannot_start_ends_everything_with_its_last_words(
    worker_settings: Settings, tmp_path: Path
) -> None:
    variables_of = variables(worker_settings)
    with up(tmp_path / "data", environment=variables_of) as one:
        await one.until_said("worker ready")
        assert one.end() == 0
    with up(tmp_path / "data", environment={**variables_of, "SANDIK_WINDOW_SIZE_MS": "120000"}) as other:
        assert other.wait() == 1
        assert "`sandik worker` has ended with exit code 1\n  sandik: " in other.said
        assert "sandik runs replace" in other.said
        assert f"its log: {tmp_path / 'data' / 'logs' / 'worker.log'}" in other.said
        assert processes(other.mark) == []


async def test_a_file_that_breaks_off_is_told_the_rest_counted_and_the_exit_code_says_so(
    worker_settings: Settings, tmp_path: Path
) -> None:
    whole = gzip.compress(archive(tmp_path / "whole.jsonl", range(10_000), noise_bytes=200).read_bytes())
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(whole[: len(whole) // 2])
    with up(tmp_path / "data", str(broken), environment=variables(worker_settings)) as one:
        await one.until_said("broken.jsonl.gz read in part, ")
        assert "`sandik ingest` has ended with exit code 1" in one.said
        posts = one.said.partition("read in part, ")[2].partition(" posts")[0].replace(",", "")
        await one.counted(int(posts))
        assert one.end() == 1
        assert processes(one.mark) == []
    assert not (tmp_path / "data" / "read.json").exists()


async def test_a_file_without_a_post_ends_everything(worker_settings: Settings, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.jsonl"
    nothing.write_text("no post at all\n")
    with up(tmp_path / "data", str(nothing), environment=variables(worker_settings)) as one:
        assert one.wait() == 1
        assert "`sandik ingest` has ended with exit code 2" in one.said
        assert "cannot tell the format" in one.said
        assert processes(one.mark) == []


async def test_a_kafka_that_is_not_there_is_said(tmp_path: Path) -> None:
    with up(tmp_path, environment={"SANDIK_BROKER": "127.0.0.1:1"}) as one:
        assert one.wait() == 1
        assert "Kafka at 127.0.0.1:1 does not answer" in one.said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--no-such-option", "posts.jsonl"], "No such option"),
        (["gone.jsonl"], "gone.jsonl does not exist"),
        (["--dry-run", "gone.jsonl"], "--dry-run does not need"),
        (["posts.jsonl", "--port", "70000"], "65535"),
    ],
)
def test_a_mistake_is_said_before_anything_is_started(
    arguments: list[str], reason: str, tmp_path: Path
) -> None:
    done = refused("up", *arguments, "--data-dir", str(tmp_path / "data"), says=reason)
    assert last_words(done.stderr.decode())
    assert not (tmp_path / "data").exists()
