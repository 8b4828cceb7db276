"""Tags are data: a lexicon of one tag, of two others or of three is counted, reported and shown like any."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandik.cli.counts import Latest, table
from sandik.cli.counts_query import Filter
from sandik.counting.control_state import ControlState
from sandik.figures.live_counts import Model
from sandik.figures.rollup import EVERY, Query, rows
from sandik.replay.read_results import counts_in
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.control import Run
from sandik_schemas.pair import DEFAULT_PAIR, Pair
from tests.support.command import sandik, succeed
from tests.support.lexicons import write_lexicon

START_MS = 1_683_828_000_000
WORDS = {"flood": "sel", "dam": "baraj", "rescue": "kurtarma"}
TEXTS = ["sel geldi", "sel ve baraj", "baraj doldu", "sel, baraj, kurtarma", "kurtarma ekibi", "hava güzel"]

RISK = Pair("risk", ("flood", "dam"), "dam")
OTHER = Pair("risk", ("flood", "dam"), "flood")
HELP = Pair("help", ("flood", "dam", "rescue"), "flood")


def toml(*pairs: Pair) -> str:
    return "".join(
        f'[[pair]]\nname = "{pair.name}"\nof = {list(pair.of)}\nbase = "{pair.base}"\n' for pair in pairs
    )


#: Tags, tags.toml, its pairs, and the posts of each cell that is counted besides `all`.
LEXICONS: dict[str, tuple[list[str], str | None, tuple[Pair, ...], dict[str, int]]] = {
    "one": (["flood"], None, (), {"flood": 3}),
    "two others": (
        ["flood", "dam"],
        None,
        (Pair("both", ("dam", "flood"), "dam"),),
        {"flood": 3, "dam": 3, "both": 2},
    ),
    "two others, said how": (["flood", "dam"], toml(RISK), (RISK,), {"flood": 3, "dam": 3, "risk": 2}),
    "three": (
        ["flood", "dam", "rescue"],
        toml(RISK, HELP),
        (RISK, HELP),
        {"flood": 3, "dam": 3, "rescue": 2, "risk": 2, "help": 1},
    ),
    "three without a pair": (["flood", "dam", "rescue"], None, (), {"flood": 3, "dam": 3, "rescue": 2}),
}


@pytest.fixture(params=LEXICONS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    tags, pairs, *_ = LEXICONS[request.param]
    entries = {tag: f'[[term]]\nlanguage = "tr"\nlemma = "{WORDS[tag]}"\n' for tag in tags}
    folder = write_lexicon(tmp_path / "words", **entries)
    if pairs is not None:
        (folder / "tags.toml").write_text(pairs)
    posts = [
        {"id": f"t:{n}", "source": "t", "text": text, "created_at_ms": START_MS + n, "lang_hint": "tr"}
        for n, text in enumerate(TEXTS)
    ]
    (tmp_path / "posts.jsonl").write_bytes(b"".join(msgspec.json.encode(post) + b"\n" for post in posts))
    return request.param, folder


def test_a_lexicon_of_any_tags_works_from_replay_to_report(case: tuple[str, Path], tmp_path: Path) -> None:
    name, folder = case
    _, _, pairs, expected = LEXICONS[name]
    out, page = tmp_path / "counts.csv", tmp_path / "report.html"
    succeed(
        "replay",
        str(tmp_path / "posts.jsonl"),
        "--lexicon",
        str(folder),
        "--out",
        str(out),
        "--processes",
        "1",
    )
    with out.open(newline="") as lines:
        summed: dict[str, int] = {}
        for row in csv.DictReader(lines):
            summed[row["tag"]] = summed.get(row["tag"], 0) + int(row["count"])
    assert summed == {"all": len(TEXTS), **expected}
    manifest = json.loads(Path(f"{out}.manifest.json").read_text())
    assert msgspec.convert(manifest["pairs"], tuple[Pair, ...]) == pairs

    done = succeed("report", str(out), str(page), "--json")
    every = next(one for one in json.loads(done.stdout)["figures"]["languages"] if one["language"] == EVERY)
    assert every["posts"] == summed
    assert (every["share"] is None) == (not pairs)
    if pairs:
        both, base = expected[pairs[0].name], expected[pairs[0].base]
        assert every["share"]["value"] == round(both / base, 6)
    # The notice says what the built-in lexicon would count.
    text = re.sub(r'<p class="notice">.*', "", page.read_text("utf-8"))
    assert "election" not in text
    assert "deepfake" not in text
    for tag in expected:
        assert f'<th scope="col">{tag}</th>' in text

    shown_in_table(out, pairs, expected)
    shown_on_the_page(out, pairs, expected)


def shown_in_table(out: Path, pairs: tuple[Pair, ...], expected: dict[str, int]) -> None:
    latest = Latest()
    for count in counts_in(out):
        latest.add(count.key, count)
    titles = [str(column.header) for column in table(latest, 10, Filter(pairs=pairs)).columns]
    assert set(titles) >= {*expected, *(f"{pair.name} %" for pair in pairs)}
    assert len([one for one in titles if one.endswith("%")]) == len(pairs)


def shown_on_the_page(out: Path, pairs: tuple[Pair, ...], expected: dict[str, int]) -> None:
    model = Model()
    model.add(counts_in(out), 0)
    before = model.version
    model.set_pairs(pairs)
    assert (model.version.epoch == before.epoch) == (pairs == (DEFAULT_PAIR,))
    [row] = rows(model.cells, Query(60_000, frozenset({EVERY}), pair=next(iter(pairs), None)))
    counted = {tag: row.counts.get(tag, 0) + row.current.get(tag, 0) for tag in {**row.counts, **row.current}}
    assert counted == {"all": len(TEXTS), **expected}
    assert (row.share is None) == (not pairs)


def test_the_pairs_that_a_lexicon_has_are_those_of_its_job(case: tuple[str, Path]) -> None:
    name, folder = case
    assert load_job(Settings(lexicon=str(folder))).tagger.pairs == LEXICONS[name][2]


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (toml(Pair("all", ("flood", "dam"), "dam")), "cannot have this name"),
        (toml(Pair("flood", ("flood", "dam"), "dam")), "cannot have this name"),
        (toml(RISK, RISK), "cannot have this name"),
        (toml(Pair("risk", ("flood",), "flood")), "two or more different tags"),
        (toml(Pair("risk", ("flood", "dam"), "rain")), "it can be flood or dam"),
        (toml(Pair("risk", ("flood", "rain"), "flood")), "of which the lexicon has no term"),
        ("[[pairs]]\n", "no pairs of tags"),
    ],
)
def test_pairs_that_cannot_be_are_refused_with_what_to_do(tmp_path: Path, pairs: str, says: str) -> None:
    entries = {tag: f'[[term]]\nlanguage = "tr"\nlemma = "{WORDS[tag]}"\n' for tag in ("flood", "dam")}
    folder = write_lexicon(tmp_path, **entries)
    (folder / "tags.toml").write_text(pairs)
    done = sandik("lexicon", "check", str(folder))
    assert done.returncode == 1
    assert says in done.stdout.decode()


def test_the_version_of_a_lexicon_covers_its_pairs(tmp_path: Path) -> None:
    entries = {tag: f'[[term]]\nlanguage = "tr"\nlemma = "{WORDS[tag]}"\n' for tag in ("flood", "dam")}
    folder = write_lexicon(tmp_path, **entries)

    def version(pairs: str) -> Any:
        (folder / "tags.toml").write_text(pairs)
        return load_job(Settings(lexicon=str(folder))).tagger.version

    assert len({version(pairs) for pairs in ("", toml(RISK), toml(OTHER))}) == 3
    assert version(toml(RISK)) == version(f"# a remark\n{toml(RISK)}")


def test_readers_learn_the_pairs_of_the_run_from_control() -> None:
    run = Run("r", "g", 1, "counting", {}, [0], 0, (RISK,))
    again = msgspec.json.decode(msgspec.json.encode(run), type=Run)
    state = ControlState()
    state.take(again.key, again)
    assert state.owner is not None
    assert state.owner.pairs == (RISK,)
    # Records of before there were pairs mean the usual one.
    old = msgspec.json.encode(run).replace(msgspec.json.encode((RISK,)), b"[]").replace(b',"pairs":[]', b"")
    assert msgspec.json.decode(old, type=Run).pairs == (DEFAULT_PAIR,)


def test_asked_for_a_pair_its_base_is_needed_for_the_share() -> None:
    from tests.dashboard.builders import a_count

    wanted = Filter(tags=frozenset({"risk"}), pairs=(RISK,))
    assert wanted.needs(a_count("dam"))
    assert not wanted.needs(a_count("flood"))
