"""`sandik report` of a replay's output: no Kafka, and no posts but those of the manifest."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandik.counting.labels import iso
from sandik.errors import UsageError
from sandik.export.rows import Choice, table_of
from sandik.replay.manifest import load
from sandik.report.command import make_report, run_report
from sandik.report.document import Report
from sandik.report.gather import Order
from sandik.report.mentions import from_replay
from sandik.settings import Settings
from sandik.tables.writers import write_table
from sandik_schemas.mention import Mention
from tests.dashboard.builders import BASE_MS, MINUTE_MS
from tests.report.builders import counts_of
from tests.support.command import sandik, succeed

SAMPLE = Path("deploy/demo/posts.jsonl")
EVENING = ("--from", "2023-05-11T18:00Z", "--to", "2023-05-11T18:30Z")
#: Nobody listens there: a report of a file asks no Kafka.
ALONE = {"SANDIK_BROKER": "127.0.0.1:1"}


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, counted by the minute, and its manifest."""
    folder = tmp_path_factory.mktemp("report")
    shutil.copy(SAMPLE, folder / "posts.jsonl")
    out = folder / "demo.csv"
    succeed("replay", str(folder / "posts.jsonl"), "--order", "as-is", "--out", str(out), environment=ALONE)
    return out


@pytest.fixture(scope="module")
def evening(counts: Path) -> dict[str, Any]:
    """The figures of the evening, as `--json` prints them, and the file that was written with them."""
    page = counts.with_name("evening.html")
    done = succeed("report", str(counts), str(page), *EVENING, "--json", environment=ALONE)
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "page": page}


def report(counts: Path, **values: Any) -> Report:
    order = Order(str(counts), None, from_=EVENING[1], to=EVENING[3])._replace(**values)
    return make_report(order, Settings(broker="127.0.0.1:1"))


def test_the_figures_are_those_of_the_file_and_of_its_manifest(counts: Path, evening: dict[str, Any]) -> None:
    manifest = load(counts.with_name("demo.csv.manifest.json"))
    every = evening["figures"]["languages"][0]
    posts = every["posts"]
    rows = [line.split(",") for line in counts.read_text().splitlines()]
    names = rows.pop(0)
    inside = [dict(zip(names, row, strict=True)) for row in rows if row[1].startswith("2023-05-11T18:")]
    for tag in ("all", "election", "deepfake", "both"):
        assert posts[tag] == sum(int(row["count"]) for row in inside if row["tag"] == tag)
    # Counted a second time to find terms: each post once, and none that was late.
    assert evening["mentions"] == posts["election"] + posts["deepfake"] - posts["both"]
    assert evening["tally"] == msgspec.to_builtins(manifest.tally)
    assert evening["method"]["run_id"] == manifest.plan.rules.run_id
    assert evening["notices"] == []
    assert evening["figures"]["coverage"]["late"] == 3


def test_a_report_that_begins_inside_a_step_leaves_nothing_out(counts: Path) -> None:
    by_step, by_minute = (report(counts, from_="2023-05-11T18:07Z", step=step) for step in ("5m", "1m"))

    assert by_step.notices == by_minute.notices == []
    assert by_step.figures.coverage.counted == by_minute.figures.coverage.counted
    assert by_step.figures.languages[0].posts == by_minute.figures.languages[0].posts


def test_a_short_report_has_the_bursts_of_one_that_names_its_step(tmp_path: Path) -> None:
    posts = {(minute, "tr", tag): 2 for minute in range(40) for tag in ("all", "election")}
    posts |= {(35, "tr", tag): 60 for tag in ("all", "election")}
    path = tmp_path / "counts.jsonl"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, counts_of(posts))))
    span = {"from_": iso(BASE_MS + 33 * MINUTE_MS), "to": iso(BASE_MS + 39 * MINUTE_MS), "examples": False}

    short, stepped = (report(path, step=step, **span) for step in (None, "1m"))

    assert [burst.posts for burst in short.figures.bursts] == [60]
    assert short.figures == stepped.figures


def test_a_bound_inside_a_window_is_widened_and_that_is_said(
    counts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = report(counts, from_="2023-05-11T18:07:20Z")

    [notice] = wide.notices
    assert notice == (
        "You asked for 2023-05-11 18:07:20 – 18:30 UTC. Counts are of whole windows: the figures are of "
        "2023-05-11 18:07 – 18:30."
    )
    assert notice in capsys.readouterr().err
    assert wide.figures.languages == report(counts, from_="2023-05-11T18:07Z").figures.languages


def test_the_file_says_it_with_posts_and_their_terms(evening: dict[str, Any]) -> None:
    html = evening["page"].read_text("utf-8")
    posts = {post["text"] for one in evening["evidence"] for post in one["posts"]}
    assert posts
    assert posts <= {json.loads(line)["text"] for line in SAMPLE.open()}
    assert '<mark class="tag-with">' in html
    assert evening["method"]["run_id"] in html
    assert evening["method"]["posts"]["files"]["posts.jsonl"] in html


def test_the_document_shows_what_is_printed(evening: dict[str, Any]) -> None:
    shown = Path("docs/report.md").read_text("utf-8").splitlines()
    for one in evening["figures"]["languages"][:3]:
        figures = [one["language"], one["posts"]["election"], one["posts"]["both"], *one["share"].values()]
        assert json.dumps(figures, separators=(",", ":")) in shown
    assert json.dumps(evening["figures"]["coverage"], separators=(",", ":")) in shown


def test_the_same_command_writes_the_same_bytes(counts: Path, evening: dict[str, Any]) -> None:
    again = counts.with_name("again.html")
    done = sandik("report", str(counts), str(again), *EVENING, environment=ALONE)
    assert (done.returncode, done.stdout.decode()) == (0, f"{again}\n"), done.stderr
    assert again.read_bytes() == evening["page"].read_bytes()


@pytest.fixture(scope="module")
def rows(counts: Path) -> list[dict[str, Any]]:
    """The mentions of the sample, as `sandik export` would write them."""
    plan = load(counts.with_name("demo.csv.manifest.json")).plan

    async def read() -> list[Mention]:
        batches = from_replay(plan, Settings(), lambda _: None)
        return [seen.mention async for batch in batches for seen in batch]

    mentions = asyncio.run(read())
    return [{**msgspec.structs.asdict(one), "created_at": iso(one.created_at_ms)} for one in mentions]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_exported_mentions_say_the_same_as_the_posts(
    counts: Path, evening: dict[str, Any], rows: list[dict[str, Any]], suffix: str
) -> None:
    path = counts.with_name(f"mentions{suffix}")
    write_table(path, table_of("mentions", Choice()).columns, rows)
    found = msgspec.to_builtins(report(counts, mentions=path))
    assert (found["terms"], found["mentions"]) == (evening["terms"], evening["mentions"])
    posts, expected = (
        [post["id"] for one in told["evidence"] for post in one["posts"]] for told in (found, evening)
    )
    assert posts == expected


def test_without_texts_or_examples_there_are_none(counts: Path, evening: dict[str, Any]) -> None:
    texts = {post["text"] for one in evening["evidence"] for post in one["posts"]}
    hidden = msgspec.json.encode(report(counts, texts=False)).decode()
    assert "example:" not in hidden
    assert not [text for text in texts if text in hidden]
    bare = report(counts, examples=False)
    assert (bare.mentions, bare.terms, bare.evidence) == (None, {}, [])
    assert msgspec.json.decode(msgspec.json.encode(bare.figures)) == evening["figures"]


def test_pictures_are_written_for_each_chart_and_need_no_page(counts: Path, evening: dict[str, Any]) -> None:
    folder = counts.with_name("pictures")
    done = sandik("report", str(counts), "--png", str(folder), *EVENING, "--no-examples", environment=ALONE)
    spoken = [one["language"] for one in evening["figures"]["languages"] if one["posts"].get("election")]
    expected = [f"share-{code}.png" if code != "*" else "share.png" for code in spoken[:8]]

    assert done.stdout.decode().splitlines() == [f"{folder}/{name}" for name in expected], done.stderr
    assert sorted(path.name for path in folder.iterdir()) == sorted(expected)


def test_without_matplotlib_pictures_are_refused_before_anything_is_read(
    counts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    out = counts.with_name("x.html")
    with pytest.raises(UsageError, match=r"sandik\[report\]"):
        run_report(Order("none.csv", out, png=counts.with_name("none")), Settings(), json=False)
    assert not out.exists()


def test_a_file_that_was_changed_and_posts_that_are_gone_are_told(counts: Path, tmp_path: Path) -> None:
    changed = tmp_path / counts.name
    changed.write_text(counts.read_text() + "\n")
    manifest = counts.with_name("demo.csv.manifest.json").read_text()
    folder = str(counts.parent)
    changed.with_name("demo.csv.manifest.json").write_text(manifest.replace(folder, str(tmp_path)))
    found = report(changed)
    assert [notice.split(":")[0] for notice in found.notices] == [
        "demo.csv is not the file that its manifest describes",
        "Terms and posts are missing",
    ]
    assert "posts.jsonl was deleted or has changed" in found.notices[1]
    assert found.terms == {}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"out": None}, "the report needs an output"),
        ({"out": Path("x.pdf")}, "name it .html"),
        ({"out": Path("nowhere/x.html")}, "no such folder"),
        ({"out": Path("evening.html")}, "already exists"),
        ({"png": Path("posts.jsonl")}, "is a file"),
        ({"png": Path("nowhere/pictures")}, "no such folder"),
        ({"png": Path()}, "not empty"),
        ({"from_": "2030-01-01T00:00Z"}, "no counts in this period"),
        ({"from_": "2023-05-13T00:00Z", "to": "2023-05-23T00:00Z"}, "no counts in this period"),
        ({"from_": "2023-05-11T18:00Z", "to": "2023-05-11T18:00Z"}, "not before"),
        ({"step": "90s"}, "multiple of the windows' 60 s"),
        ({"step": "1m"}, "longer --step"),
        ({"mentions": Path("posts.jsonl")}, "holds no mentions"),
        ({"mentions": Path("none.csv")}, "No such file"),
        ({"counts": "none.csv"}, "No such file"),
        ({"counts": "posts.jsonl"}, "holds no counts"),
    ],
)
def test_what_cannot_be_is_said(
    counts: Path, evening: dict[str, Any], monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], says: str
) -> None:
    assert evening
    monkeypatch.chdir(counts.parent)
    with pytest.raises(UsageError, match=says):
        run_report(Order(**{"counts": counts.name, "out": Path("x.html"), **asked}), Settings(), json=False)
    assert not Path("x.html").exists()
