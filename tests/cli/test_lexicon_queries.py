"""`sandik lexicon check` and `explain` on queries; docs/lexicon.md shows what they say."""

import re
from pathlib import Path

import msgspec
import pytest

from sandik.lexicon_tools.check import findings
from sandik.lexicon_tools.generate import main as generate
from tests.support.command import sandik
from tests.support.lexicons import write_lexicon

DOCS = (Path(__file__).parents[2] / "docs" / "lexicon.md").read_text("utf-8")
SETS = """\
[[words]]
name = "party"
language = "tr"
forms = ["chp"]

[[words]]
name = "x"
language = "tr"
forms = ["iks"]
"""


def a_term(**queries: str) -> str:
    lines = "".join(f"{field} = '{query}'\n" for field, query in queries.items())
    return f'\n[[term]]\nlanguage = "tr"\nlemma = "aday"\n{lines}'


CASES = {
    "a query that holds": (SETS + a_term(near="{party} OR {x}"), []),
    "a set that nobody uses": (SETS + a_term(near="{party}"), ["fake.toml:6: error: unused"]),
    "a set that is not there": (SETS + a_term(near="{party} OR {y}"), ["fake.toml:14: error: unreadable"]),
    "brackets": (SETS + a_term(near="({party} OR {x}"), ["fake.toml:14: error: unreadable"]),
    "near what": (SETS + a_term(unless="{party} NEAR {x}"), ["fake.toml:14: error: unreadable"]),
    "both at once": (a_term(match="a AND NOT a"), ["fake.toml:5: error: unreachable"]),
    "near and not near": (a_term(near="a AND NOT NEAR/9 a"), ["fake.toml:5: error: unreachable"]),
    "near and not nearer": (a_term(near="a AND NOT NEAR/3 a"), []),
    "a veto that always holds": (a_term(unless="a OR NOT a"), ["fake.toml:5: error: unreachable"]),
    "a veto wherever it counts": (a_term(near="NEAR/3 a", unless="a"), ["fake.toml:6: error: unreachable"]),
    "a veto where it does not": (a_term(near="a", unless="NEAR/3 a"), []),
    "a veto for what it finds": (a_term(match="a NEAR/2 b", unless="b"), []),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_what_is_wrong_with_a_query_is_said_with_its_line(what: str, tmp_path: Path) -> None:
    content, expected = CASES[what]
    found = findings(write_lexicon(tmp_path, fake=content))

    assert [str(one).split(f"{tmp_path}/")[1].rsplit(": ", 1)[0].split(": ")[:3] for one in found] == [
        one.split(": ") for one in expected
    ]


def test_sets_whose_generated_forms_are_out_of_date_are_told(tmp_path: Path) -> None:
    tables = SETS.replace('forms = ["iks"]', 'lemmas = ["parti"]\ninflects = "noun"')
    folder = write_lexicon(tmp_path, fake=tables + a_term(near="{party} OR {x}"))
    assert generate([str(folder)]) == 0
    assert findings(folder) == []
    write_lexicon(tmp_path, fake=tables.replace("parti", "ittifak") + a_term(near="{party} OR {x}"))

    assert [(one.kind, one.place.line) for one in findings(folder)] == [("stale", 6)]


@pytest.fixture(scope="module")
def fakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the lexicon that the page shows."""
    [lexicon] = re.findall(r"```toml\n(# fakes/fakes\.tr\.toml\n.*?)```", DOCS, re.DOTALL)
    folder = tmp_path_factory.mktemp("docs") / "fakes"
    folder.mkdir()
    (folder / "fakes.tr.toml").write_text(lexicon, "utf-8")
    (folder / "tags.toml").touch()
    assert generate([str(folder)]) == 0
    return folder


def test_the_page_shows_what_check_says(fakes: Path, tmp_path: Path) -> None:
    good = (fakes / "fakes.tr.toml").read_text("utf-8")
    bad = good.replace("{made} OR NEAR", "{mede} OR NEAR").replace("ödev* OR", "ödev* NEAR video OR")
    write_lexicon(tmp_path, **{"fakes.tr": bad})
    generate([str(tmp_path)])
    [shown] = re.findall(r"\$ sandik lexicon check fakes\n((?:fakes/.+\n)+)", DOCS)

    done = sandik("lexicon", "check", str(tmp_path))
    assert done.stdout.decode().replace(f"{tmp_path}/", "fakes/") == shown


def test_explain_as_json_has_what_the_conditions_say(fakes: Path) -> None:
    environment = {"SANDIK_LEXICON": str(fakes)}
    done = sandik("lexicon", "explain", "kaset, sahte. kaset", "--json", environment=environment)
    matches = msgspec.json.decode(done.stdout)["matches"]

    assert [(match["counts"], match["reason"]) for match in matches] == [(True, None), (True, None)]
    assert "stands 1 word away" in matches[0]["conditions"]
