"""Layers of a lexicon: a later one adds, replaces and removes, and none takes a tag away unsaid."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.tags import LexiconError, load_tagger
from sandik.counting.tags.layers import is_shipped, layer_names, renamed, resolved
from sandik.counting.tags.lexicon import load_lexicon
from tests.support.lexicons import matched, write_lexicon

#: A base that needs no pair, so that the laws speak of layers alone.
WORDS = ("sel", "baraj", "taşkın", "yağmur")


def a_row(kind: str, lemma: str, *fields: str, language: str = "tr") -> str:
    return "\n".join([f"[[{kind}]]", f'language = "{language}"', f'lemma = "{lemma}"', *fields, ""])


def layer(folder: Path, *rows: str, tag: str = "flood") -> Path:
    return write_lexicon(folder, **{tag: "\n".join(rows)})


def stacked(*folders: Path) -> str:
    return ",".join(map(str, folders))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return layer(tmp_path / "base", a_row("term", "sel", 'forms = ["sel(|ler)"]'), a_row("term", "baraj"))


def test_a_later_layer_adds_terms(base: Path, tmp_path: Path) -> None:
    own = layer(tmp_path / "own", a_row("term", "taşkın"))
    assert matched(load_tagger(stacked(base, own)), "Seller, baraj, taşkın", "tr") == [
        "Seller",
        "baraj",
        "taşkın",
    ]


def test_a_later_layer_replaces_a_term_of_the_same_name(base: Path, tmp_path: Path) -> None:
    own = layer(tmp_path / "own", a_row("term", "sel", 'forms = ["sel sulari"]'))
    assert matched(load_tagger(stacked(base, own)), "Seller, sel suları", "tr") == ["sel suları"]
    assert matched(load_tagger(stacked(own, base)), "Seller, sel suları", "tr") == ["Seller", "sel"]


def test_a_later_layer_may_make_a_trap_of_a_term(base: Path, tmp_path: Path) -> None:
    own = layer(tmp_path / "own", a_row("trap", "sel"))
    assert matched(load_tagger(stacked(base, own)), "Sel bastı, baraj", "tr") == ["baraj"]


@pytest.mark.parametrize("lemma", ["sel", "*"])
def test_a_later_layer_removes_terms(base: Path, tmp_path: Path, lemma: str) -> None:
    own = layer(tmp_path / "own", a_row("remove", lemma), a_row("term", "taşkın"))
    left = [] if lemma == "*" else ["baraj"]
    assert matched(load_tagger(stacked(base, own)), "Seller, baraj, taşkın", "tr") == [*left, "taşkın"]


def test_a_removal_of_what_is_not_there_is_an_error_with_its_line(base: Path, tmp_path: Path) -> None:
    own = layer(tmp_path / "own", a_row("term", "taşkın"), a_row("remove", "sal"))
    with pytest.raises(LexiconError, match=r"own/flood.toml:5: no layer before has tr 'sal' to remove"):
        load_tagger(stacked(base, own))


def test_a_layer_inflects_its_terms_by_its_own_forms(base: Path, tmp_path: Path) -> None:
    from sandik.lexicon_tools.generate import main

    own = layer(tmp_path / "own", a_row("term", "taşkın", 'inflects = "noun"'))
    with pytest.raises(LexiconError, match=f"generate {own}"):
        load_tagger(stacked(base, own))
    assert main([str(own)]) == 0
    assert matched(load_tagger(stacked(base, own)), "taşkınlarda", "tr") == ["taşkınlarda"]


def test_where_an_entry_stands_names_its_layer_when_there_are_several(base: Path, tmp_path: Path) -> None:
    own = layer(tmp_path / "own", a_row("term", "taşkın"))
    assert {entry.where for entry in load_lexicon(base).entries} == {"flood.toml:1", "flood.toml:6"}
    assert f"{own}/flood.toml:1" in {entry.where for entry in load_lexicon(stacked(base, own)).entries}


def test_fields_of_default_hold_for_every_entry_that_does_not_say_otherwise(tmp_path: Path) -> None:
    rows = '[default]\nlanguage = "tr"\nonly_in = ["tr"]\n[[term]]\nlemma = "sel"\n'
    own = layer(tmp_path, rows, '[[term]]\nlemma = "su"\nonly_in = ["az"]')
    tagger = load_tagger(own)
    assert matched(tagger, "sel su", "tr") == ["sel"]
    assert matched(tagger, "sel su", "az") == ["su"]
    layer(tmp_path, rows.replace("only_in", "onli_in"))
    with pytest.raises(LexiconError, match="unknown field `onli_in`"):
        load_tagger(own)


# What layers are called.


def test_one_folder_means_what_it_always_did_even_with_a_comma_in_its_name(tmp_path: Path) -> None:
    folder = layer(tmp_path / "a,b", a_row("term", "sel"))
    assert layer_names(folder) == (str(folder),)
    assert load_tagger(folder).tag_names == ("flood",)


def test_the_built_in_lexicon_is_a_layer() -> None:
    assert load_lexicon("builtin") == load_lexicon(None)
    assert is_shipped("builtin")
    assert not is_shipped("./builtin")


@pytest.mark.parametrize(
    ("written", "says"),
    [("builtin,,own", "without a name"), ("builtin,builtin", "named twice"), ("nowhere", "no such folder")],
)
def test_layers_that_are_none_are_refused(written: str, says: str) -> None:
    with pytest.raises(LexiconError, match=says):
        load_tagger(written)


def test_whole_paths_mean_the_same_from_every_folder(tmp_path: Path) -> None:
    assert resolved(None) is None
    assert resolved(f"builtin,{tmp_path}/x/../y") == f"builtin,{tmp_path}/y"
    assert renamed("builtin,a,b", str.upper) == "builtin,A,B"


# Nothing goes unsaid.


def test_a_lexicon_with_one_tag_of_the_pair_is_an_error_with_advice(tmp_path: Path) -> None:
    own = layer(tmp_path / "own", a_row("term", "montaj"), tag="deepfake")
    with pytest.raises(
        LexiconError, match=f"no term of election, .* write builtin,{own}; if this is intended"
    ):
        load_tagger(own)
    (own / "tags.toml").write_text("")
    assert load_tagger(own).tag_names == ("deepfake",)
    assert load_tagger(own).pairs == ()


def test_a_layer_that_removes_a_whole_tag_of_the_pair_is_an_error(tmp_path: Path) -> None:
    own = layer(tmp_path / "own", a_row("remove", "*", language="*"), tag="election")
    with pytest.raises(LexiconError, match="'both' is of election, of which the lexicon has no term"):
        load_tagger(f"builtin,{own}")


# Laws.


rows_of_words = st.dictionaries(
    st.sampled_from(WORDS),
    st.tuples(st.sampled_from(["term", "trap"]), st.sets(st.sampled_from(WORDS))),
    min_size=1,
)


def version(lexicon: str | Path) -> str:
    return load_lexicon(lexicon).version


def write_rows(folder: Path, rows: dict[str, tuple[str, set[str]]], *before: str) -> Path:
    # A term that stays, so that the tag is never empty.
    kept = a_row("term", "kalan")
    written = [
        a_row(kind, lemma, f"forms = {sorted({lemma, *forms})}") for lemma, (kind, forms) in rows.items()
    ]
    return layer(folder, *before, kept, *written)


@given(rows_of_words, rows_of_words)
def test_adding_and_then_removing_is_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    one: dict[str, tuple[str, set[str]]],
    other: dict[str, tuple[str, set[str]]],
) -> None:
    folder = tmp_path_factory.mktemp("law")
    base = write_rows(folder / "base", {f"{word}x": row for word, row in one.items()})
    added = layer(folder / "added", *(a_row(kind, lemma) for lemma, (kind, _) in other.items()))
    gone = layer(folder / "gone", *(a_row("remove", lemma) for lemma in other))
    assert version(stacked(base, added, gone)) == version(base)


@given(rows_of_words, rows_of_words)
def test_layers_come_to_what_one_folder_of_their_rows_is_where_the_later_row_holds(
    tmp_path_factory: pytest.TempPathFactory,
    one: dict[str, tuple[str, set[str]]],
    other: dict[str, tuple[str, set[str]]],
) -> None:
    folder = tmp_path_factory.mktemp("law")
    base, later = write_rows(folder / "base", one), write_rows(folder / "later", other)
    merged = write_rows(folder / "merged", one | other)
    assert version(stacked(base, later)) == version(merged)
    # The order matters exactly where the two say different things of one word.
    differ = any(one[word] != other[word] for word in one.keys() & other.keys() if changed(one, other, word))
    assert (version(stacked(base, later)) == version(stacked(later, base))) == (not differ)


def changed(one: dict[str, tuple[str, set[str]]], other: dict[str, tuple[str, set[str]]], word: str) -> bool:
    (kind, forms), (other_kind, other_forms) = one[word], other[word]
    return (kind, forms | {word}) != (other_kind, other_forms | {word})


@given(rows_of_words, rows_of_words)
def test_the_version_differs_exactly_when_the_content_does(
    tmp_path_factory: pytest.TempPathFactory,
    one: dict[str, tuple[str, set[str]]],
    other: dict[str, tuple[str, set[str]]],
) -> None:
    folder = tmp_path_factory.mktemp("law")
    same = one.keys() == other.keys() and not any(changed(one, other, word) for word in one)
    first, second = write_rows(folder / "one", one), write_rows(folder / "other", other)
    assert (version(first) == version(second)) == same
