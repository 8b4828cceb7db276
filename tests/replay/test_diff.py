"""`sandik diff`: which cells moved, by how much, and the posts behind it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.diff.compare import by_language_and_tag, moved_cells
from sandik.errors import UsageError
from sandik.replay.read_results import Cell
from tests.support.command import refused, sandik, succeed
from tests.support.lexicons import DEEPFAKE, ELECTION, write_lexicon

SAMPLE = "deploy/demo/posts.jsonl"
cells = st.builds(
    Cell, st.integers(0, 3), st.just(10), st.sampled_from(["tr", "ru"]), st.sampled_from(["all", "election"])
)
results = st.dictionaries(cells, st.integers(0, 5))


@given(results, results)
def test_what_moved_turns_one_result_into_the_other(before: dict[Cell, int], after: dict[Cell, int]) -> None:
    # Windows of one size, whatever their start.
    before, after = (
        {c._replace(window_end_ms=c.window_start_ms + 10): n for c, n in r.items()} for r in (before, after)
    )
    moved = moved_cells(before, after)
    turned = dict(before)
    for one in moved:
        turned[one.cell] = turned.get(one.cell, 0) + one.by

    assert {c: n for c, n in turned.items() if n} == {c: n for c, n in after.items() if n}
    assert all(one.by for one in moved)
    assert sorted((abs(one.by) for one in moved), reverse=True) == [abs(one.by) for one in moved]
    sums = by_language_and_tag(before, after)
    assert sum(one.by for one in moved) == sum(after - before for before, after in sums.values())


def test_windows_of_two_sizes_are_not_compared() -> None:
    with pytest.raises(UsageError, match="10 s in one and 20 s"):
        moved_cells({Cell(0, 10_000, "tr", "all"): 1}, {Cell(0, 20_000, "tr", "all"): 1})


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sample, by the lexicon that comes with sandik and by one with a few words only."""
    folder = tmp_path_factory.mktemp("diff")
    lexicon = write_lexicon(folder / "lexicon", election=ELECTION, deepfake=DEEPFAKE)
    built_in, small = folder / "built-in.parquet", folder / "small.csv"
    for arguments in (["--out", str(built_in)], ["--out", str(small), "--lexicon", str(lexicon)]):
        succeed("replay", SAMPLE, "--window", "1h", "--detector", "fasttext", *arguments)
    return built_in, small


def test_a_difference_is_shown_with_its_reason_and_posts(two: tuple[Path, Path]) -> None:
    done = sandik("diff", *map(str, two), "--json", "--examples", "3")
    assert done.returncode == 1, done.stderr
    answer = json.loads(done.stdout)

    assert {"lexicon_version"} == answer["rules"].keys()
    assert answer["moved"]
    assert all(one["after"] - one["before"] == one["by"] != 0 for one in answer["moved"])
    assert len(answer["examples"]) == 3
    assert all(one["before"]["tags"] != one["after"]["tags"] for one in answer["examples"])
    sample = map(json.loads, Path(SAMPLE).read_text("utf-8").splitlines())
    posts = {post["id"]: post["text"] for post in sample}
    assert all(posts[one["id"]] == one["text"] for one in answer["examples"])


def test_the_table_says_what_moved(two: tuple[Path, Path]) -> None:
    done = sandik("diff", *map(str, two))
    assert done.returncode == 1
    said = done.stdout.decode()
    assert "lexicon_version: lex-" in said
    assert "cells differ" in said
    assert "Moved most" in said


def test_the_same_result_in_two_formats_does_not_differ(two: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "again.jsonl"
    arguments = ("--window", "1h", "--detector", "fasttext", "--out", str(out))
    assert sandik("replay", SAMPLE, *arguments).returncode == 0
    done = sandik("diff", str(two[0]), str(out))
    assert (done.returncode, done.stdout[:2]) == (0, b"0 "), done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"{}\n", "write them: there is no column window_start_ms"),
        (b"\xff\n", "holds no counts"),
    ],
)
def test_what_is_no_result_is_refused(
    two: tuple[Path, Path], tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "x.jsonl").write_bytes(content)
    refused("diff", str(two[0]), str(tmp_path / "x.jsonl"), says=says)


def test_examples_need_to_know_how_it_was_counted(two: tuple[Path, Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone.csv"
    alone.write_bytes(two[1].read_bytes())
    refused("diff", str(two[0]), str(alone), "--examples", "1", says="manifest")


def drawn(two: tuple[Path, Path], *arguments: str) -> dict[str, Any]:
    done = sandik("diff", *map(str, two), "--json", *arguments)
    assert done.returncode == 1, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_examples_are_drawn_by_a_seed_from_all_that_differs(two: tuple[Path, Path]) -> None:
    every = drawn(two, "--examples", "1000")
    few = [drawn(two, "--examples", "4", "--seed", seed)["examples"] for seed in ("7", "7", "8")]

    assert few[0] == few[1] != few[2]
    assert all(one in every["examples"] for one in few[0])
    for one in every["alone"]:
        mine, its = ("before", "after") if one["side"] == "A" else ("after", "before")
        found = [
            post
            for post in every["examples"]
            if one["tag"] in post[mine]["tags"] and one["tag"] not in post[its]["tags"]
        ]
        assert len(found) == one["posts"] > 0


def test_what_only_one_side_tags_is_coded_blind_and_its_precision_told(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "alone"
    every = drawn(two, "--examples", "1000")
    done = sandik("diff", *map(str, two), "--sample", str(folder), "--per-stratum", "3", "--seed", "5")
    assert done.returncode == 1, done.stderr
    design = json.loads((folder / "design.json").read_text())
    head, *lines = list(csv.reader((folder / "posts.csv").read_text("utf-8-sig").splitlines()))
    assert head == ["item", "created_at", "language", "text", "election", "deepfake", "note"]
    assert len(lines) == len(design["ids"]) == sum(len(one["items"]) for one in design["strata"])

    # Whoever codes finds that A is always right, and B never.
    truth = {post["id"]: post["before"]["tags"] for post in every["examples"]}
    rows = ["item,election,deepfake"]
    for item, post in design["ids"].items():
        rows.append(f"{item},{int('election' in truth[post])},{int('deepfake' in truth[post])}")
    (tmp_path / "codes.csv").write_text("\n".join(rows) + "\n")
    coded = ("--design", str(folder / "design.json"), "--codes", str(tmp_path / "codes.csv"))
    found = drawn(two, *coded)["precision"]
    posts = {(one["side"], one["tag"]): one["posts"] for one in every["alone"]}
    assert {(one["side"], one["tag"]): one["posts"] for one in found} == posts
    assert {one["side"]: one["precision"]["value"] for one in found} == dict.fromkeys("AB", 0.0) | {"A": 1.0}
    said = sandik("diff", *map(str, two), *coded).stdout.decode()
    assert "How right they are where only one of them tags" in said

    refused("diff", str(two[1]), str(two[0]), *coded, says="draw one with --sample")
    refused("diff", *map(str, two), *coded[:2], says="go together")
