"""Counts by source add up to the counts; sides of a comparison are what they say."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from sandik.errors import UsageError
from sandik.figures.selection import Selection, selection_of
from tests.support.command import sandik

ALONE = {"SANDIK_BROKER": "127.0.0.1:1"}


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's posts as of three sources, one of them with a duplicate and a late post, counted."""
    folder = tmp_path_factory.mktemp("sources")
    posts = [json.loads(line) for line in Path("deploy/demo/posts.jsonl").read_text().splitlines()]
    names = ["telegram"] * 6 + ["x"] * 3 + ["fax"]
    lines = [json.dumps({**post, "source": names[number % 10]}) for number, post in enumerate(posts)]
    (folder / "posts.jsonl").write_text("\n".join([*lines, lines[0]]) + "\n")
    out = folder / "counts.csv"
    done = sandik(
        *("replay", str(folder / "posts.jsonl"), "--order", "as-is", "--window", "5m", "--out", str(out)),
        environment={**ALONE, "SANDIK_DEDUPE": "true"},
    )
    assert done.returncode == 0, done.stderr
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_sources_of_a_cell_add_up_to_the_cell_whatever_the_cap(counts: Path) -> None:
    whole = {(row["window_start"], row["language"], row["tag"]): int(row["count"]) for row in rows(counts)}
    for most, named in ((20, {"telegram", "x", "fax"}), (1, {"telegram", "other"})):
        out = counts.with_name(f"sources-{most}.csv")
        done = sandik("sources", str(out), str(counts), "--most", str(most), environment=ALONE)
        assert done.returncode == 0, done.stderr
        summed: Counter[tuple[str, str, str]] = Counter()
        for row in rows(out):
            summed[row["window_start"], row["language"], row["tag"]] += int(row["count"])
        assert dict(summed) == {cell: count for cell, count in whole.items() if count}
        assert {row["source"] for row in rows(out)} == named


def test_two_sources_and_two_languages_are_put_side_by_side(counts: Path) -> None:
    for one, other in (("source=telegram", "source=x"), ("language=tr", "language=ru")):
        done = sandik("compare", str(counts), one, other, "--step", "1d", "--json", environment=ALONE)
        assert done.returncode == 0, done.stderr
        shares = {(share["tag"], share["of"]): share for share in json.loads(done.stdout)["shares"]}
        assert set(shares) == {("election", "all"), ("deepfake", "all"), ("both", "election")}
        if one == "language=tr":
            inside = [row for row in rows(counts) if "tr" in row["language"].split("+")]
            election = sum(int(row["count"]) for row in inside if row["tag"] == "election")
            assert shares["both", "election"]["one"]["of"] == election


def test_a_side_without_counts_is_an_error(counts: Path) -> None:
    done = sandik("compare", str(counts), "language=tr", "language=sw", environment=ALONE)

    assert done.returncode == 2
    assert b"language=sw: there are no counts for this selection" in done.stderr


def test_a_side_says_language_source_and_period() -> None:
    text = "language=tr,source=x,period=2023-05-07T00:00Z/2023-05-14T00:00Z"

    assert selection_of(text, 0) == Selection(text, "tr", "x", 1683417600000, 1684022400000)
    for wrong in (
        "tr",
        "language=",
        "language=tr,language=ru",
        "channel=x",
        "period=2023-05-14Z/2023-05-07Z",
    ):
        with pytest.raises(UsageError):
            selection_of(wrong, 0)
