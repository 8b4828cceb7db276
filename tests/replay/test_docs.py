"""What docs/replay.md shows of the committed sample is what the commands print."""

from pathlib import Path

from tests.support.command import sandik

DOCS = Path("docs/replay.md").read_text("utf-8").splitlines()
SAMPLE = "deploy/demo/posts.jsonl"


def test_the_late_posts_are_shown_as_a_patient_replay_counts_them(tmp_path: Path) -> None:
    plain, patient = tmp_path / "demo.csv", tmp_path / "patient.csv"
    for out, lateness_ms in ((plain, "600000"), (patient, "86400000")):
        rules = {"SANDIK_ALLOWED_LATENESS_MS": lateness_ms}
        done = sandik("replay", SAMPLE, "--window", "5m", "--out", str(out), environment=rules)
        assert done.returncode == 0, done.stderr
    shown = [line.rstrip() for line in sandik("diff", str(plain), str(patient)).stdout.decode().splitlines()]
    start = DOCS.index(shown[0])
    end = DOCS.index("…", start)

    assert shown[: end - start] == DOCS[start:end]
