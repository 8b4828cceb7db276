"""Where words begin and end: in running text, hashtags, links and names. With a lexicon of its own."""

from pathlib import Path

import pytest

from sandik.counting.tags import Tagger
from tests.support.lexicons import matched, small_tagger, write_lexicon


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return small_tagger(tmp_path_factory.mktemp("lexicon"))


CASES = {
    "capitals part words": ("#14MayısSeçimleri", ["Seçimleri"]),
    "the end of an acronym parts words": ("#YSKSeçim #CHPSeçimleri", ["Seçim", "Seçimleri"]),
    "a phrase without its spaces, in capitals": ("#OyVer", ["OyVer"]),
    "a phrase without its spaces, in small letters": ("#oyver #OYVER", ["oyver", "OYVER"]),
    "digits part words": ("#secim2023 #2023secim #выборы2024", ["secim", "secim", "выборы"]),
    "an underscore parts words": ("#genel_secim", ["secim"]),
    "a long form begins the hashtag": ("#secimsonuclari #Votersuppression", ["secim", "Voters"]),
    "a long form ends the hashtag": ("#istanbulsecimi #яидунавыборы", ["secimi", "выборы"]),
    "a long form begins after digits": ("#2016electionin3words", ["election"]),
    "in capitals throughout": ("#SECIMSONUCLARI", ["SECIM"]),
    "in the middle nothing tells it from chance": ("#yarinsecimvar", []),
    "a short form is chance": ("#votetrump #oylama #devote", []),
    "where capitals part words, they part all": ("#ElectionsssBest #BestElectionsss", []),
    "a phrase does not begin in one and end outside": ("#BuErken seçim", ["seçim"]),
    "a trap takes its place in hashtags, too": ("#teamselection", []),
    "a form that needs company is too unsure": ("#seçim #adaylarimiz", ["seçim"]),
    "another hashtag glued on": ("#secim#oyver", ["secim", "oyver"]),
    "in a full-width hashtag": ("＃OyVer", ["OyVer"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hashtag_is_several_words(case: str, tagger: Tagger) -> None:
    text, found = CASES[case]
    assert matched(tagger, text, "tr") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Election2016 ve 2016Election", ["Election", "Election"]),
        ("14MayısSeçimleri", []),
        ("oyver", []),
        ("secimsonuclari", []),
        ("seçim'in seçim-i (seçim)", ["seçim", "seçim", "seçim"]),
        ("genel_secim", ["secim"]),
    ],
)
def test_outside_hashtags_only_digits_and_signs_part_words(
    text: str, found: list[str], tagger: Tagger
) -> None:
    assert matched(tagger, text, "tr") == found


@pytest.mark.parametrize(
    "text",
    ["https://x.com/secim", "http://secim.org/#secim", "www.secim.org", "@secim", "@oyver_secim", "a@secim"],
)
def test_links_and_names_hold_no_words(text: str, tagger: Tagger) -> None:
    assert matched(tagger, text, "tr") == []


def test_a_word_after_a_link_or_name_is_a_word(tagger: Tagger) -> None:
    text = "@ysk: seçim https://x.com/a oy ver\n#seçim"
    assert matched(tagger, text, "tr") == ["seçim", "oy ver", "seçim"]


def test_arabic_hashtags_have_no_capitals_and_yet_ends(tmp_path: Path) -> None:
    term = '[[term]]\nlanguage = "ar"\nlemma = "انتخابات"\n'
    tagger = small_tagger(write_lexicon(tmp_path, other=term))
    text = "#الانتخابات #انتخابات2023 #انْتِخَابَات"
    assert matched(tagger, text, "ar") == ["انتخابات", "انتخابات", "انْتِخَابَات"]
