"""Too many rejected records pause their partition; the others are counted on, and an operator resumes it."""

import json
from pathlib import Path

import pytest

from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import refused, sandik
from tests.support.hostile import Raw, a_batch, send
from tests.support.kafka import NewRecord, produce, read_topic
from tests.support.ops import Ops
from tests.support.workers import Workers, count_all, counting, environment
from tests.worker.test_refusals import posts

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

BAD: list[NewRecord] = [(b"k", b"not a post", 0, None)] * 200


async def dead_letters(settings: Settings) -> int:
    return len(await read_topic(settings.broker, settings.topic("posts.dlq")))


async def test_a_partition_is_paused_alone_through_a_restart_until_it_is_resumed(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings, ops = worker_settings, Ops()
    variables = {**environment(settings), "SANDIK_DLQ_MAX_CONSECUTIVE": "50"}
    await create(settings, all_topics(settings))
    # Ten posts for each of four partitions, then what is no post, and ten more each.
    await produce(settings.broker, settings.topic("posts"), [*posts(0, 40), *BAD, *posts(40, 80)])
    with Workers({**variables, **ops.environment}, tmp_path) as workers:
        first = workers.start()
        await count_all(settings, workers, 70)
        ready = await ops.wait_for("paused")
        assert 1 == ops.metrics()["sandik_partition_paused", "0"]
        assert 0 == ops.metrics()["sandik_partition_paused", "1"]
        assert 0 == workers.terminate(first)

        second = workers.start()
        again = await ops.wait_for("paused")
        # A partition that is paused holds the watermark no longer than an idle one.
        await produce(settings.broker, settings.topic("posts"), posts(80, 90))
        await count_all(settings, workers, 77)
        paused = json.loads(sandik("partitions", "paused", "--json", environment=variables).stdout)
        letters_while_paused = await dead_letters(settings)

        resumed = sandik("partitions", "resume", "0", environment=variables)
        await count_all(settings, workers, 90)
        await ops.wait_for("ready")
        none_left = json.loads(sandik("partitions", "paused", "--json", environment=variables).stdout)
        assert 0 == workers.terminate(second)

    for page in (ready, again):
        assert page.status == 200
        assert "partition 0 is paused at offset 60" in page.notices[0]
        assert "51 records in a row are rejected" in page.notices[0]
    assert [(0, 60)] == [(one["partition"], one["offset"]) for one in paused]
    assert 50 == letters_while_paused
    assert resumed.returncode == 0, resumed.stderr
    assert b"counting continues at offset 210" in resumed.stdout
    assert [] == none_left
    assert 200 == await dead_letters(settings)


async def test_windows_become_final_while_a_partition_is_paused(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    later_ms = 3_600_000
    bad_then_later = [*BAD, *(at_later(record, later_ms) for record in posts(40, 80))]
    await produce(settings.broker, settings.topic("posts"), [*posts(0, 40), *bad_then_later])
    async with counting(settings, tmp_path, SANDIK_DLQ_MAX_CONSECUTIVE="50") as (workers, follower):
        workers.start()

        async def is_final() -> bool:
            await follower.read()
            return any(count.is_final and count.count == 40 for count in follower.latest.values())

        await workers.until(is_final, 150, "the first window is final with all its posts")


def at_later(record: NewRecord, later_ms: int) -> NewRecord:
    key, value, partition, _ = record
    post = json.loads(value or b"")
    return (
        key,
        json.dumps({**post, "created_at_ms": post["created_at_ms"] + later_ms}).encode(),
        partition,
        None,
    )


async def test_a_partition_that_is_paused_for_its_share_of_rejected_records_loses_none_when_resumed(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings, ops = worker_settings, Ops()
    variables = {**environment(settings), **ops.environment}
    await create(settings, all_topics(settings))
    good = [(key, value, 0, time_ms) for key, value, _, time_ms in posts(0, 4_000)]
    # Never many in a row: two of three are no posts.
    await produce(
        settings.broker, settings.topic("posts"), [one for post in good for one in (*BAD[:2], post)]
    )
    with Workers(variables, tmp_path) as workers:
        workers.start()
        page = await ops.wait_for("paused")
        [paused] = json.loads(sandik("partitions", "paused", "--json", environment=variables).stdout)
        resumed = sandik("partitions", "resume", "0", environment=variables)
        await count_all(settings, workers, 4_000)
        await ops.wait_for("ready")

    assert "records are rejected, and SANDIK_DLQ_MAX_RATIO is 0.5" in page.notices[0]
    assert 0 < paused["offset"] < 12_000
    assert resumed.returncode == 0, resumed.stderr
    assert 8_000 == await dead_letters(settings)


async def test_a_higher_limit_resumes_the_partition(worker_settings: Settings, tmp_path: Path) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    await produce(settings.broker, settings.topic("posts"), [*posts(0, 40), *BAD, *posts(40, 80)])
    with Workers({**environment(settings), "SANDIK_DLQ_MAX_CONSECUTIVE": "50"}, tmp_path) as workers:
        first = workers.start()
        await count_all(settings, workers, 70)
        assert 0 == workers.terminate(first)
        workers.environment["SANDIK_DLQ_MAX_CONSECUTIVE"] = "1000"
        workers.start()
        await count_all(settings, workers, 80)
    assert 200 == await dead_letters(settings)


async def test_only_a_paused_partition_can_be_resumed(worker_settings: Settings) -> None:
    await create(worker_settings, all_topics(worker_settings))

    refused(
        *("partitions", "resume", "3"),
        environment=environment(worker_settings),
        says="partition 3 is not paused",
    )


async def test_a_partition_is_paused_in_front_of_a_batch_that_cannot_be_read_and_goes_on_behind_it(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings, ops = worker_settings, Ops()
    variables = {**environment(settings), **ops.environment, "SANDIK_DLQ_MAX_CONSECUTIVE": "1"}
    topic = settings.topic("posts")
    await create(settings, all_topics(settings))
    await produce(settings.broker, topic, [*posts(0, 4), BAD[0]])
    await send(settings.broker, topic, [(0, a_batch([Raw(b" " * 1_000_000)] * 100, "zstd"))])
    await produce(settings.broker, topic, posts(4, 8))
    with Workers(variables, tmp_path) as workers:
        workers.start()
        await count_all(settings, workers, 7)
        page = await ops.wait_for("paused")
        resumed = sandik("partitions", "resume", "--json", "0", environment=variables)
        await count_all(settings, workers, 8)

    assert "partition 0 is paused at offset 2" in page.notices[0]
    [found] = json.loads(resumed.stdout)
    assert (found["paused_at"], found["skipped"], found["next_good"]) == (2, 100, 102)
    assert 2 == await dead_letters(settings)
