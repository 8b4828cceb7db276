"""A citation has what the counts depend on, in each form."""

from pathlib import Path

from sandik.replay.manifest import load, manifest_path
from tests.support.command import refused, succeed

ALONE = {"SANDIK_BROKER": "127.0.0.1:1"}


def test_each_form_names_posts_rules_and_hashes(tmp_path: Path) -> None:
    out = tmp_path / "demo.csv"
    succeed("replay", "deploy/demo/posts.jsonl", "--out", str(out), environment=ALONE)
    manifest = load(manifest_path(out))
    rules = manifest.plan.rules
    told = [manifest.output.rows_sha256, manifest.plan.inputs[0].sha256, rules.lexicon_version]
    for form, begins in (
        ("text", "Counts demo.csv"),
        ("bibtex", "@dataset{sandik-"),
        ("ris", "TY  - DATA\n"),
    ):
        done = succeed("cite", str(out), "--format", form)
        cited = done.stdout.decode()
        assert cited.startswith(begins)
        assert all(one in cited for one in told)
    assert cited.endswith("ER  - \n")

    refused("cite", str(tmp_path / "none.csv"), says="only files that a replay wrote")
