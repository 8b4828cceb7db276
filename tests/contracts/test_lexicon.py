from collections import defaultdict
from pathlib import Path

import pytest

import sandik.lexicon
from sandik.counting.tags.lexicon import LexiconError, read_tag_file
from sandik.lexicon_tools import slavic
from sandik.lexicon_tools.generate import BUILT_IN, generate, main
from sandik.lexicon_tools.turkish import attach, compound, noun, verb
from tests.support.loaded import built_in

FOLDER = Path(sandik.lexicon.__file__).parent
#: Languages that share words and their meaning: кандидат is one in Ukrainian, too.
SISTERS = {"uk": "ru"}


def test_the_committed_forms_are_what_the_generator_makes() -> None:
    committed = {path: path.read_text("utf-8") for path in FOLDER.glob("forms/*.txt")}
    assert generate(FOLDER) == committed


def test_without_a_folder_the_built_in_lexicon_is_generated() -> None:
    assert BUILT_IN == FOLDER
    assert main(["--check"]) == 0


def test_a_folder_that_does_not_exist_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "flod")])
    assert f"{tmp_path / 'flod'}: no such folder; name one with a <tag>.toml" in capsys.readouterr().err


def test_check_fails_on_a_stale_file_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "flood.toml").write_text('[[term]]\nlanguage = "tr"\nlemma = "sel"\ninflects = "noun"\n')
    assert main(["--check", str(tmp_path)]) == 1
    assert not (tmp_path / "forms").exists()
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    assert "  sellerde\n" in (tmp_path / "forms" / "flood.tr.txt").read_text("utf-8")


def test_every_entry_says_its_language_and_where_it_is_from() -> None:
    for file in FOLDER.glob("*.toml"):
        rows = read_tag_file(file)
        for row in (*rows.term, *rows.trap):
            assert row.source in ("language", "law", "posts"), row.lemma
            assert row.pos or row.inflects, row.lemma
            assert row.language == file.name.split(".")[1], row.lemma


def test_no_form_is_so_short_that_any_language_has_it() -> None:
    # Two letters are too few in any language, unless the post's language is checked too.
    short = {form for e in built_in().entries for form in e.forms if len(form) < 3 and not e.only_in}
    assert short == set()


def test_folding_makes_no_word_of_one_language_another_of_the_next() -> None:
    lemma_languages: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for file in FOLDER.glob("*.toml"):
        rows = read_tag_file(file)
        for row in (*rows.term, *rows.trap):
            lemma_languages[file.name.split(".")[0], row.lemma].add(SISTERS.get(row.language, row.language))
    words: defaultdict[tuple[str, str], list[set[str]]] = defaultdict(list)
    for entry in built_in().entries:
        # Names of programs are English in every language.
        for form in () if entry.lemma == "deepfake araçları" else entry.forms:
            words[entry.tag, form].append(lemma_languages[entry.tag, entry.lemma])
    shared = {form for (_, form), languages in words.items() if not set.intersection(*languages)}
    assert all("deep" in form or "dip" in form for form in shared), shared


def test_a_word_that_russian_and_ukrainian_share_counts_alike_in_both() -> None:
    lemmas = {
        (file.name.split(".")[0], row.lemma)
        for file in FOLDER.glob("*.*.toml")
        if file.name.split(".")[1] in ("ru", "uk")
        for rows in [read_tag_file(file)]
        for row in (*rows.term, *rows.trap)
    }
    rules: defaultdict[tuple[str, str], set[tuple[bool, tuple[str, ...]]]] = defaultdict(set)
    for entry in built_in().entries:
        if (entry.tag, entry.lemma) in lemmas:
            for form in entry.forms:
                rules[entry.tag, form].add((entry.is_trap, entry.beside))
    assert {form for form, found in rules.items() if len(found) > 1} == set()


def test_slavic_words_inflect_in_their_own_language() -> None:
    assert {"избирателя", "избирателями"} <= set(slavic.inflect("ru", "избиратель", "noun", "last"))
    assert {"проголосуют", "проголосовавших"} <= set(slavic.inflect("ru", "проголосовать", "verb", "last"))
    assert {"виборця", "виборцями"} <= set(slavic.inflect("uk", "виборець", "noun", "last"))
    assert {"виборчих дільниць"} <= set(slavic.inflect("uk", "виборча дільниця", "adjective", "all"))
    assert "кандидата в мэры" in set(slavic.inflect("ru", "кандидат в мэры", "noun", "first"))


@pytest.mark.parametrize("word", ["дипфек", "выборах"])
def test_a_word_that_is_no_lemma_is_not_guessed_at(word: str) -> None:
    with pytest.raises(LexiconError, match=f"ru '{word}': unknown noun"):
        list(slavic.inflect("ru", word, "noun", "last"))


def test_the_built_in_tags_are_election_and_deepfake() -> None:
    assert built_in().tag_names == ("election", "deepfake")


@pytest.mark.parametrize(
    ("stem", "suffix", "softens", "form"),
    [
        ("seçim", "lAr", False, "seçimler"),
        ("sandık", "(y)A", True, "sandığa"),
        ("sandık", "DA", True, "sandıkta"),
        ("oylama", "(y)A", False, "oylamaya"),
        ("oylama", "(s)I", False, "oylaması"),
        ("oy", "(I)mIz", False, "oyumuz"),
        ("deepfake", "(n)In", False, "deepfakenin"),
        ("git", "(I)yor", True, "gidiyor"),
    ],
)
def test_turkish_suffixes_follow_the_stem(stem: str, suffix: str, softens: bool, form: str) -> None:
    assert attach(stem, suffix, softens=softens) == form


def test_turkish_paradigms_hold_the_forms_people_write() -> None:
    assert {"seçimlerinde", "seçimden", "seçimdeki", "seçimlerimizi", "seçimiydi"} <= set(noun("seçim"))
    assert {"oy pusulasını", "oy pusulaları"} <= set(compound("oy pusulası"))
    assert {"seçim sandığına", "seçim sandıklarından"} <= set(compound("seçim sandığı"))
    forms = set(verb("oy ver", "oy verir"))
    assert {
        "oy verdim",
        "oy vereceğiz",
        "oy vermeyeceğim",
        "oy verenler",
        "oy verdiği",
        "oy verilen",
    } - forms == {
        "oy verilen"  # the passive is another verb
    }


def test_turkish_paradigms_hold_what_people_type_instead() -> None:
    forms = set(verb("oy ver", "oy verir"))
    assert {"oy vericem", "oy vercem", "oy vermiycem", "oy vermicez", "oy veriyom", "oy verdinmi"} <= forms
    assert {"oy veremeyen", "oy verebileceğim", "oy vermem", "oy vermeseydik", "oy verdikten"} <= forms
    assert {"seçimide", "seçimlerdeki", "seçimlik"} <= set(noun("seçim"))
    assert {"sandıkda", "sandığımızdaki"} <= set(noun("sandık", softens=True))
    assert {"adayıyım", "adayımızsın", "adaylarından"} <= set(noun("aday"))


def test_alternatives_do_not_multiply_into_a_slow_lexicon() -> None:
    # One line of nested choices once made 250,000 forms of Turkish.
    turkish = {form for entry in built_in().entries if ".tr." in entry.where for form in entry.forms}
    assert 10_000 < len(turkish) < 90_000
