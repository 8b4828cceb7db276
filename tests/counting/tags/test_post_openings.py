"""A tag that has an opening is spoken of there, or nowhere: further down it counts in company only."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.tags import LexiconError, Tagger, load_tagger
from sandik.counting.tags.boundaries import Refusal
from tests.support.lexicons import matched, write_lexicon

OPENING = '[[opening]]\ntag = "flood"\ncharacters = 40\nbeside = ["storm"]\n'


def lexicon(folder: Path, tags: str = OPENING) -> Path:
    write_lexicon(
        folder,
        flood='[[term]]\nlanguage = "en"\nlemma = "flood"\n'
        '[[trap]]\nlanguage = "en"\nlemma = "flood of tears"\n',
        storm='[[term]]\nlanguage = "en"\nlemma = "storm"\n',
    )
    (folder / "tags.toml").write_text(tags)
    return folder


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return load_tagger(lexicon(tmp_path_factory.mktemp("lexicon")))


def news(characters: int) -> str:
    return ("news " * characters)[:characters]


@given(before=st.integers(0, 200), behind=st.integers(0, 200))
def test_a_term_counts_in_the_opening_or_the_first_half(tagger: Tagger, before: int, behind: int) -> None:
    text = f"{news(before)} flood {news(behind)}"
    start = before + 1
    assert bool(matched(tagger, text, "en")) == (start < max(40, len(text) // 2))


def test_what_stands_further_down_counts_if_the_opening_speaks_of_it_too(tagger: Tagger) -> None:
    assert matched(tagger, f"A flood! {news(90)} flood", "en") == ["flood", "flood"]


def test_what_stands_further_down_counts_beside_a_tag_that_is_named(tagger: Tagger) -> None:
    assert matched(tagger, f"{news(90)} storm, flood", "en") == ["storm", "flood"]


def test_a_trap_in_the_opening_is_no_term(tagger: Tagger) -> None:
    assert matched(tagger, f"A flood of tears {news(90)} flood", "en") == []


def test_a_term_below_the_opening_says_so(tagger: Tagger) -> None:
    [verdict] = tagger.verdicts(f"{news(90)} flood", "en")
    assert verdict.refusal is Refusal.BELOW_OPENING


def test_without_an_opening_a_term_counts_anywhere(tmp_path: Path) -> None:
    assert matched(load_tagger(lexicon(tmp_path, "")), f"{news(90)} flood", "en") == ["flood"]


def test_a_later_layer_says_how_long_an_opening_is(tmp_path: Path) -> None:
    own = lexicon(tmp_path / "own", OPENING.replace("40", "400"))
    both = f"{lexicon(tmp_path / 'base')},{own}"
    assert matched(load_tagger(both), f"{news(90)} flood", "en") == ["flood"]


def test_pairs_of_a_later_layer_leave_the_openings_as_they_are(tmp_path: Path) -> None:
    own = lexicon(tmp_path / "own", '[[pair]]\nname = "wet"\nof = ["flood", "storm"]\nbase = "flood"\n')
    both = f"{lexicon(tmp_path / 'base')},{own}"
    assert matched(load_tagger(both), f"{news(90)} flood", "en") == []


def test_the_opening_is_part_of_the_version(tmp_path: Path) -> None:
    versions = {
        load_tagger(lexicon(tmp_path / str(number), tags)).version
        for number, tags in enumerate(("", OPENING, OPENING.replace("40", "41")))
    }
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (OPENING.replace("storm", "strom"), "names strom, of which the lexicon has no term"),
        (OPENING.replace('"flood"', '"flod"'), "names flod"),
        (OPENING.replace("40", "0"), "write 1 or more"),
        (OPENING.replace("characters", "words"), "words"),
    ],
)
def test_an_opening_that_can_never_hold_is_refused(tmp_path: Path, tags: str, said: str) -> None:
    with pytest.raises(LexiconError, match=said):
        load_tagger(lexicon(tmp_path, tags))
