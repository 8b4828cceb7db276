"""What `export` and `report` write: whole or not at all, replaced when told to, safe in a spreadsheet."""

import asyncio
import csv
import json
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import all_topics, create
from sandik.replay.read_results import counts_in
from sandik.settings import Settings
from sandik.tables.dictionary import GUARDED, RAW
from sandik_schemas.count import Count
from sandik_schemas.post import Post
from tests.demo.terminal import at_a_terminal
from tests.support.command import sandik, start_sandik
from tests.support.kafka import NewRecord, produce, wait_until
from tests.support.workers import environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

NOON_MS = 1_683_806_400_000
TEXTS = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@x", "\tx", " =1", "a;=1", "plain, text"]  # fmt: skip
POSTS = 20_000


def posts() -> Iterable[NewRecord]:
    for number in range(POSTS):
        post = Post(f"t:{number}", "t", NOON_MS + number, TEXTS[number % len(TEXTS)])
        yield post.id.encode(), msgspec.json.encode(post), number % 4, None


def counts() -> Iterable[NewRecord]:
    """Minutes in which one in five thousand posts about the election speaks of deepfakes."""
    for minute in range(30):
        for language in ("tr", "ru", "en"):
            for tag, count in (("all", 9_000), ("election", 5_000), ("both", 1)):
                start_ms = NOON_MS + minute * 60_000
                one = Count(
                    1,
                    "",
                    "",
                    start_ms,
                    start_ms + 60_000,
                    language,
                    tag,
                    count,
                    0,
                    0.5,
                    0,
                    1,
                    True,
                    "l",
                    "d",
                    9,
                )
                yield one.key, msgspec.json.encode(one), 0, None


@pytest.fixture(scope="module")
def settings(kafka: EmbeddedKafka) -> Settings:
    found = quick_settings(kafka.bootstrap_servers)

    async def fill() -> None:
        await create(found, all_topics(found))
        await produce(found.broker, found.topic("posts"), posts())
        await produce(found.broker, found.topic("counts"), counts())

    asyncio.run(fill())
    return found


def run(settings: Settings, *arguments: str, expected: int = 0) -> str:
    done = sandik(*arguments, environment=environment(settings))
    assert done.returncode == expected, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_no_cell_of_a_csv_file_runs_unless_asked_for_as_it_is(settings: Settings, tmp_path: Path) -> None:
    usual, raw = tmp_path / "usual.csv", tmp_path / "raw.csv"
    first = ("--to", "2023-05-11T12:00:00.008Z")
    run(settings, "export", "posts", str(usual), "--authors", "keep", *first)
    run(settings, "export", "posts", str(raw), "--authors", "keep", *first, "--raw-csv", "--bom")

    guarded = ['\'=HYPERLINK("http://x")', "'+1", "'-1", "'@x", "'\tx", "' =1", "a;'=1", "plain, text"]
    by_id = {row["id"]: row["text"] for row in rows(usual)}
    assert [by_id[f"t:{number}"] for number in range(8)] == guarded
    assert {f"t:{number}": text for number, text in enumerate(TEXTS)} == {
        row["id"]: row["text"] for row in rows(raw)
    }
    for path, said, begins in ((usual, GUARDED, b"id,"), (raw, RAW, b"\xef\xbb\xbfid,")):
        assert json.loads(path.with_name(f"{path.name}.dictionary.json").read_text())["csv_texts"] == said
        assert path.read_bytes().startswith(begins)
    told = run(settings, "export", "posts", str(tmp_path / "x.jsonl"), "--bom", expected=2)
    assert "are for CSV" in told


def test_an_export_is_replaced_only_when_told_to(settings: Settings, tmp_path: Path) -> None:
    out, days = tmp_path / "c.csv", tmp_path / "days"
    small = ("--to", "2023-05-11T12:00:00.008Z")
    run(settings, "export", "counts", str(out))
    run(settings, "export", "posts", str(days), "--by-day", "--authors", "keep", *small)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for name in (out, days):
        by_day = ("--by-day",) if name == days else ()
        assert "add --force" in run(settings, "export", "posts", str(name), *by_day, expected=2)
    out.unlink()
    assert "c.csv.dictionary.json already exists" in run(settings, "export", "posts", str(out), expected=2)
    run(settings, "export", "counts", str(out), "--force")
    run(settings, "export", "posts", str(days), "--by-day", "--authors", "keep", "--force", *small)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (days / "mine").write_text("mine")
    told = run(settings, "export", "posts", str(days), "--by-day", "--force", expected=2)
    assert ("was not written by an export" in told, (days / "mine").exists()) == (True, True)
    assert sum(one.count for one in counts_in(out) if one.tag == "both") == 90


@pytest.mark.parametrize(("told", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("target", ["posts.csv", "posts.parquet", "days", "pictures"])
async def test_a_command_that_is_told_to_stop_leaves_nothing_behind(
    settings: Settings, tmp_path: Path, target: str, told: signal.Signals, exit_code: int
) -> None:
    for attempt in range(10):  # one that was told after its last write has nothing to stop: once more
        folder = tmp_path / str(attempt)
        folder.mkdir()
        exited, said = await _stopped(settings, folder, target, told)
        if exited != 0:
            break
    assert (exited, b"Traceback" in said, b"Task" in said) == (exit_code, False, False), said
    assert names_in(folder) == []


async def _stopped(settings: Settings, folder: Path, target: str, told: signal.Signals) -> tuple[int, bytes]:
    """Run the command until it writes, and tell it to stop: its exit code, and what it said."""
    out = str(folder / target)
    arguments = {
        "days": ("export", "posts", out, "--by-day"),
        "pictures": ("report", "live", "--png", out, "--no-examples"),
    }.get(target, ("export", "posts", out))
    with start_sandik(*arguments, environment=environment(settings)) as running:

        def writes() -> bool:
            return running.poll() is not None or any(folder.rglob("*.new"))

        await wait_until(writes, 120, "it writes")
        running.send_signal(told)
        _, said = running.communicate()
        return running.returncode, said


def test_at_a_terminal_they_say_how_far_they_are(settings: Settings, tmp_path: Path) -> None:
    for arguments, shown in (
        (
            ("export", "posts", str(tmp_path / "p.csv")),
            f"reading {settings.topic('posts')}: 20,000 of 20,000",
        ),
        (("report", "live", str(tmp_path / "r.html"), "--no-examples"), "counts: 270 of 270"),
    ):
        command = (sys.executable, "-m", "sandik", *arguments)
        with at_a_terminal(*command, environment=environment_of(settings)) as terminal:
            assert terminal.wait() == 0, terminal.shown
        assert shown in terminal.shown
    assert "0.02\N{NO-BREAK SPACE}%" in (tmp_path / "r.html").read_text("utf-8")


def environment_of(settings: Settings) -> dict[str, str]:
    return {**os.environ, **environment(settings), "TERM": "xterm", "COLUMNS": "160"}
