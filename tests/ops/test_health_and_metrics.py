"""A real worker on a real Kafka, asked for its health in each state it can be in, and for its metrics."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from sandik import __version__
from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import MENTIONS, POSTS
from sandik.settings import Settings
from sandik_schemas.mention import Mention
from tests.support.kafka import NewRecord, produce, read_topic, wait_until
from tests.support.ops import Ops
from tests.support.scene import BASE_MS, TEXTS, Scene, brief, some_posts
from tests.support.workers import Workers, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

ODD = "tests.ops.odd_worker"
MINUTE_MS = 60_000


def a_record(post_id: str, created_at_ms: int, text: str = TEXTS[0], **more: object) -> NewRecord:
    value = {"id": post_id, "source": "t", "created_at_ms": created_at_ms, "text": text, **more}
    return post_id.encode(), msgspec.json.encode(value), 2, None


#: In this order in one partition: two windows, then what is duplicate, ignored, rejected and late.
GOOD = [a_record(f"t:{number}", BASE_MS + number * 1_000, TEXTS[number % 6]) for number in range(60)]
LATE = [a_record("t:late", BASE_MS + 20 * MINUTE_MS), a_record("t:too-late", BASE_MS)]
OTHER = [
    a_record("t:0", BASE_MS),
    a_record("t:5", BASE_MS + 5_000),
    a_record("t:1", BASE_MS + 1_000, op="delete"),
    (b"k", b"not json", 2, None),
    (b"k", b"[]", 2, None),
    (b"k", b"{", 2, None),
    (b"k", None, 2, None),
]


async def test_the_metrics_say_what_became_of_the_posts(worker_settings: Settings, tmp_path: Path) -> None:
    settings, ops = worker_settings, Ops()
    scene = await Scene.made(settings)
    posts = settings.topic(POSTS)

    async def write(records: list[NewRecord]) -> None:
        before = ops.metrics()[("sandik_posts_consumed_total",)]
        await produce(settings.broker, posts, records)

        def are_counted() -> bool:
            return ops.metrics()[("sandik_posts_consumed_total",)] == before + len(records)

        await workers.until(are_counted, 60, "the metrics have all records")

    with Workers({**environment(settings), **ops.environment}, tmp_path) as workers:
        worker = workers.start()
        await ops.wait_for("ready")
        await write(GOOD)
        await write(OTHER)
        await write(LATE)

        def is_final() -> bool:
            return ops.metrics()[("sandik_windows_final_total",)] >= 1

        await wait_until(is_final, 60, "the first window is final")
        await write([a_record("t:corrects", BASE_MS + 12 * MINUTE_MS)])
        found = ops.metrics()
        assert workers.terminate(worker) == 0

    mentions = [
        msgspec.json.decode(record.value or b"", type=Mention)
        for record in await read_topic(settings.broker, settings.topic(MENTIONS))
    ]
    tags = Counter((mention.language, tag) for mention in mentions for tag in mention.tags)
    tags += Counter((mention.language, "both") for mention in mentions if len(mention.tags) == 2)
    tagged = {key[1:]: value for key, value in found.items() if key[0] == "sandik_posts_tagged_total"}
    assert tagged == tags
    assert {key[1]: value for key, value in found.items() if key[0] == "sandik_posts_rejected_total"} == {
        "not_json": 2,
        "not_a_post": 1,
        "no_value": 1,
    }
    assert found[("sandik_posts_duplicate_total",)] == 2
    assert found[("sandik_posts_ignored_total",)] == 1
    assert found[("sandik_posts_late_total", "set_aside")] == 1
    assert found[("sandik_posts_late_total", "counted")] == 1
    assert found[("sandik_batch_records_sum",)] == len(GOOD) + len(OTHER) + len(LATE) + 1
    assert found[("sandik_end_to_end_seconds_count",)] == found[("sandik_batch_records_count",)]
    for step in ("decode", "language", "tags", "fold", "aside", "state"):
        assert found[("sandik_step_seconds_count", step)] == found[("sandik_batch_records_count",)]
    assert {key[1]: value for key, value in found.items() if key[0] == "sandik_consumer_lag_records"} == {
        str(partition): 0 for partition in range(4)
    }
    assert [key[1] for key in found if key[0] == "sandik_watermark_lag_seconds"] == ["2"]
    assert found[("sandik_windows_final_total",)] == 1  # the correction makes none final
    assert found[("sandik_merge_owner",)] == found[("sandik_ready",)] == 1
    assert found[("sandik_merge_watermark_lag_seconds",)] > 0
    assert found[("sandik_open_windows", "count")] >= 1
    assert found[("sandik_rebalances_total",)] >= 1
    assert found[("sandik_rebalance_seconds_count",)] >= 1
    assert found[("sandik_recovery_seconds",)] > 0
    job = scene.job
    labels = job.detector.version, job.tagger.version, job.run_id, __version__  # in the order of their names
    assert found[("sandik_build_info", *labels)] == 1


async def test_a_worker_is_starting_then_recovering_then_ready(
    worker_settings: Settings, tmp_path: Path
) -> None:
    await Scene.made(worker_settings)
    ops = Ops()
    with Workers({**environment(worker_settings), **ops.environment}, tmp_path) as workers:
        workers.start(ODD, "recovers_slowly")
        await ops.wait_for("ready")

    # Right after its start it may still be asking Kafka for the first time.
    passing = ("rebalancing", "broker_away")
    assert [state for state in ops.seen if state not in passing] == ["starting", "recovering", "ready"]


async def test_a_worker_whose_group_shares_anew_is_rebalancing_until_that_is_done(
    worker_settings: Settings, tmp_path: Path
) -> None:
    scene, ops = await Scene.made(worker_settings), Ops()
    # So that the group waits for the one that stands still for as long as this test looks.
    patient = worker_settings.model_copy(update={"session_timeout_ms": 40_000})
    with Workers(environment(patient), tmp_path) as workers:
        other = workers.start()
        await scene.wait_for_shares([4])
        workers.environment |= environment(worker_settings) | ops.environment
        workers.start()
        await ops.wait_for("ready")
        await scene.wait_for_shares([2, 2])
        other.send_signal(signal.SIGSTOP)
        workers.environment["SANDIK_OPS_PORT"] = "0"
        workers.start()

        page = await ops.wait_for("rebalancing")
        other.send_signal(signal.SIGCONT)
        await ops.wait_for("ready")

    assert page.status == 503


@asynccontextmanager
async def odd(settings: Settings, folder: Path, what: str) -> AsyncIterator[Ops]:
    """Lend the pages of a ready worker that does something odd when it gets posts, which it does."""
    scene, ops = await Scene.made(settings), Ops()
    with Workers({**environment(settings), **ops.environment}, folder) as workers:
        worker = workers.start(ODD, what)
        await ops.wait_for("ready")
        await scene.write(some_posts(100))
        yield ops
        worker.kill()


async def test_a_worker_that_counts_and_does_not_commit_is_not_ready(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings.model_copy(update={"commit_every_ms": 200})
    async with odd(settings, tmp_path, "never_commits") as ops:
        page = await ops.wait_for("not_committing")

        assert page.status == 503
        assert (ops.probe("/healthz") or page).status == 200


async def test_a_worker_whose_agent_crashed_is_not_alive(worker_settings: Settings, tmp_path: Path) -> None:
    async with odd(worker_settings, tmp_path, "crashes") as ops:
        page = await ops.wait_for("crashed", "/healthz")

        assert (ops.probe("/readyz") or page).status == 503
    assert page.status == 503
    assert "out of cheese" in page.reasons[0]


async def test_a_worker_whose_event_loop_does_not_move_says_so(
    worker_settings: Settings, tmp_path: Path
) -> None:
    async with odd(worker_settings, tmp_path, "blocks") as ops:
        page = await ops.wait_for("stuck", "/healthz")

        assert page.status == 503
        assert ("sandik_ready",) in ops.metrics()


async def test_a_worker_whose_kafka_is_gone_is_alive_and_not_ready_until_it_is_back(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        settings, ops = brief(quick_settings(kafka.bootstrap_servers)), Ops()
        await Scene.made(settings)
        with Workers({**environment(settings), **ops.environment}, tmp_path) as workers:
            workers.start()
            await ops.wait_for("ready")
            await asyncio.to_thread(kafka.kill)

            page = await ops.wait_for("broker_away")
            assert page.status == 503
            assert (ops.probe("/healthz") or page).status == 200

            await asyncio.to_thread(kafka.start)
            await ops.wait_for("ready")


async def test_a_second_worker_on_the_same_port_does_not_start_and_says_what_to_set(
    worker_settings: Settings, tmp_path: Path
) -> None:
    await Scene.made(worker_settings)
    ops = Ops()
    with Workers({**environment(worker_settings), **ops.environment}, tmp_path) as workers:
        workers.start()
        await ops.wait_for("ready")
        second = workers.start()

        assert await asyncio.to_thread(second.wait, 60) == 2
        [said] = workers.log(second).splitlines()
        workers.processes.remove(second)

    assert f"127.0.0.1:{ops.port} (Address already in use): set SANDIK_OPS_PORT" in said
