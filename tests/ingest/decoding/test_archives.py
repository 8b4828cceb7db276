"""Archives as people have them, through the command: in any order, several at once, with a wrong clock."""

import gzip
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sandik.ingest.file_stats import EXAMPLES, EXAMPLES_IN_ALL, Account
from sandik.ingest.inputs import Source
from sandik.ingest.post_times.sorting import Sorting
from sandik.ingest.produce import Summary
from sandik.ingest.progress import step_of
from sandik.ingest.summary import MAX_ROWS, table
from tests.support.command import refused, sandik, start_sandik

BEGIN_S = 1_683_828_000
HOUR_S = 3_600


def a_line(number: int, time_s: int, **more: Any) -> bytes:
    post = {"id": f"a:{number}", "source": "a", "created_at_ms": time_s * 1_000, "text": "oy ver"}
    return json.dumps(post | more).encode() + b"\n"


def a_file(folder: Path, times_s: Sequence[int], name: str = "posts.jsonl") -> Path:
    path = folder / name
    lines = b"".join(a_line(number, time_s) for number, time_s in enumerate(times_s))
    path.write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    return path


def checked(*arguments: str | Path, stdin: bytes = b"") -> tuple[dict[str, Any], str, int]:
    environment = {"SANDIK_BROKER": "127.0.0.1:1", "SANDIK_PARTITIONS": "2"}
    ran = sandik("ingest", "--check", "--json", *map(str, arguments), stdin=stdin, environment=environment)
    return json.loads(ran.stdout or b"{}"), ran.stderr.decode(), ran.returncode


def late_of(told: dict[str, Any]) -> tuple[int, int]:
    return sum(one["posts"] for one in told["files"]), told["expected_late"]


NEWEST_FIRST = [BEGIN_S + HOUR_S * at for at in range(60)][::-1]


def test_an_archive_with_its_newest_posts_first_loses_none(tmp_path: Path) -> None:
    path = a_file(tmp_path, NEWEST_FIRST)

    assert late_of(checked(path)[0]) == (60, 0)
    as_it_is, said, _ = checked(path, "--order", "as-is")
    assert late_of(as_it_is) == (60, 58), "the first of each partition is on time"
    assert "58 of 60 posts, most of what was read, will be too late to be counted" in said


def test_the_files_of_a_command_are_put_in_order_together(tmp_path: Path) -> None:
    """Comments and submissions of one month, a packed one among them."""
    times = [BEGIN_S + HOUR_S * at for at in range(40)]
    comments, submissions = a_file(tmp_path, times, "rc.jsonl.gz"), a_file(tmp_path, times, "rs.jsonl")
    submissions.write_bytes(submissions.read_bytes().replace(b"a:", b"b:"))

    assert late_of(checked(comments, submissions)[0]) == (80, 0)
    assert checked(comments, submissions, "--order", "as-is")[0]["expected_late"] > 0


def test_a_pipe_comes_as_it_is_and_says_what_will_be_late(tmp_path: Path) -> None:
    lines = a_file(tmp_path, NEWEST_FIRST).read_bytes()

    told, said, code = checked("-", stdin=lines)

    assert (late_of(told), code) == ((60, 58), 0)
    assert "warning: posts will be too late to be counted, the first in stdin" in said
    assert "Pass files by name" in said


def test_one_wrong_clock_is_set_aside_with_its_time(tmp_path: Path) -> None:
    times = [BEGIN_S + at for at in range(40)]
    times[17] = BEGIN_S + 417 * 86_400
    path = a_file(tmp_path, times)

    told, said, code = checked(path)

    [file] = told["files"]
    assert (file["posts"], file["rejected"], code) == (39, {"clock_apart": 1}, 0)
    assert file["last_created_at_ms"] == (BEGIN_S + 39) * 1_000
    assert (
        f"{path}: post a:17: rejected: clock_apart: 2024-07-01T18:00:00Z, 416 days after all others" in said
    )


def test_a_lone_post_at_the_end_is_counted_and_told_with_what_to_do(tmp_path: Path) -> None:
    told, said, _ = checked(a_file(tmp_path, [*(BEGIN_S + at for at in range(40)), BEGIN_S + 417 * 86_400]))

    assert late_of(told) == (41, 0)
    assert "note: the last post stands 416 days after all others" in said
    assert "give --to 2023-05-12" in said


def test_only_posts_of_a_period(tmp_path: Path) -> None:
    path = a_file(tmp_path, [BEGIN_S + 6 * HOUR_S * at for at in range(12)])  # from 2023-05-11 18:00 on

    told, said, _ = checked(path, "--from", "2023-05-12", "--to", "2023-05-13", "--explain")

    [file] = told["files"]
    assert (file["posts"], file["skipped"]) == (4, {"outside_period": 8})
    assert "post a:0: skipped: outside_period: 2023-05-11T18:00:00Z" in said


def test_no_time_before_2000_or_after_3000_gets_in_and_no_mark_of_an_earlier_ingest(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    lines = [a_line(1, 45_057), a_line(2, 10**20), a_line(3, BEGIN_S), a_line(4, BEGIN_S, op="close")]
    path.write_bytes(b"".join(lines))

    [file] = checked(path)[0]["files"]

    assert (file["posts"], file["rejected"], file["skipped"]) == (1, {"bad_time": 2}, {"notice": 1})


def test_of_each_reason_the_first_three_are_told_and_then_how_many(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.jsonl" for number in range(2)]
    for path in paths:
        path.write_bytes(a_line(1, BEGIN_S) + b"bozuk\n" * 50)

    told, said, _ = checked(*paths)

    examples = [line for line in said.splitlines() if "rejected: not_json" in line]
    assert [line.partition(" ")[0] for line in examples] == [
        f"{path}:{line}:" for path in paths for line in range(2, 2 + EXAMPLES)
    ]
    assert told["rejected"] == {"not_json": 100}
    assert said.count("not_json 50") == 2
    assert said.count("not_json 100") == 2, "in the row of all, and in the summary"
    assert checked(*paths, "--explain")[1].count("rejected: not_json") == 100


def test_examples_end_however_many_files_there_are(tmp_path: Path) -> None:
    for number in range(EXAMPLES_IN_ALL):
        (tmp_path / f"{number}.jsonl").write_bytes(a_line(number, BEGIN_S) + b"bozuk\n" * 2)

    told, said, code = checked(f"{tmp_path}/*.jsonl")

    assert (said.count("rejected: not_json"), code) == (EXAMPLES_IN_ALL, 0)
    assert told["rejected"] == {"not_json": 2 * EXAMPLES_IN_ALL}


def test_the_table_has_what_is_known_of_each_file(tmp_path: Path) -> None:
    path, empty = a_file(tmp_path, [BEGIN_S, BEGIN_S + 5]), tmp_path / "none.csv"
    empty.write_bytes(b"created_at,text\n2023-05-11T18:00:00,oy\n")

    _, said, _ = checked(path, empty)

    rows = [line.split() for line in said.splitlines() if line.startswith(" ")]
    head = "file format posts rejected first event (UTC) last event (UTC)"
    times = ["2023-05-11", "18:00:00", "2023-05-11", "18:00:05"]
    assert rows == [
        head.split(),
        [str(path), "jsonl", "2", *times],
        [str(empty), "csv", "0", "bad_time", "1"],
        ["all", "2", "bad_time", "1", *times],
    ]


def test_of_very_many_files_those_with_something_amiss_are_in_the_table() -> None:
    files = [Account(f"{number}.jsonl", posts=1) for number in range(1_000)]
    files[900].expected_late = 1

    lines = list(table(files))

    assert len(lines) == 1 + MAX_ROWS + 2
    assert any("900.jsonl" in line for line in lines)
    assert "960 more files" in lines[-2]
    assert lines[-1].split()[:2] == ["all", "1,000"]


def test_no_name_of_a_file_moves_the_cursor_of_a_terminal() -> None:
    assert "\\x1b[2Jseçim.csv" in "\n".join(table([Account("\x1b[2Jseçim.csv", posts=1)]))


@pytest.mark.parametrize("option", ["--close", "--check"])
def test_what_is_for_files_is_refused_for_a_live_source(option: str) -> None:
    refused("ingest", "jetstream", option, says="a live source has no end")


def test_progress_reads_first_and_sends_then() -> None:
    sources = [Source(f"{number}.jsonl", "jsonl", 500_000, is_read=number < 1) for number in range(3)]
    reading, sending = Sorting(read=100), Sorting(read=300, is_read=True)
    summary = Summary(produced=150)
    summary.skipped["service"] = 2

    assert step_of(sources, summary, reading, 2) == (
        "read 0.5 of 1.5 MB, 100 posts, 50/s; skipped: service 2",
        500_000,
        1_500_000,
    )
    assert step_of(sources, summary, sending, 3) == (
        "sent 150 of 300 posts, 50/s; skipped: service 2",
        150,
        300,
    )
    assert step_of([*sources, Source("-", None, None)], summary, None, 3).total is None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_waits_on_disk_is_gone_when_the_command_is_told_to_stop(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """In the middle of reading 300,000 posts, of which 100,000 are held in memory."""
    path, folder = tmp_path / "posts.jsonl", tmp_path / "temp"
    folder.mkdir()
    lines = b"".join(a_line(at, BEGIN_S - at) for at in range(10_000))
    path.write_bytes(b"bozuk\n" + lines * 30)

    with start_sandik("ingest", "--check", "--temp-dir", str(folder), str(path)) as process:
        assert process.stderr is not None
        assert b"rejected: not_json" in process.stderr.readline()  # it has begun
        process.send_signal(number)
        said = process.stderr.read()

    assert (process.returncode, b"interrupted: " in said) == (code, True), said
    assert b"Traceback" not in said
    assert list(folder.iterdir()) == []
