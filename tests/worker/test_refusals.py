"""What would make counts wrong stops a worker, with exit code 1 and one line that says what to do."""

from pathlib import Path

import msgspec
import pytest
from aiokafka.admin import NewPartitions

from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import sandik
from tests.support.kafka import NewRecord, admin_of, configure, delete_topic, produce, read_topic, wait_until
from tests.support.scene import Scene
from tests.support.workers import Workers, count_all, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

BASE_MS = 1_683_800_040_000


def posts(first: int, last: int) -> list[NewRecord]:
    return [
        (
            f"t:{number}".encode(),
            msgspec.json.encode(
                {"id": f"t:{number}", "source": "t", "created_at_ms": BASE_MS, "text": "oy ver"}
            ),
            number % 4,
            None,
        )
        for number in range(first, last)
    ]


async def test_a_topic_that_was_made_anew_is_not_read_on(worker_settings: Settings, tmp_path: Path) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    await produce(settings.broker, settings.topic("posts"), posts(0, 400))
    with Workers(environment(settings), tmp_path) as workers:
        first = workers.start()
        await count_all(settings, workers, 400)
        assert 0 == workers.terminate(first)
        await delete_topic(settings.broker, settings.topic("posts"))
        await create(settings, all_topics(settings))
        await produce(settings.broker, settings.topic("posts"), posts(0, 40))

        said = await workers.refusal(workers.start())

    assert f"topic {settings.topic('posts')}, partition 0: the state needs offset 100 next" in said
    assert "`sandik runs replace`" in said


async def test_a_topic_that_grows_while_a_worker_runs_stops_it_and_every_next_one(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings
    await create(settings, all_topics(settings))
    await produce(settings.broker, settings.topic("posts"), posts(0, 400))
    with Workers(environment(settings), tmp_path) as workers:
        running = workers.start()
        await count_all(settings, workers, 400)
        async with admin_of(settings.broker) as admin:
            await admin.create_partitions({settings.topic("posts"): NewPartitions(8)})
        newcomer = workers.start()  # refuses at once, and its coming and going does not matter
        said_at_start = await workers.refusal(newcomer)
        said = await workers.refusal(running)

    assert "has 8 partitions" in said_at_start
    assert "has 8 partitions now, and had 4" in said
    assert "`sandik runs replace`" in said


async def test_a_batch_whose_dead_letter_cannot_be_written_is_not_acknowledged(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = worker_settings
    dead_letters = settings.topic("posts.dlq")
    scene = await Scene.made(settings)
    await configure(settings.broker, dead_letters, {"max.message.bytes": "400"})
    bad = (b"k", b"not a post" * 100, 0, None)
    await produce(settings.broker, settings.topic("posts"), [*posts(0, 40), bad])
    with Workers(environment(settings), tmp_path) as workers:
        said = await workers.refusal(workers.start())
        committed = {tp.partition: offset for tp, offset in (await scene.committed()).items()}

        await configure(settings.broker, dead_letters, {"max.message.bytes": "1000000"})
        workers.start()
        workers.processes.pop(0)  # it was meant to fail
        await count_all(settings, workers, 40)

        async def is_kept() -> bool:
            return [bad[1]] == [record.value for record in await read_topic(settings.broker, dead_letters)]

        await wait_until(is_kept, 150, "the bad record is in posts.dlq")

    assert f"did not accept a record for topic {dead_letters}" in said
    assert committed.get(0, 0) <= 10  # the offset of the bad record


@pytest.mark.parametrize("variable", ["SANDIK_DETECTOR", "SANDIK_LEXICON", "SANDIK_WINDOW_SIZE_MS"])
def test_settings_that_make_no_sense_are_a_usage_error(worker_settings: Settings, variable: str) -> None:
    done = sandik("annotate", "-", environment={**environment(worker_settings), variable: "nonsense"})

    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert b"nonsense" in done.stderr or variable.encode() in done.stderr
