"""Workers are killed while they count authors; a replay gives what is final then, to the byte."""

import random
from pathlib import Path

import msgspec
import pytest

from streams.replay.results import canonical, latest, line
from streams.settings import Settings
from tests.support.command import sandik
from tests.support.kafka import wait_until
from tests.support.scene import Post, Scene, brief, some_posts, wait_for_more
from tests.support.workers import Follower, Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

POSTS = 6_000
KILLS = 3


def with_authors(posts: list[Post]) -> list[Post]:
    """A few hundred authors; a third of the posts names none."""
    chance = random.Random(5)
    values = [msgspec.json.decode(value) for _, value in posts]
    for value in values:
        if chance.random() < 2 / 3:
            value["author_id"] = str(chance.randrange(400))
    return [(key, msgspec.json.encode(value)) for (key, _), value in zip(posts, values, strict=True)]


async def test_after_kills_the_live_finals_are_those_of_a_replay(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = brief(worker_settings).model_copy(update={"authors": "sketch"})
    scene = Scene(settings)
    await scene.make_topics()
    posts = with_authors(some_posts(POSTS, seed=11))
    newest_ms = max(msgspec.json.decode(value)["created_at_ms"] for _, value in posts)
    with Workers(environment(settings), tmp_path) as workers:
        workers.start()
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            for turn in range(KILLS):
                await scene.write(posts[turn * POSTS // KILLS : (turn + 1) * POSTS // KILLS])
                await wait_for_more(follower)
                for worker in workers.alive:
                    worker.kill()
                workers.start()

            async def is_over() -> bool:
                workers.assert_running()
                return await follower.total() == POSTS and all(
                    count.is_final == (count.window_end_ms <= newest_ms - settings.max_disorder_ms)
                    for count in follower.latest.values()
                )

            await wait_until(is_over, 150, "all posts are counted, and final")
            live = latest(follower.latest.values())
    out = tmp_path / "again.jsonl"
    done = sandik("replay", "--out", str(out), environment=environment(settings))

    assert done.returncode == 0, done.stderr
    assert b"".join(line(canonical(count)) for count in live) == out.read_bytes()
    assert 100 < max(count.distinct_authors or 0 for count in live)
    assert max(count.distinct_authors or 0 for count in live) < max(count.with_author or 0 for count in live)
    again = sandik("replay", "--manifest", f"{out}.manifest.json", environment=environment(settings))
    assert (again.returncode, b"same:" in again.stderr) == (0, True), again.stderr
