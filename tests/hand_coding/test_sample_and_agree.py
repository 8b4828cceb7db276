"""`sandik sample` and `sandik agree` on the sample of the demo: no Kafka."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from sandik.errors import UsageError
from sandik.export.rows import corrected_rows
from sandik.hand_coding.agree import AgreeOrder, run_agree
from sandik.hand_coding.design import load_design
from sandik.hand_coding.sheets import read_codes
from sandik.lexicon_tools.coded_sample import load_accuracy
from sandik.lexicon_tools.explain import explain
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.support.command import refused, succeed

SAMPLE = Path("deploy/demo/posts.jsonl")
ALONE = {"SANDIK_BROKER": "127.0.0.1:1"}
TAGS = ("election", "deepfake")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's posts counted, and a sample of what was counted."""
    folder = tmp_path_factory.mktemp("coding")
    shutil.copy(SAMPLE, folder / "posts.jsonl")
    counts = str(folder / "demo.csv")
    for command in (
        ("replay", str(folder / "posts.jsonl"), "--order", "as-is", "--window", "5m", "--out", counts),
        ("sample", counts, "--out", str(folder / "sample"), "--seed", "7", "--per-stratum", "5"),
    ):
        succeed(*command, environment=ALONE)
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "sample" / "posts.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_strata_hold_every_post_that_was_counted_and_none_that_was_not(folder: Path) -> None:
    design = load_design(folder / "sample" / "design.json")
    with (folder / "demo.csv").open(newline="") as file:
        cells = [row for row in csv.DictReader(file) if row["tag"] == "all"]
    by_language: dict[str, int] = {}
    for cell in cells:
        by_language[cell["language"]] = by_language.get(cell["language"], 0) + int(cell["count"])

    assert {
        language: sum(one.posts for one in design.strata if one.language == language)
        for language in by_language
    } == by_language
    assert sum(one.posts for one in design.strata) == 232


def test_no_table_shows_the_tags_and_all_three_show_the_same(folder: Path) -> None:
    of_csv = rows(folder)
    assert list(of_csv[0]) == ["item", "created_at", "language", "text", "election", "deepfake", "note"]
    assert all(row["election"] == row["deepfake"] == row["note"] == "" for row in of_csv)
    of_jsonl = [json.loads(line) for line in (folder / "sample" / "posts.jsonl").read_text().splitlines()]
    sheet = CalamineWorkbook.from_path(str(folder / "sample" / "posts.xlsx")).get_sheet_by_index(0)
    head, *of_xlsx = sheet.to_python()

    assert [row["text"] for row in of_jsonl] == [dict(zip(head, row, strict=True))["text"] for row in of_xlsx]
    assert [row["item"] for row in of_jsonl] == [row["item"] for row in of_csv]


def test_each_item_is_of_the_stratum_that_the_design_says(folder: Path) -> None:
    strata = load_design(folder / "sample" / "design.json").strata_of_items
    job = load_job(Settings())
    texts = [json.loads(line) for line in (folder / "sample" / "posts.jsonl").read_text().splitlines()]
    assert len(strata) == len(texts)
    for row in texts:
        stratum = strata[row["item"]]
        assert stratum.language == row["language"]
        if stratum.kind == "rest":
            assert not [one for one in explain(row["text"], job).matches if one.counts]


def test_the_codebook_asks_of_each_tag_and_names_words(folder: Path) -> None:
    book = (folder / "sample" / "codebook.md").read_text("utf-8")

    assert "## election" in book
    assert "## deepfake" in book
    assert "seçim" in book
    assert "дипфейк" in book


def test_the_same_seed_draws_the_same_bytes(folder: Path) -> None:
    again = folder / "again"
    succeed(
        *("sample", str(folder / "demo.csv"), "--out", str(again), "--seed", "7", "--per-stratum", "5"),
        environment=ALONE,
    )
    for path in sorted(again.iterdir()):
        assert path.read_bytes() == (folder / "sample" / path.name).read_bytes(), path.name


def coded(folder: Path, name: str, wrong: int = 0) -> Path:
    """Return a file in which a coder says what the tags say, but for every `wrong`-th item."""
    strata = load_design(folder / "sample" / "design.json").strata_of_items
    out = folder / name
    with out.open("w", encoding="utf-8", newline="") as file:
        found = rows(folder)
        write = csv.DictWriter(file, list(found[0]), delimiter=";" if wrong else ",")
        write.writeheader()
        for row in found:
            told = {tag: tag in strata[row["item"]].kind.split("+") for tag in TAGS}
            if wrong and int(row["item"]) % wrong == 0:
                told["election"] = not told["election"]
            write.writerow({**row, **{tag: str(int(code)) for tag, code in told.items()}})
    return out


def agreed(folder: Path, *coders: Path) -> dict[str, Any]:
    out = folder / "accuracy.json"
    design = str(folder / "sample" / "design.json")
    done = succeed("agree", design, *map(str, coders), "--out", str(out), "--force", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_codes_by_the_ids_of_posts_serve_every_sample_that_has_some_of_them(folder: Path) -> None:
    ids = load_design(folder / "sample" / "design.json").ids
    posts = {post["id"] for post in map(json.loads, SAMPLE.read_text("utf-8").splitlines())}
    assert set(ids.values()) <= posts
    by_item = read_codes(coded(folder, "ayşe.csv"), TAGS)
    lines = ["id,election,deepfake", "telegram:elsewhere:1,1,1"]
    lines += [
        f"{ids[item]},{int(bool(one['election']))},{int(bool(one['deepfake']))}"
        for item, one in by_item.items()
    ]
    (folder / "by-id.csv").write_text("\n".join(lines) + "\n")

    assert read_codes(folder / "by-id.csv", TAGS, ids) == by_item
    assert agreed(folder, folder / "by-id.csv") == agreed(folder, folder / "ayşe.csv")


def test_coders_who_say_what_the_tags_say_leave_the_shares_as_they_are(folder: Path) -> None:
    found = agreed(folder, coded(folder, "ayşe.csv"), coded(folder, "ivan.csv"))
    assert [one["alpha"]["value"] for one in found["agreement"]] == [1.0, 1.0]
    every = [one for one in found["rightness"] if one["language"] == "*"]
    assert [(one["precision"]["value"], one["recall"]["value"]) for one in every] == [(1, 1)] * 3
    sample = load_accuracy(folder / "accuracy.json").of("*")
    share = sample.share("election", 103, 232)
    assert share is not None
    assert share.value == pytest.approx(103 / 232, abs=1e-6)


def test_coders_who_disagree_are_told_and_their_items_are_left_out(folder: Path) -> None:
    found = agreed(folder, coded(folder, "ayşe.csv"), coded(folder, "boris.csv", wrong=4))
    election, deepfake = found["agreement"]

    assert election["alpha"]["low"] < election["alpha"]["value"] < 1
    assert set(election["kappa"]) == {"ayşe / boris"}
    assert deepfake["alpha"]["value"] == 1
    assert found["undecided"] == found["items"] // 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("item,election,deepfake\n1,1,maybe\n", "write 1, 0 or ?"),
        ("item,election\n1,1\n", "no column `deepfake`"),
        ("item,election,deepfake\n1,1,0\n1,1,0\n", "occurs twice"),
        ("item,election,deepfake\n99999,1,0\n", "not in the sample"),
        ("item,election,deepfake\n", "no rows"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_guessed(
    folder: Path, tmp_path: Path, content: str, said: str
) -> None:
    wrong = tmp_path / "codes.csv"
    wrong.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        run_agree(AgreeOrder(folder / "sample" / "design.json", (wrong,)), json=True)


def test_codes_are_read_in_the_languages_of_coders(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("item;election;deepfake\n1;evet;hayır\n2;да;нет\n3;?;\n", "utf-8")

    assert read_codes(path, TAGS) == {
        "1": {"election": True, "deepfake": False},
        "2": {"election": True, "deepfake": False},
        "3": {"election": None, "deepfake": None},
    }


def test_a_report_has_the_corrected_share_beside_the_raw_one(folder: Path) -> None:
    agreed(folder, coded(folder, "ayşe.csv"))
    accuracy, page = folder / "accuracy.json", folder / "report.html"
    done = succeed(
        *("report", str(folder / "demo.csv"), str(page), "--no-examples", "--force"),
        *("--corrected", str(accuracy), "--json"),
        environment=ALONE,
    )
    found = json.loads(done.stdout)
    every = found["figures"]["languages"][0]
    # The coder has said what the tags say, so only the interval differs.
    assert found["corrected"]["*"]["share"]["value"] == pytest.approx(every["share"]["value"], abs=1e-5)
    assert found["corrected"]["*"]["base_share"]["value"] == pytest.approx(
        every["base_share"]["value"], abs=1e-5
    )
    assert found["corrected"]["*"]["share"]["low"] < every["share"]["low"]
    assert "Corrected for errors of the tags" in page.read_text("utf-8")


def test_a_sample_of_other_rules_corrects_nothing(folder: Path) -> None:
    accuracy = folder / "other.json"
    told = json.loads((folder / "accuracy.json").read_text("utf-8"))
    accuracy.write_text(json.dumps({**told, "lexicon_version": "lex-other"}), "utf-8")
    refused(
        *("report", str(folder / "demo.csv"), "--no-examples", "--corrected", str(accuracy), "--json"),
        environment=ALONE,
        says="the coded sample is of lex-other",
    )


def test_exported_counts_have_corrected_shares_where_the_sample_says_something(folder: Path) -> None:
    agreed(folder, coded(folder, "ayşe.csv"), coded(folder, "ivan.csv"))
    accuracy = load_accuracy(folder / "accuracy.json")
    rules = {"lexicon_version": accuracy.lexicon_version, "detector_version": accuracy.detector_version}
    cells = [("tr", "election", 8), ("tr", "all", 20), ("sw", "election", 3)]
    rows = [
        {"language": language, "tag": tag, "count": count, "total": 20, **rules}
        for language, tag, count in cells
    ]
    election, everything, unknown = corrected_rows(rows, accuracy)

    assert election["corrected_share"] == pytest.approx(0.4, abs=0.05)
    assert election["corrected_low"] < election["corrected_share"] < election["corrected_high"]
    assert everything["corrected_share"] is unknown["corrected_share"] is None
    with pytest.raises(UsageError, match="lex-other"):
        list(corrected_rows([{**rows[0], "lexicon_version": "lex-other"}], accuracy))
