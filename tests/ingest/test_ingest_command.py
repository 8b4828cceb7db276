"""The command, as a user runs it: previews, explanations, and mistakes that it names."""

import json
import os
import signal
from pathlib import Path

import pytest

from sandik.cli.main import main
from tests.support.command import sandik, start_sandik

FRAME = (
    b'{"did":"did:plc:x","time_us":1683828000000000,"kind":"commit","commit":{"operation":"create",'
    b'"collection":"%s","rkey":"%d","record":{"createdAt":"2023-05-11T18:00:00Z","text":"oy","langs":["%s"]}}}\n'
)


def frames(tmp_path: Path) -> Path:
    path = tmp_path / "frames.jsonl"
    lines = [FRAME % (b"app.bsky.feed.post", number, b"tr") for number in range(12)]
    lines[1:1] = [
        FRAME % (b"app.bsky.feed.like", 90, b"tr"),
        b"bozuk\n",
        FRAME % (b"app.bsky.feed.post", 91, b"ru"),
    ]
    path.write_bytes(b"".join(lines))
    return path


def test_a_dry_run_shows_the_first_posts_as_they_would_be_produced(tmp_path: Path) -> None:
    path = frames(tmp_path)
    ran = sandik("ingest", "--dry-run", str(path))

    posts = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0
    assert len(posts) == 10
    assert posts[0] == {
        "id": "bluesky:at://did:plc:x/app.bsky.feed.post/0",
        "source": "bluesky",
        "created_at_ms": 1_683_828_000_000,
        "text": "oy",
        "author_id": "did:plc:x",
        "lang_hint": "tr",
        "url": "https://bsky.app/profile/did:plc:x/post/0",
    }
    assert f"{path}:3: rejected: not_json".encode() in ran.stderr
    assert b"10 posts shown, none produced; 1 rejected (not_json 1); 1 skipped (other_record 1)" in ran.stderr
    assert b"skipped: other_record" not in ran.stderr


def test_explain_says_of_each_skipped_line_why(tmp_path: Path) -> None:
    path = frames(tmp_path)
    ran = sandik("ingest", "--dry-run", "--explain", "--filter", "language=tr", str(path))

    assert f"{path}: read as jetstream, by did, time_us".encode() in ran.stderr
    assert f"{path}:2: skipped: other_record: app.bsky.feed.like".encode() in ran.stderr
    assert b"bluesky:at://did:plc:x/app.bsky.feed.post/91: skipped: filtered: language ru" in ran.stderr


def test_who_wrote_it_is_hidden_before_anybody_sees_it(tmp_path: Path) -> None:
    arguments = ("ingest", "--dry-run", "--explain", "--filter", "language=tr", str(frames(tmp_path)))
    open_ones = sandik(*arguments)
    ran = sandik(*arguments, environment={"SANDIK_AUTHOR_KEY": "anahtar-71d0e8-9c3fa2"})

    assert b"did:plc:x" in open_ones.stdout
    assert b"did:plc:x" in open_ones.stderr
    assert b"did:plc:x" not in ran.stdout + ran.stderr
    assert len(open_ones.stdout.splitlines()) == len(ran.stdout.splitlines())
    assert len({json.loads(line)["id"] for line in ran.stdout.splitlines()}) == 10
    assert b'"author_id":"' in ran.stdout


def test_stdin_tells_its_format_itself(tmp_path: Path) -> None:
    ran = sandik("ingest", "--dry-run", "-", stdin=frames(tmp_path).read_bytes())

    assert len(ran.stdout.splitlines()) == 10


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.jsonl"], "cannot read missing.jsonl"),
        (["missing/*.jsonl"], "no file matches"),
        (["-", "--format", "docx"], "there is no format 'docx'"),
        (["-", "--pace", "fast"], "--pace fast: write 1x, 60x or max"),
        (["-", "--filter", "tr"], "--filter tr"),
        (["-", "--zone", "Mars"], "--zone Mars"),
        (["-", "--columns", "time"], "--columns time"),
        (["jetstream", "-"], "a live source is read alone"),
        (["https://ornek.example/"], "is not a live source"),
    ],
)
def test_a_mistake_is_named_and_the_exit_code_is_2(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["sandik", "ingest", "--dry-run", *arguments])
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(SystemExit) as left:
            main()

    errors = capfd.readouterr().err
    assert (left.value.code, told in errors) == (2, True), errors


def test_ctrl_c_ends_a_preview_cleanly() -> None:
    with start_sandik("ingest", "--dry-run", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(FRAME % (b"app.bsky.feed.post", 1, b"tr"))
        process.stdin.flush()
        process.stdout.readline()  # it runs
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Traceback" not in errors
