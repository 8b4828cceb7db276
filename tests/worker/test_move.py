"""Another Kafka: moving to it, and going on there when the old one is gone. MirrorMaker 2 copies."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from sandik.broker import EmbeddedKafka
from sandik.settings import Settings
from tests.support.kafka import configure, has_records, produce, wait_until
from tests.support.scene import Post, Scene, brief, some_posts
from tests.support.workers import Follower, Workers, environment, quick_settings
from tests.worker.mirror import mirror

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(1500)]

POSTS = some_posts(4_000)
BY_PRODUCER = {"message.timestamp.type": "CreateTime"}
BY_KAFKA = {"message.timestamp.type": "LogAppendTime"}


class Two(NamedTuple):
    """An old broker and a new one, and the settings of workers there: the same but for the address."""

    brokers: tuple[EmbeddedKafka, EmbeddedKafka]
    old: Scene
    new: Scene

    def addresses(self) -> tuple[str, str]:
        return self.old.settings.broker, self.new.settings.broker

    def topics(self, *names: str) -> list[str]:
        return [self.old.settings.topic(name) for name in names]

    async def stamped(self, how: dict[str, str]) -> None:
        """Say who stamps the posts on the new broker."""
        await configure(self.new.settings.broker, self.new.settings.topic("posts"), how)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    first, second = (EmbeddedKafka(tmp_path / name) for name in ("old", "new"))
    with first, second:
        settings = brief(quick_settings(first.bootstrap_servers))
        there = settings.model_copy(update={"broker": second.bootstrap_servers})
        found = Two((first, second), Scene(settings), Scene(there))
        for scene in (found.old, found.new):
            await scene.make_topics()
        await found.stamped(BY_PRODUCER)
        yield found


async def are_mirrored(settings: Settings, posts: int) -> None:
    """Return when so many posts are there, and no more."""
    await wait_until(lambda: has_records(settings, "posts", posts), 300, f"{posts} posts are mirrored")
    assert not await has_records(settings, "posts", posts + 1)


async def exact(scene: Scene, workers: Workers, posts: Sequence[Post]) -> None:
    """Return when the counts there are those of the posts, and nothing else."""
    scene.written = list(posts)
    expected = scene.truth()
    async with Follower(scene.settings.broker, scene.settings.topic("counts")) as follower:
        await workers.until(
            lambda: follower.is_exact(expected), 300, f"{len(posts)} posts are counted exactly"
        )


def workers(two: Two, folder: Path) -> tuple[Workers, Workers]:
    """Return those of the old broker and those of the new one; none runs yet."""
    found = []
    for scene, name in ((two.old, "at-old"), (two.new, "at-new")):
        (folder / name).mkdir()
        found.append(Workers(environment(scene.settings), folder / name))
    old, new = found
    return old, new


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_moving_to_another_kafka_keeps_every_count(two: Two, tmp_path: Path) -> None:
    """Also those of posts that are gone, and of the windows of which a part is."""
    gone, before, during, after = POSTS[:1_000], POSTS[1_000:2_000], POSTS[2_000:3_000], POSTS[3_000:]
    old, new = workers(two, tmp_path)
    with old, new:
        old.start()
        await two.old.write(gone)
        await exact(two.old, old, gone)
        await two.old.delete_posts()
        await two.old.write(before)
        await exact(two.old, old, [*gone, *before])
        with mirror(made(tmp_path / "posts"), *two.addresses(), two.topics("posts")):
            new.start()
            await two.old.write(during)
            await are_mirrored(two.new.settings, len(before) + len(during))
            await exact(two.new, new, [*before, *during])
        with mirror(made(tmp_path / "counts"), *two.addresses(), two.topics("posts", "counts")):
            await exact(two.new, new, POSTS[:3_000])
        for worker in old.alive:
            assert old.terminate(worker) == 0
        await two.stamped(BY_KAFKA)
        await two.new.write(after)
        await exact(two.new, new, POSTS)


async def test_when_the_old_kafka_is_gone_sources_write_again_what_they_wrote_last(
    two: Two, tmp_path: Path
) -> None:
    """Those posts that were mirrored count once all the same; those that were not are not lost."""
    old_kafka, _ = two.brokers
    old, new = workers(two, tmp_path)
    with old, new:
        old.start()
        await two.old.write(POSTS[:3_000])
        with mirror(made(tmp_path / "posts"), *two.addresses(), two.topics("posts")):
            await are_mirrored(two.new.settings, 3_000)
        await two.old.write(POSTS[3_000:3_500])  # which the mirror does not get any more
        old_kafka.kill()
        for worker in old.alive:
            worker.kill()

        await two.stamped(BY_KAFKA)
        new.start()
        await exact(two.new, new, POSTS[:3_000])
        # Sources begin again a little before the last one that surely came over.
        again = [(key, value, None, None) for key, value in POSTS[2_900:]]
        await produce(two.new.settings.broker, two.new.settings.topic("posts"), again)
        await exact(two.new, new, POSTS)
        await are_mirrored(two.new.settings, 3_000 + len(again))


async def test_counts_that_came_before_the_first_worker_are_not_believed(two: Two, tmp_path: Path) -> None:
    old, new = workers(two, tmp_path)
    with old, new:
        old.start()
        await two.old.write(POSTS[:500])
        await exact(two.old, old, POSTS[:500])
        with mirror(made(tmp_path / "both"), *two.addresses(), two.topics("posts", "counts")):
            await exact(two.new, old, POSTS[:500])
        worker = new.start()

        assert worker.wait(120) == 1
        assert "counts holds counts, and" in new.log(worker)
