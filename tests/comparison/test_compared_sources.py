"""Counts by source add up to the counts; sides of a comparison are what they say."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from sandik.errors import UsageError
from sandik.figures.selection import Selection, selection_of
from tests.support.command import refused, sandik, succeed

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
    succeed(
        *("replay", str(folder / "posts.jsonl"), "--order", "as-is", "--window", "5m", "--out", str(out)),
        environment={**ALONE, "SANDIK_DEDUPE": "true"},
    )
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_sources_of_a_cell_add_up_to_the_cell_whatever_the_cap(counts: Path) -> None:
    whole = {(row["window_start"], row["language"], row["tag"]): int(row["count"]) for row in rows(counts)}
    for most, named in ((20, {"telegram", "x", "fax"}), (1, {"telegram", "other"})):
        out = counts.with_name(f"sources-{most}.csv")
        succeed("sources", str(out), str(counts), "--most", str(most), environment=ALONE)
        summed: Counter[tuple[str, str, str]] = Counter()
        for row in rows(out):
            summed[row["window_start"], row["language"], row["tag"]] += int(row["count"])
        assert dict(summed) == {cell: count for cell, count in whole.items() if count}
        assert {row["source"] for row in rows(out)} == named


def test_two_sources_and_two_languages_are_put_side_by_side(counts: Path) -> None:
    for one, other in (("source=telegram", "source=x"), ("language=tr", "language=ru")):
        done = succeed("compare", str(counts), one, other, "--step", "1d", "--json", environment=ALONE)
        shares = {(share["tag"], share["of"]): share for share in json.loads(done.stdout)["shares"]}
        assert set(shares) == {("election", "all"), ("deepfake", "all"), ("both", "election")}
        if one == "language=tr":
            inside = [row for row in rows(counts) if "tr" in row["language"].split("+")]
            election = sum(int(row["count"]) for row in inside if row["tag"] == "election")
            assert shares["both", "election"]["one"]["of"] == election


def test_sources_counted_with_the_others_are_those_of_the_posts_and_a_replay_checks_them(
    counts: Path,
) -> None:
    out = counts.with_name("by-source.csv")
    command = ("replay", str(counts.with_name("posts.jsonl")), "--order", "as-is", "--window", "5m")
    done = succeed(*command, "--sources", "x,telegram", "--out", str(out), environment=ALONE)
    beside = out.with_name("by-source.sources.csv")
    assert f"counts by source in {beside}".encode() in done.stderr
    assert {row["source"] for row in rows(beside)} == {"x", "telegram", "other"}
    assert out.read_bytes() == counts.read_bytes()

    asked = ("source=telegram", "source=x", "--json")
    again = [sandik("compare", str(name), *asked, environment=ALONE) for name in (out, counts)]
    assert again[0].stdout == again[1].stdout
    assert b"posts" in again[1].stderr or not again[0].stderr  # only the second has read the posts

    beside.unlink()
    done = sandik("replay", "--manifest", f"{out}.manifest.json", environment=ALONE)
    assert (done.returncode, done.stderr.count(b"same:")) == (0, 2), done.stderr
    succeed("rollup", str(beside), str(out.with_name("days.csv")), environment=ALONE)
    whole = sum(int(row["count"]) for row in rows(counts) if row["tag"] == "all")
    assert sum(int(row["count"]) for row in rows(out.with_name("days.csv")) if row["tag"] == "all") == whole


def test_channels_of_a_source_add_up_to_it(counts: Path, tmp_path: Path) -> None:
    posts = [json.loads(line) for line in counts.with_name("posts.jsonl").read_text().splitlines()]
    lines = [
        json.dumps({**post, "source_detail": f"channel-{number % 3}"}) for number, post in enumerate(posts)
    ]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines) + "\n")
    out = tmp_path / "counts.csv"
    arguments = ("--order", "as-is", "--window", "5m", "--sources", "telegram,telegram/channel-1")
    succeed("replay", str(tmp_path / "posts.jsonl"), *arguments, "--out", str(out), environment=ALONE)

    succeed("sources", str(tmp_path / "all.csv"), str(out), "--detail", environment=ALONE)
    in_detail = Counter[str]()
    for row in rows(tmp_path / "all.csv"):
        in_detail[row["source"]] += int(row["count"]) * (row["tag"] == "all")
    named = Counter[str]()
    for row in rows(tmp_path / "counts.sources.csv"):
        named[row["source"]] += int(row["count"]) * (row["tag"] == "all")
    assert named["telegram/channel-1"] == in_detail["telegram/channel-1"] > 0
    assert named["telegram"] == in_detail["telegram/channel-0"] + in_detail["telegram/channel-2"]

    done = succeed(
        "compare", str(out), "source=telegram", "source=telegram/channel-2", "--json", environment=ALONE
    )
    [election] = [one for one in json.loads(done.stdout)["shares"] if one["tag"] == "election"]
    assert election["one"]["of"] == named["telegram"] + named["telegram/channel-1"]
    assert election["other"]["of"] == in_detail["telegram/channel-2"]


def test_a_side_without_counts_is_an_error(counts: Path) -> None:
    refused(
        *("compare", str(counts), "language=tr", "language=fa"),
        environment=ALONE,
        says="language=fa: there are no counts for this selection",
    )


@pytest.mark.parametrize(
    ("side", "says"),
    [
        (
            "source=telegrm",
            "no count has the source telegrm; did you mean telegram? There are: fax, telegram, x",
        ),
        ("language=trk", "no count has the language trk; did you mean tr?"),
    ],
)
def test_a_misspelt_side_is_told_with_what_may_be_meant(counts: Path, side: str, says: str) -> None:
    refused("compare", str(counts), "source=x", side, environment=ALONE, says=says)


def test_what_is_left_of_sources_is_compared_with_these_and_with_no_other(counts: Path) -> None:
    """Beside a source that was not counted apart, `other` would be a name that no post has."""
    out = counts.with_name("two.csv")
    command = ("replay", str(counts.with_name("posts.jsonl")), "--order", "as-is", "--window", "5m")
    succeed(*command, "--sources", "x", "--out", str(out), environment=ALONE)

    known = sandik("compare", str(out), "source=x", "source=other", environment=ALONE)
    refused = sandik("compare", str(out), "source=fax", "source=other", environment=ALONE)

    assert known.returncode == 0, known.stderr
    assert refused.returncode == 2
    assert refused.stderr.decode() == (
        "sandik: source=other has all sources except x, including fax. Compare it with one of those, or "
        "compare two sources by name\n"
    )


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
