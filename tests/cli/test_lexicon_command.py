"""`sandik lexicon`: what is wrong with a lexicon, with file and line; and why a text has its tags."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandik import lexicon
from sandik.lexicon_tools import check
from sandik.lexicon_tools.check import findings
from tests.support.command import refused, sandik, succeed
from tests.support.lexicons import DEEPFAKE, ELECTION, write_lexicon

BUILT_IN = Path(lexicon.__file__).parent
SEL = '[[term]]\nlanguage = "tr"\nlemma = "sel"\nforms = ["sel(|ler)"]\n'


def said(folder: Path) -> list[str]:
    return [f"{one.place.file.name}:{one.place.line}: {one.level}: {one.kind}" for one in findings(folder)]


def a_term(lemma: str, *fields: str, kind: str = "term", language: str = "tr") -> str:
    return "\n".join([f"[[{kind}]]", f'language = "{language}"', f'lemma = "{lemma}"', *fields, ""])


def test_nothing_is_wrong_with_the_built_in_lexicon() -> None:
    assert list(map(str, findings(BUILT_IN))) == []


def test_without_the_dictionaries_their_forms_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "find_spec", lambda _: None)
    found = {(one.level, one.kind, one.place.file.name) for one in findings(BUILT_IN)}
    assert found == {
        ("warning", "stale", f"{tag}.{language}.txt")
        for tag in ("election", "deepfake")
        for language in ("ru", "uk")
    }


CASES = {
    "not TOML": ("[[term]\n", ["flood.toml:1: error: unreadable"]),
    "every unknown field": (
        SEL + 'lema = "x"\nnotes = "x"\n',
        ["flood.toml:5: error: unreadable", "flood.toml:6: error: unreadable"],
    ),
    "an entry that is there twice": (SEL + SEL, ["flood.toml:5: error: unreadable"]),
    "a form that is there twice": (
        SEL + a_term("sel baskını", 'forms = ["seller"]'),
        ["flood.toml:8: warning: duplicate"],
    ),
    "a form that a trap always takes": (
        SEL + a_term("selam", 'forms = ["seller"]', kind="trap"),
        ["flood.toml:4: error: unreachable"],
    ),
    "a form that a trap takes in some posts": (
        SEL + a_term("selam", 'forms = ["seller"]', 'only_in = ["az"]', kind="trap"),
        ["flood.toml:4: warning: conflict"],
    ),
    "a trap for other posts": (
        SEL + 'only_in = ["tr"]\n' + a_term("selam", 'forms = ["seller"]', 'only_in = ["az"]', kind="trap"),
        [],
    ),
    "company that another entry does not ask for": (
        SEL + a_term("su", 'forms = ["su(|lar)", "seller"]', 'beside = ["flood"]'),
        ["flood.toml:8: warning: conflict"],
    ),
    "company that nobody gives": (a_term("sel", 'beside = ["flood"]'), ["flood.toml:4: error: unreachable"]),
    "a tag that is not there": (SEL + 'beside = ["rain"]\n', ["flood.toml:1: error: unreadable"]),
    "a language no post has": (SEL + 'only_in = ["tur"]\n', ["flood.toml:5: error: unreachable"]),
    "an entry in a language there is not": (
        a_term("sel", language="turkish"),
        ["flood.toml:2: warning: conflict"],
    ),
    "a form in too many texts": (a_term("su"), ["flood.toml:3: warning: too short"]),
    "a short form that is held": (a_term("su", 'only_in = ["tr"]'), []),
    "two signs that are a word": (a_term("洪水", language="zh"), []),
    "a form that is a name": (
        SEL + a_term("AFAD", 'forms = ["@afad"]'),
        ["flood.toml:8: error: unreachable"],
    ),
    "an asterisk that is no wildcard": (
        SEL + a_term("deprem", 'forms = ["depre*"]'),
        ["flood.toml:8: warning: unreachable"],
    ),
    "an asterisk within a word": (SEL + a_term("d*prem"), []),
    "an asterisk in a query": (SEL + a_term("deprem", "match = 'deprem*'"), []),
    "generated forms that are not there": (
        a_term("sel", 'inflects = "noun"'),
        ["flood.toml:1: error: unreadable"],
    ),
    "a rule that is not there": (
        a_term("flood", 'inflects = "compound"', language="en"),
        ["flood.toml:1: error: unreadable", "flood.toml:4: error: unreadable"],
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_what_is_wrong_is_said_with_its_line(what: str, tmp_path: Path) -> None:
    content, expected = CASES[what]
    assert said(write_lexicon(tmp_path, flood=content)) == expected


@pytest.mark.parametrize(
    ("language", "least", "says"),
    [
        ("tr", 9, []),
        ("tr", 10, ["all that weighs for it is 9, and 10 are needed, so it never counts"]),
        ("rus", 9, ["no post is ever of a language 'rus'; did you mean 'ru'?"]),
    ],
)
def test_a_model_that_can_never_count_is_told(
    tmp_path: Path, language: str, least: int, says: list[str]
) -> None:
    write_lexicon(tmp_path, flood=SEL)
    (tmp_path / f"flood.{language}.model.toml").write_text(
        f'language = "{language}"\nlemma = "words"\nleast = {least}\nmost_characters = 300\n'
        "weights = '''\nkurtar 5\nsu basti 4\nbardak -50\n'''\n"
    )
    found = findings(tmp_path)

    assert [one.message for one in found] == [f"{language} 'words': {one}" for one in says]
    assert {(one.kind, one.place.file.name) for one in found} <= {
        ("unreachable", f"flood.{language}.model.toml")
    }


def test_forms_that_are_out_of_date_are_told_and_generating_mends_them(tmp_path: Path) -> None:
    from sandik.lexicon_tools.generate import main

    write_lexicon(tmp_path, flood=a_term("sel", 'inflects = "noun"'))
    assert main([str(tmp_path)]) == 0
    assert said(tmp_path) == []
    write_lexicon(tmp_path, flood=a_term("sel", 'inflects = "noun"', 'without = ["selce"]'))
    assert said(tmp_path) == ["flood.toml:1: error: stale"]
    assert main([str(tmp_path)]) == 0
    write_lexicon(tmp_path, flood=SEL)
    assert said(tmp_path) == []


def test_a_form_of_two_tags_gives_every_such_post_both(tmp_path: Path) -> None:
    write_lexicon(tmp_path, flood=SEL, rain=a_term("seller"))
    assert said(tmp_path) == ["rain.toml:3: warning: conflict"]


def run_json(*arguments: str) -> tuple[int, Any]:
    done = sandik("lexicon", *arguments, "--json")
    return done.returncode, msgspec.json.decode(done.stdout)


def test_check_prints_file_line_and_what_to_do_and_fails_on_errors(tmp_path: Path) -> None:
    write_lexicon(tmp_path, flood=SEL + 'lema = "x"\n')
    done = sandik("lexicon", "check", str(tmp_path))
    assert done.returncode == 1
    expected = f"{tmp_path}/flood.toml:5: error: unreadable: unknown field `lema`; did you mean `lemma`?\n"
    assert done.stdout.decode() == expected
    assert done.stderr.decode() == f"{tmp_path}: 1 error, 0 warnings\n"


def test_check_of_one_file_speaks_of_that_file_only(tmp_path: Path) -> None:
    write_lexicon(tmp_path, flood=SEL, rain="[[term]\n")
    code, report = run_json("check", str(tmp_path / "flood.toml"))
    assert (code, report["findings"]) == (0, [])
    code, report = run_json("check", str(tmp_path / "rain.toml"))
    assert (code, report["errors"], report["findings"][0]["line"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("tags", "lost"),
    [
        (["election", "deepfake"], []),
        (["flood"], ["both", "deepfake", "election"]),
        (["flood", "rain"], ["deepfake", "election"]),
        (["election", "deepfake", "flood"], []),
    ],
)
def test_counts_that_a_lexicon_takes_away_are_told(tmp_path: Path, tags: list[str], lost: list[str]) -> None:
    lexicon = write_lexicon(tmp_path / "own", **dict.fromkeys(tags, SEL))
    code, report = run_json("check", str(lexicon))
    assert (code, report["lost_cells"]) == (0, lost)
    commands = (("lexicon", "check"), ("lexicon", "explain", "sel"), ("annotate", "-"))
    for command in commands:
        done = succeed(*command, environment={"SANDIK_LEXICON": str(lexicon)})
        notice = f"the lexicon {lexicon} gives no counts of {' and '.join(reversed(lost))}"
        assert (notice in done.stderr.decode()) == bool(lost), command


def test_check_of_no_folder_says_so(tmp_path: Path) -> None:
    done = sandik("lexicon", "check", str(tmp_path / "nowhere"))
    assert done.returncode != 0
    assert b"nowhere: no such folder" in done.stderr


def test_a_sample_shows_what_is_too_general(tmp_path: Path) -> None:
    write_lexicon(tmp_path / "lexicon", flood=SEL + a_term("yağmur"))
    sample = tmp_path / "sample.jsonl"
    texts = ["Sel geldi", "seller, sel", "yağmur yağıyor, sel var", *["hava güzel"] * 7]
    sample.write_bytes(b"".join(msgspec.json.encode({"text": text}) + b"\n" for text in texts))
    code, report = run_json("check", str(tmp_path / "lexicon"), "--sample", str(sample), "--max-share", "0.2")
    assert code == 0
    assert [(one["term"], one["posts"], one["share"]) for one in report["sample"]] == [
        ("sel", 3, 0.3),
        ("yağmur", 1, 0.1),
    ]
    assert [(one["kind"], one["line"]) for one in report["findings"]] == [("too general", 1)]


def test_a_sample_shows_what_a_model_finds_with_the_file_of_its_layer(tmp_path: Path) -> None:
    write_lexicon(tmp_path / "lexicon", flood=SEL)
    write_lexicon(tmp_path / "own", flood=a_term("yağmur"))
    (tmp_path / "own" / "flood.tr.model.toml").write_text(
        'language = "tr"\nlemma = "words"\nleast = 9\nmost_characters = 300\n'
        "weights = '''\nkurtar 5\nsu basti 4\n'''\n"
    )
    sample = tmp_path / "sample.jsonl"
    texts = ["Dün gece evlerini su bastı, kurtarılan kimse yok"] * 9 + ["yağmur yağıyor"]
    sample.write_bytes(b"".join(msgspec.json.encode({"text": text}) + b"\n" for text in texts))
    _, report = run_json("check", f"{tmp_path}/lexicon,{tmp_path}/own", "--sample", str(sample))

    assert [(one["file"], one["line"], one["posts"]) for one in report["sample"]] == [
        (f"{tmp_path}/own/flood.tr.model.toml", 1, 9),
        (f"{tmp_path}/own/flood.toml", 1, 1),
    ]
    [tells] = [one for one in report["findings"] if "words" in one["message"]]
    assert (tells["file"], tells["line"]) == (f"{tmp_path}/own/flood.tr.model.toml", 1)


def test_a_sample_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    write_lexicon(tmp_path, flood=SEL)
    sample = tmp_path / "sample.jsonl"
    sample.write_text('{"text": "a"}\nnothing\n')
    refused(
        "lexicon", "check", str(tmp_path), "--sample", str(sample), says="sample.jsonl:2: not a JSON object"
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = write_lexicon(tmp_path_factory.mktemp("lexicon"), election=ELECTION, deepfake=DEEPFAKE)
    return {"SANDIK_LEXICON": str(folder)}


TEXT = "Yarın seçim var, montaj videolara inanmayın; doğru seçim yapın. Seçimlik @secim adayları"


def test_explain_shows_language_every_match_and_why_others_do_not_count(small: dict[str, str]) -> None:
    done = sandik("lexicon", "explain", TEXT, "--json", environment=small)
    answer = msgspec.json.decode(done.stdout)
    assert (done.returncode, answer["language"], answer["tags"]) == (0, "tr", ["deepfake", "election"])
    assert 0.5 < answer["language_confidence"] <= 1
    for match in answer["matches"]:
        assert TEXT[match["start"] : match["end"]] == match["text"]
    assert [(match["text"], match["counts"], match["reason"]) for match in answer["matches"]] == [
        ("seçim", True, None),
        ("montaj", True, None),
        ("doğru seçim", False, "is a trap: what it matches never counts"),
        ("seçim", False, "is taken by a trap: doğru seçim (seçim yapmak, election.toml:33)"),
        ("Seçim", False, "is part of a longer word: Seçimlik"),
        ("secim", False, "stands in a link or an @name"),
        ("adaylar", False, "is part of a longer word: adayları"),
    ]
    assert (answer["matches"][0]["term"], answer["matches"][0]["entry"]) == ("seçim", "election.toml:1")


def test_explain_shows_the_longest_form_of_an_entry_only(small: dict[str, str]) -> None:
    done = sandik("lexicon", "explain", "erken seçim", "--json", environment=small)
    assert [match["text"] for match in msgspec.json.decode(done.stdout)["matches"]] == ["erken seçim"]


def test_explain_reads_standard_input_and_prints_a_table_without_colours(small: dict[str, str]) -> None:
    done = sandik("lexicon", "explain", "-", stdin=b"montaj, 5 oy\n", environment=small)
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("language  ")
    assert lines[1].startswith("tags      ")
    assert "montaj" in lines[3]
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


def test_explain_of_a_text_without_any_term_is_short(small: dict[str, str]) -> None:
    done = sandik("lexicon", "explain", "Bugün hava çok güzel", environment=small)
    assert done.stdout.decode().splitlines()[1:] == ["tags      none"]


def test_a_lexicon_of_ones_own_with_other_tags_works_by_a_setting(tmp_path: Path) -> None:
    write_lexicon(tmp_path, flood=SEL)
    environment = {"SANDIK_LEXICON": str(tmp_path)}
    post = msgspec.json.encode({"text": "Dereler taştı, seller köyü bastı; seçim günü"})
    done = sandik("annotate", "-", stdin=post, environment=environment)
    [answer] = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    assert answer["tags"] == ["flood"]
    assert answer["terms"] == [{"term": "sel", "tag": "flood", "start": 15, "end": 21}]
    assert sandik("lexicon", "check", environment=environment).returncode == 0
