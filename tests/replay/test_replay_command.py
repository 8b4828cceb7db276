"""`sandik replay` of files, as a user runs it: manifest, formats, verification, refusals, interruption."""

import csv
import json
import shutil
import signal
from pathlib import Path

import msgspec
import pytest

from sandik.lexicon_tools.measured import last_measured
from sandik.settings import Settings
from tests.support.command import refused, sandik, start_sandik, succeed
from tests.support.kafka import wait_until
from tests.support.lexicons import SMALL, write_lexicon
from tests.support.scene import some_posts
from tests.support.truth import single_pass

SAMPLE = Path("deploy/demo/posts.jsonl")
FAST = {"SANDIK_DETECTOR": "fasttext", "SANDIK_PARTITIONS": "4"}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("replay") / "demo.jsonl"
    shutil.copy(SAMPLE, out.with_name("posts.jsonl"))
    done = succeed(
        "replay", str(out.with_name("posts.jsonl")), "--out", str(out), "--window", "5m", environment=FAST
    )
    assert done.stdout.decode() == f"{out}\n"
    return out


def test_the_manifest_says_what_was_counted_and_how(replayed: Path) -> None:
    manifest = json.loads(replayed.with_name("demo.jsonl.manifest.json").read_text())
    rows = [json.loads(line) for line in replayed.open()]

    assert manifest["output"]["rows"] == len(rows)
    assert manifest["plan"]["rules"]["window_size_ms"] == 300_000
    assert manifest["plan"]["rules"]["detector"] == "fasttext"
    assert {row["lexicon_version"] for row in rows} == {manifest["plan"]["rules"]["lexicon_version"]}
    assert [input_["size_bytes"] for input_ in manifest["plan"]["inputs"]] == [SAMPLE.stat().st_size]
    assert sum(end - start for _, start, end in manifest["plan"]["slices"]) == 235
    assert sum(row["count"] for row in rows if row["tag"] == "all") == manifest["tally"]["counted"]
    assert "emitted_at_ms" not in rows[0]


def test_files_are_counted_in_the_order_of_their_times_as_ingest_writes_them(tmp_path: Path) -> None:
    """The newest first, over hours: read as they are, nearly all would be late."""
    posts = [
        {
            "id": f"a:{at}",
            "source": "a",
            "created_at_ms": 1_683_828_000_000 + 3_600_000 * at,
            "text": "oy ver",
        }
        for at in range(50)
    ]
    source, out = tmp_path / "posts.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(post) + "\n" for post in posts[::-1]))

    succeed("replay", str(source), "--out", str(out), environment=FAST)

    tally = json.loads(out.with_name("out.jsonl.manifest.json").read_text())["tally"]
    assert (tally["counted"], tally["late"]) == (50, 0)


def test_top_terms_are_in_a_file_beside_that_is_verified_too(replayed: Path, tmp_path: Path) -> None:
    shutil.copy(replayed.with_name("posts.jsonl"), tmp_path)
    out, beside = tmp_path / "out.csv", tmp_path / "out.terms.csv"
    ask = ("replay", str(tmp_path / "posts.jsonl"), "--terms", "--authors")
    succeed(*ask, "--out", str(out), environment=FAST)
    before = beside.read_bytes()
    beside.write_bytes(before.replace(b",1,", b",2,", 1))

    assert before.startswith(b"schema_version,window_start,")
    assert b"with_author,distinct_authors" in out.read_bytes().partition(b"\n")[0]
    changed = sandik("replay", "--manifest", f"{out}.manifest.json")
    assert (1, True) == (changed.returncode, b"out.terms.csv has changed" in changed.stderr)
    out.unlink()
    refused = sandik(*ask, "--out", str(out), environment=FAST)
    assert (2, True) == (refused.returncode, b"out.terms.csv already exists" in refused.stderr)
    to_topic = sandik(*ask, "--topic", "run", environment=FAST)
    assert (2, True) == (to_topic.returncode, b"--no-terms" in to_topic.stderr)


def test_a_manifest_is_enough_to_do_it_again(replayed: Path) -> None:
    manifest, before = f"{replayed}.manifest.json", replayed.read_bytes()
    replayed.unlink()

    again = sandik("replay", "--manifest", manifest)
    assert (again.returncode, before) == (0, replayed.read_bytes()), again.stderr


def test_a_folder_with_all_that_a_replay_is_of_can_be_moved(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "raw").mkdir(parents=True)
    shutil.copy(SAMPLE, here / "raw")
    (here / "words").mkdir()
    (here / "words" / "deepfake.toml").write_text('[[term]]\nlanguage = "en"\nlemma = "deepfake"\n')
    (here / "words" / "tags.toml").write_text("")
    arguments = ("--out", str(here / "a.csv"), "--lexicon", str(here / "words"))
    succeed("replay", str(here / "raw" / SAMPLE.name), *arguments, environment=FAST)
    here.rename(there)
    plan = json.loads((there / "a.csv.manifest.json").read_text())["plan"]

    assert plan["inputs"][0]["name"] == f"raw/{SAMPLE.name}"
    assert plan["rules"]["lexicon"] == "words"
    again = sandik("replay", "--manifest", str(there / "a.csv.manifest.json"))
    assert (again.returncode, b"same:" in again.stderr) == (0, True), again.stderr


def test_counts_that_the_lexicon_takes_away_are_told_wherever_the_result_is_used(
    replayed: Path, tmp_path: Path
) -> None:
    narrow = tmp_path / "narrow.csv"
    lost = b"gives no counts of election and deepfake and both"
    words = '[[term]]\nlanguage = "tr"\nlemma = "sel"\nforms = ["sel(|ler)"]\n'
    lexicon = write_lexicon(tmp_path / "lexicon", flood=words)
    done = sandik("replay", str(SAMPLE), "--lexicon", str(lexicon), "--out", str(narrow), environment=FAST)
    assert (done.returncode, lost in done.stderr) == (0, True), done.stderr
    manifest = f"{narrow}.manifest.json"

    assert ["both", "deepfake", "election"] == json.loads(Path(manifest).read_text())["lost_cells"]
    assert [] == json.loads(Path(f"{replayed}.manifest.json").read_text())["lost_cells"]
    assert lost in sandik("replay", "--manifest", manifest).stderr
    moved = sandik("diff", str(replayed), str(narrow)).stderr
    assert moved.startswith(f"{narrow}: the lexicon ".encode())
    assert lost in moved
    notices = json.loads(sandik("report", str(narrow), "--json", "--no-examples").stdout)["notices"]
    assert any(lost.decode() in notice for notice in notices)


def test_how_right_the_tags_are_is_told_of_the_lexicon_that_was_measured_and_of_no_other(
    replayed: Path, tmp_path: Path
) -> None:
    narrow = tmp_path / "narrow.csv"
    succeed("replay", str(SAMPLE), "--lexicon", "builtin,docs/narrow", "--out", str(narrow), environment=FAST)

    built_in, own = (
        json.loads(Path(f"{one}.manifest.json").read_text())["lexicon_measured"] for one in (replayed, narrow)
    )
    assert (built_in, own) == (list(msgspec.to_builtins(last_measured().figures)), [])
    for result, told in ((replayed, built_in), (narrow, own)):
        report = json.loads(sandik("report", str(result), "--json", "--no-examples").stdout)
        assert list(report["method"]["measured"].values()) == [told]


def test_what_lies_elsewhere_is_named_in_full(tmp_path: Path) -> None:
    succeed("replay", str(SAMPLE), "--out", str(tmp_path / "a.csv"), environment=FAST)
    plan = json.loads((tmp_path / "a.csv.manifest.json").read_text())["plan"]

    assert plan["inputs"][0]["name"] == str(SAMPLE.resolve())


def test_an_output_that_was_changed_is_found_and_left_as_it_is(replayed: Path, tmp_path: Path) -> None:
    copy = tmp_path / replayed.name
    for name in (f"{replayed.name}.manifest.json", "posts.jsonl"):
        shutil.copy(replayed.with_name(name), tmp_path)
    copy.write_bytes(replayed.read_bytes().replace(b'"count":1,', b'"count":2,', 1))

    refused("replay", "--manifest", f"{copy}.manifest.json", says="differs", code=1)
    assert copy.read_bytes() != replayed.read_bytes()


def test_a_changed_input_is_refused(replayed: Path, tmp_path: Path) -> None:
    manifest = json.loads(replayed.with_name("demo.jsonl.manifest.json").read_text())
    other = tmp_path / "posts.jsonl"
    other.write_bytes(SAMPLE.read_bytes().replace(b"2", b"3", 1))
    manifest["plan"]["inputs"][0]["name"] = str(other)
    (tmp_path / "m.json").write_text(json.dumps(manifest))

    refused("replay", "--manifest", str(tmp_path / "m.json"), says="has changed", code=1)


def test_every_format_holds_the_same_rows(replayed: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    expected = [json.loads(line) for line in replayed.open()]
    for suffix in ("csv", "parquet"):
        out = tmp_path / f"demo.{suffix}"
        succeed("replay", str(SAMPLE), "--out", str(out), "--window", "5m", environment=FAST)
    text = [{name: str(value) for name, value in row.items()} for row in expected]
    for row in text:
        row["is_final"] = row["is_final"].lower()
    table = parquet.read_table(tmp_path / "demo.parquet")

    assert text == list(csv.DictReader((tmp_path / "demo.csv").open(encoding="utf-8")))
    assert [row["window_start_ms"] for row in expected] == [
        round(row["window_start"].timestamp() * 1000) for row in table.to_pylist()
    ]
    assert [row["count"] for row in expected] == table["count"].to_pylist()


def test_wider_windows_lie_beside_the_counts_and_the_manifest_is_enough_for_them(tmp_path: Path) -> None:
    out = tmp_path / "demo.csv"
    arguments = ("--window", "5m", "--hopping", "15m/5m", "--session-gap", "10m")
    succeed("replay", str(SAMPLE), "--out", str(out), *arguments, environment=FAST)
    hopping, sessions = (tmp_path / f"demo.{kind}.csv" for kind in ("hopping", "sessions"))
    before = hopping.read_bytes()
    hopping.unlink()
    sessions.write_bytes(sessions.read_bytes().replace(b"true", b"false", 1))

    again = sandik("replay", "--manifest", f"{out}.manifest.json")

    assert (again.returncode, hopping.read_bytes()) == (1, before)
    assert b"demo.sessions.csv has changed" in again.stderr
    posts = [
        sum(int(row["count"]) for row in rows if row["tag"] == "all") for rows in map(rows_of, (out, hopping))
    ]
    assert posts[1] == 3 * posts[0]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding="utf-8")))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x.jsonl"], "where the counts go"),
        (["x.jsonl", "--out", "x.txt"], ".parquet"),
        (["-", "--out", "x.csv"], "read it again"),
        ([str(SAMPLE), "--out", "x.csv", "--from", "2023-05-11T18:00"], "no zone"),
        ([str(SAMPLE), "--out", "x.csv", "--from", "-1h", "--to", "-2h"], "not before"),
        ([str(SAMPLE), "--out", "x.csv", "--by", "record"], "no record time"),
        ([str(SAMPLE), "--out", "x.csv", "--window", "5"], "not a duration"),
        ([str(SAMPLE), "--out", "x.csv", "--detector", "tarot"], "tarot"),
        ([str(SAMPLE), "--topic", "a/b"], "letters"),
        ([str(SAMPLE), "--topic", "sessions"], "the workers' own"),
        ([str(SAMPLE), "--out", "x.csv", "--hopping", "1h"], "size and advance"),
        ([str(SAMPLE), "--out", "x.csv", "--hopping", "1h/7m"], "a multiple of the advance"),
        ([str(SAMPLE), "--out", "x.csv", "--session-gap", "90s"], "cannot be 90000 ms"),
        (["--manifest", "missing.json"], "No such file"),
        (["--manifest", "missing.json", "--window", "5m"], "remove all other options"),
    ],
)
def test_what_cannot_be_counted_is_refused_and_leaves_nothing(arguments: list[str], says: str) -> None:
    before = set(Path.cwd().iterdir())
    refused("replay", *arguments, says=says)
    assert before == set(Path.cwd().iterdir())


def test_without_a_terminal_no_bar_is_drawn_even_where_colour_is_forced(tmp_path: Path) -> None:
    arguments = ("replay", str(SAMPLE), "--out", str(tmp_path / "a.csv"))
    done = sandik(*arguments, environment={**FAST, "FORCE_COLOR": "1", "SANDIK_LEXICON": str(SMALL)})

    assert (done.returncode, b"\x1b" in done.stderr) == (0, False), done.stderr


def test_a_file_that_is_there_is_not_replaced_unasked(replayed: Path) -> None:
    before = replayed.read_bytes()
    done = sandik("replay", str(SAMPLE), "--out", str(replayed))

    assert (done.returncode, before) == (2, replayed.read_bytes())


async def test_interrupted_it_goes_on_where_it_was(tmp_path: Path) -> None:
    posts = some_posts(90_000)
    (tmp_path / "posts.jsonl").write_bytes(b"".join(value + b"\n" for _, value in posts))
    environment = {"SANDIK_DETECTOR": "fasttext", "SANDIK_PARTITIONS": "1"}
    arguments = ("replay", str(tmp_path / "posts.jsonl"), "--out", str(tmp_path / "out.jsonl"))
    with start_sandik(*arguments, environment=environment) as running:
        state = tmp_path / "out.jsonl.replay" / "0.state"
        await wait_until(lambda: state.exists() or running.poll() is not None, 120, "the first checkpoint")
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert (running.returncode, state.exists()) == (130, True), said
    assert not (tmp_path / "out.jsonl").exists()

    refused(*arguments, "--window", "1h", environment=environment, says="another replay")
    done = sandik(*arguments, environment=environment)
    assert b"going on" in done.stderr
    assert not state.parent.exists()
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").open()]
    truth = truth_of(posts)
    assert truth == {
        f"{row['window_start_ms']}|60000|{row['language']}|{row['tag']}".encode(): row["count"]
        for row in rows
        if row["count"]
    }


def truth_of(posts: list[tuple[bytes, bytes]]) -> dict[bytes, int]:
    from sandik.run_identity import load_job

    decoded = [json.loads(value) for _, value in posts]
    triples = [(post["created_at_ms"], post["text"], None) for post in decoded]
    return dict(single_pass(triples, load_job(Settings(detector="fasttext"))))
