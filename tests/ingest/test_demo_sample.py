"""deploy/demo/posts.jsonl: what its ATTRIBUTION.md and the demo say about it is true."""

from pathlib import Path

from sandik.ingest.formats.jsonl import read
from sandik_schemas.post import Post

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
POSTS = list(read((DEMO / "posts.jsonl").read_bytes().splitlines(keepends=True)))
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
