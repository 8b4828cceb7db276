"""What docs/replay.md shows of the committed sample is what the commands print."""

from pathlib import Path

from tests.support.command import sandik

DOCS = Path("docs/replay.md").read_text("utf-8").splitlines()
SAMPLE = "deploy/demo/posts.jsonl"


def test_the_late_posts_are_shown_as_a_patient_replay_counts_them(tmp_path: Path) -> None:
    plain, patient = tmp_path / "demo.csv", tmp_path / "patient.csv"
    for out, lateness_ms in ((plain, "600000"), (patient, "86400000")):
        replay(out, environment={"SANDIK_ALLOWED_LATENESS_MS": lateness_ms})
    shown = diff(plain, patient)
    start = DOCS.index(shown[0])
    end = DOCS.index("…", start)

    assert shown[: end - start] == DOCS[start:end]


def test_another_lexicon_is_shown_to_move_the_cells_that_it_moves(tmp_path: Path) -> None:
    plain, narrow = tmp_path / "demo.csv", tmp_path / "narrow.csv"
    replay(plain)
    replay(narrow, "--lexicon", "builtin,docs/narrow")
    shown = diff(plain, narrow, "--examples", "1")
    start = DOCS.index("$ sandik diff demo.csv narrow.csv --examples 1") + 2  # the versions come first
    end = DOCS.index("```", start)
    cut = DOCS.index("…", start)

    assert shown[1 : 1 + cut - start] == DOCS[start:cut]
    assert shown[-(end - cut - 1) :] == DOCS[cut + 1 : end]


def replay(out: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
    done = sandik(
        "replay",
        SAMPLE,
        "--order",
        "as-is",
        "--window",
        "5m",
        "--out",
        str(out),
        *arguments,
        environment=environment,
    )
    assert done.returncode == 0, done.stderr


def diff(one: Path, other: Path, *arguments: str) -> list[str]:
    done = sandik("diff", str(one), str(other), *arguments)
    return [line.rstrip() for line in done.stdout.decode().splitlines()]
