"""Workers that count authors, terms and sources are killed; a replay gives what is final, to the byte."""

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from sandik.counting.newest import latest
from sandik.replay.results import canonical, line
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.term import TermCount
from tests.support.command import sandik, succeed
from tests.support.kafka import read_topic, wait_until
from tests.support.scene import Post, Scene, brief, some_posts, wait_for_more
from tests.support.workers import counting, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

POSTS = 6_000
KILLS = 3
SOURCES = ["telegram", "x", "bluesky"]


def with_authors(posts: list[Post]) -> list[Post]:
    """A few hundred authors; a third of the posts names none. Three sources, of which one is not named."""
    chance = random.Random(5)
    values = [msgspec.json.decode(value) for _, value in posts]
    for value in values:
        if chance.random() < 2 / 3:
            value["author_id"] = str(chance.randrange(400))
        value["source"] = chance.choice(SOURCES)
    return [(key, msgspec.json.encode(value)) for (key, _), value in zip(posts, values, strict=True)]


async def top_terms(settings: Settings, counts: Mapping[bytes, Count]) -> list[TermCount]:
    """The newest record of each rank, in order, when they are as new as the counts that they belong to."""
    newest: dict[bytes, TermCount] = {}
    tagged = {key for key, count in counts.items() if count.tag in ("election", "deepfake")}

    async def are_there() -> bool:
        records = await read_topic(settings.broker, settings.topic("counts.terms"))
        terms = [msgspec.json.decode(record.value, type=TermCount) for record in records]
        newest.update({one.key: one for one in sorted(terms, key=lambda one: one.revision)})
        # Terms are written after the counts that they belong to.
        missing = tagged - {key.rpartition(b"|")[0] for key in newest}
        return not missing and all(
            term.revision == counts[key.rpartition(b"|")[0]].revision for key, term in newest.items()
        )

    await wait_until(are_there, 60, "the terms are as new as the counts")
    return sorted(newest.values(), key=lambda one: (one.window_start_ms, one.language, one.tag, one.rank))


async def by_source(settings: Settings, counts: Mapping[bytes, Count]) -> list[Count]:
    """The newest record of each cell of a source, in order, when the sources add up to the counts."""
    found: list[Count] = []

    async def add_up() -> bool:
        records = await read_topic(settings.broker, settings.topic("counts.sources"))
        counts_ = [msgspec.json.decode(record.value, type=Count) for record in records]
        assert [one.key for one in counts_] == [record.key for record in records]
        found[:] = latest(counts_)
        sums: Counter[bytes] = Counter()
        for one in found:
            sums[one.key.rpartition(b"|")[0]] += one.count
        finals = {key: count.is_final for key, count in counts.items()}
        return all(sums[key] == count.count for key, count in counts.items()) and all(
            one.is_final == finals[one.key.rpartition(b"|")[0]] for one in found
        )

    await wait_until(add_up, 60, "the sources add up to the counts")
    return found


async def test_after_kills_the_live_finals_are_those_of_a_replay(
    worker_settings: Settings, tmp_path: Path
) -> None:
    settings = brief(worker_settings).model_copy(
        update={
            "authors": "sketch",
            "terms": "count",
            "top_terms": 2,
            "sources": "telegram,x",
            "lexicon": "builtin",  # finds two terms in a post
        }
    )
    scene = await Scene.made(settings)
    posts = with_authors(some_posts(POSTS, seed=11))
    newest_ms = max(msgspec.json.decode(value)["created_at_ms"] for _, value in posts)
    async with counting(settings, tmp_path) as (workers, follower):
        workers.start()
        for turn in range(KILLS):
            await scene.write(posts[turn * POSTS // KILLS : (turn + 1) * POSTS // KILLS])
            await wait_for_more(follower)
            for worker in workers.alive:
                worker.kill()
            workers.start()
        watermark_ms = newest_ms - settings.max_disorder_ms
        await workers.until(
            lambda: follower.is_over(POSTS, watermark_ms), 150, "all posts are counted, and final"
        )
        live = latest(follower.latest.values())
        terms = await top_terms(settings, follower.latest)
        sources = await by_source(settings, follower.latest)
    out = tmp_path / "again.jsonl"
    succeed("replay", "--out", str(out), environment=environment(settings))

    assert b"".join(line(canonical(count)) for count in live) == out.read_bytes()
    beside = out.with_name("again.terms.jsonl")
    assert b"".join(line(canonical(term)) for term in terms) == beside.read_bytes()
    of_sources = out.with_name("again.sources.jsonl")
    assert b"".join(line(canonical(count)) for count in sources) == of_sources.read_bytes()
    assert {"telegram", "x", "other"} == {count.source for count in sources}
    assert {1, 2} == {term.rank for term in terms}
    assert 100 < max(count.distinct_authors or 0 for count in live)
    assert max(count.distinct_authors or 0 for count in live) < max(count.with_author or 0 for count in live)
    beside.unlink()
    again = sandik("replay", "--manifest", f"{out}.manifest.json", environment=environment(settings))
    assert (again.returncode, again.stderr.count(b"same:")) == (0, 3), again.stderr
    assert b"".join(line(canonical(term)) for term in terms) == beside.read_bytes()
