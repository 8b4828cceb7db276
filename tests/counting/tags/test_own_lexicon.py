"""A lexicon of a user's own: its tags are data, and what is wrong with it is said with file and line."""

from pathlib import Path

import pytest

from sandik.counting.tags import LexiconError, load_tagger
from sandik.counting.tags.lexicon import load_lexicon
from tests.support.lexicons import matched

FLOOD = '[[term]]\nlanguage = "tr"\nlemma = "sel"\nforms = ["sel(|ler)"]\n'


def test_another_lexicon_brings_its_own_tags(tmp_path: Path) -> None:
    (tmp_path / "flood.toml").write_text(FLOOD)
    tagger = load_tagger(tmp_path)
    assert tagger.tag_names == ("flood",)
    assert matched(tagger, "Seller geldi, seçim", "tr") == ["Seller"]


def test_a_trap_beats_a_term_of_the_same_words(tmp_path: Path) -> None:
    trap = '[[trap]]\nlanguage = "tr"\nlemma = "veto"\nforms = ["seller"]\n'
    (tmp_path / "flood.toml").write_text(FLOOD + trap)
    assert matched(load_tagger(tmp_path), "seller sel", "tr") == ["sel"]


def test_the_version_follows_what_is_matched_and_nothing_else(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    term = '\n[[term]]\nlanguage = "ru"\nlemma = "потоп"\n'
    (one / "flood.toml").write_text(FLOOD + term)
    (other / "flood.toml").write_text(f"# a comment\n{term}note = 'x'\n{FLOOD}")
    same = load_tagger(one).version
    assert same == load_tagger(other).version
    (other / "flood.toml").write_text(FLOOD + term + 'only_in = ["ru"]\n')
    assert load_tagger(other).version != same


#: 2^15 forms.
MANY = "(a|b)" * 15

BROKEN = {
    "no TOML": ("[[term]", r"flood.toml:1: not valid TOML: .*; fix it there"),
    "no lemma": ('[[term]]\nlanguage = "tr"\n', r"flood.toml:1: .*required field `lemma`; fix this entry"),
    "an unknown field": (FLOOD + 'lema = "x"\n', r"flood.toml:5: unknown field `lema`; did you mean `lemma`"),
    "an unknown table": ("[[terms]]\n", r"flood.toml:1: unknown table `terms`; did you mean `term`"),
    "a field of another type": (FLOOD + "note = 1\n", r"flood.toml:5: `note`: Expected `str`, got `int`"),
    "no entries": ("# nothing yet\n", r"flood.toml: no \[\[term\]\] in it"),
    "twice": (FLOOD + FLOOD, r"flood.toml:5: tr 'sel' is there twice, first in flood.toml:1; merge"),
    "no such tag": (FLOOD + 'beside = ["rain"]\n', r"flood.toml:1: tr 'sel': `beside` names \['rain'\]"),
    "no forms": (FLOOD + 'inflects = "noun"\n', "flood.toml:1: tr 'sel': no forms of it yet; run python -m"),
    "no letters": (FLOOD.replace("sel(|ler)", "!"), "flood.toml:1: tr 'sel': a form without any letter"),
    "brackets": (
        FLOOD.replace("(|ler)", "(|ler(de))"),
        "flood.toml:1: tr 'sel': .* one bracket or | too many",
    ),
    "too many forms": (
        FLOOD.replace("(|ler)", MANY),
        "flood.toml:1: tr 'sel': .* stands for 32,768 forms, of at most 20,000; write several shorter ones",
    ),
    "too many forms in a set": (
        FLOOD + f'[[words]]\nname = "rain"\nlanguage = "tr"\nforms = ["{MANY}"]\n',
        "flood.toml:5: .*rain.* stands for 32,768 forms, of at most 20,000",
    ),
    "too many forms in a query": (
        FLOOD + f"near = '\"{MANY}\"'\n",
        "flood.toml:5: tr 'sel': `near`: .* stands for 32,768 forms, of at most 20,000",
    ),
    "and so on": (FLOOD + "x = 1\ny = 1\n", r"unknown field `x`.* \(and 1 more: sandik lexicon check\)"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_lexicon_says_where_and_what_to_do(tmp_path: Path, how: str) -> None:
    content, says = BROKEN[how]
    (tmp_path / "flood.toml").write_text(content)
    with pytest.raises(LexiconError, match=says):
        load_tagger(tmp_path)


def test_where_an_entry_stands_is_not_part_of_the_version(tmp_path: Path) -> None:
    (tmp_path / "flood.toml").write_text(FLOOD)
    before = load_tagger(tmp_path).version
    (tmp_path / "flood.toml").rename(tmp_path / "flood.tr.toml")
    assert load_tagger(tmp_path).version == before


def test_a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does(tmp_path: Path) -> None:
    (tmp_path / "flood.toml").write_bytes(b"\xef\xbb\xbf" + FLOOD.replace("\n", "\r\n").encode())
    assert matched(load_tagger(tmp_path), "sel", "tr") == ["sel"]


def test_a_missing_or_empty_folder_and_a_reserved_tag_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="no such folder"):
        load_tagger(tmp_path / "nowhere")
    with pytest.raises(LexiconError, match=r"no <tag>\.toml in it"):
        load_tagger(tmp_path)
    (tmp_path / "both.toml").write_text(FLOOD)
    with pytest.raises(LexiconError, match="cannot have the name both"):
        load_tagger(tmp_path)


def test_no_form_of_a_built_in_entry_ends_with_a_star() -> None:
    """Beginnings of words are for queries: in `forms` a star is a letter that nobody writes."""
    assert [form for entry in load_lexicon().entries for form in entry.forms if "*" in form] == []
