"""The posts of the demo: what their ATTRIBUTION.md and the demo say about them is true."""

import gzip
import importlib.util
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sandik.ingest.decoding.frames import json_objects
from sandik.ingest.formats.jsonl import read_each
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.post import Post
from tests.ingest import demo_telegram
from tests.quality.posts import DATA

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
POSTS = list(read_each(json_objects(iter((DEMO / "posts.jsonl").read_bytes().splitlines()))))
LATE_MS = 20 * 60_000


def test_every_line_is_a_post_with_its_own_id() -> None:
    assert all(isinstance(item, Post) for item in POSTS)
    assert len({item.id for item in POSTS if isinstance(item, Post)}) == len(POSTS) == 235


def test_the_attribution_names_the_lines_of_each_part() -> None:
    sources = [item.source for item in POSTS if isinstance(item, Post)]

    assert sources == ["example"] * 125 + ["telegram"] * 110
    attribution = (DEMO / "ATTRIBUTION.md").read_text()
    assert "Lines 1 to 125" in attribution
    assert "Lines 126 to 235" in attribution
    assert "Creative Commons Attribution 4.0" in attribution


def test_real_posts_are_cut_as_the_attribution_says() -> None:
    assert all(
        len(item.text) <= 400 for item in POSTS if isinstance(item, Post) and item.source == "telegram"
    )


def test_three_invented_posts_come_very_late_and_some_a_little() -> None:
    newest_ms = 0
    behind_ms = []
    for item in POSTS:
        assert isinstance(item, Post)
        behind_ms.append(newest_ms - item.created_at_ms)
        newest_ms = max(newest_ms, item.created_at_ms)

    assert sum(behind > LATE_MS for behind in behind_ms) == 3
    assert sum(0 < behind < 30_000 for behind in behind_ms) >= 3


@pytest.fixture(scope="module")
def evening() -> ModuleType:
    spec = importlib.util.spec_from_file_location("evening", DEMO / "evening.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["evening"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_evening_is_a_story_and_the_same_every_time(evening: ModuleType) -> None:
    sample = [json.loads(line) for line in (DEMO / "posts.jsonl").read_bytes().splitlines()]

    posts: list[dict[str, Any]] = evening.evening(sample)

    assert posts == evening.evening(sample)
    assert len({post["id"] for post in posts}) == len(posts) > 900
    minutes = [(post["created_at_ms"] - evening.BEGIN_MS) // 60_000 for post in posts]
    assert set(minutes) <= set(range(evening.MINUTES))
    counts = [minutes.count(minute) for minute in range(evening.MINUTES)]
    before, wave = sum(counts[: evening.WARNING]), sum(counts[evening.WARNING : 2 * evening.WARNING])
    assert wave > 1.5 * before  # a quiet start
    assert counts[evening.BURST] == max(counts)  # and one burst
    newest_ms, behind_ms = 0, []
    for post in posts:
        behind_ms.append(newest_ms - post["created_at_ms"])
        newest_ms = max(newest_ms, post["created_at_ms"])
    assert sum(behind > 2 * 60_000 for behind in behind_ms) == evening.LATE + evening.TOO_LATE
    assert sum(behind > LATE_MS for behind in behind_ms) == evening.TOO_LATE


def test_the_telegram_posts_are_as_the_attribution_says() -> None:
    lines = gzip.decompress((DEMO / "telegram.jsonl.gz").read_bytes()).splitlines(keepends=True)
    posts = [one for one in read_each(json_objects(iter(lines))) if isinstance(one, Post)]

    assert f"{len(posts):,} posts" in (DEMO / "ATTRIBUTION.md").read_text()
    assert len(posts) == len({post.id for post in posts}) == len(lines)
    assert all(0 < len(post.text) <= demo_telegram.LONGEST for post in posts)
    assert [post.created_at_ms for post in posts] == sorted(post.created_at_ms for post in posts)


def test_every_week_of_the_telegram_posts_speaks_of_an_election() -> None:
    """A page of weeks in which nobody does shows nothing."""
    lines = gzip.decompress((DEMO / "telegram.jsonl.gz").read_bytes()).splitlines()
    posts = [json.loads(line) for line in lines]
    found = load_job(Settings(lexicon="builtin,events/us-2024")).annotate([post["text"] for post in posts])

    weeks: Counter[tuple[int, int]] = Counter()
    for post, one in zip(posts, found, strict=True):
        at = datetime.fromtimestamp(post["created_at_ms"] / 1000, UTC).isocalendar()
        weeks[at.year, at.week] += "election" in one.tags
    assert min(weeks.values()) > 0, weeks


@pytest.mark.skipif(not (DATA / "telegram_ru").exists(), reason="needs SANDIK_TEST_DATA")
def test_the_telegram_posts_are_those_of_the_data_set() -> None:
    lines = gzip.decompress((DEMO / "telegram.jsonl.gz").read_bytes()).splitlines()

    assert [json.loads(line) for line in lines] == demo_telegram.posts()
