"""What is kept of the coded Telegram posts is of this lexicon and this detector, and no text is in it."""

import csv
import json

from sandik.hand_coding.agree import AgreeOrder, run_agree
from sandik.hand_coding.design import load_design
from sandik.hand_coding.sheets import read_codes
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.hand_coding.telegram import CODING

PASSES = [CODING / "pass-1.csv", CODING / "pass-2.csv"]


def test_it_was_counted_by_this_lexicon() -> None:
    """After a change of lexicon or detector that is meant: `make coded`, `make answers`, `make notebook`."""
    job = load_job(Settings())
    design = load_design(CODING / "design.json")
    with (CODING / "telegram.csv").open(newline="") as file:
        versions = {(row["lexicon_version"], row["detector_version"]) for row in csv.DictReader(file)}

    assert versions == {(job.tagger.version, job.detector.version)}
    assert (design.lexicon_version, design.detector_version) in versions


def test_most_of_what_is_drawn_was_coded_twice() -> None:
    design = load_design(CODING / "design.json")
    coded = [read_codes(path, design.tags, design.ids) for path in PASSES]

    assert all(len(codes) >= 0.8 * len(design.ids) for codes in coded)
    assert run_agree(AgreeOrder(CODING / "design.json", tuple(PASSES)), json=True) == 0


def test_it_has_ids_and_no_texts() -> None:
    design = json.loads((CODING / "design.json").read_text())

    assert all(one.startswith("telegram:") for one in design["ids"].values())
    for path in PASSES:
        assert path.read_text().splitlines()[0] == "id,election,deepfake,note"
    assert "/" not in "".join(
        one["name"]
        for one in json.loads((CODING / "telegram.csv.manifest.json").read_text())["plan"]["inputs"]
    )
