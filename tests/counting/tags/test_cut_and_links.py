"""Words that were cut off, links without a scheme, and small words in hashtags."""

import pytest

from sandik.counting.native import NATIVE
from sandik.counting.tags import Tagger
from sandik.counting.tags.boundaries import word_spans
from sandik.counting.tags.lexicon import load_lexicon
from sandik.counting.tags.native_tagger import NativeTagger, ready_for
from sandik.counting.tags.ready import made_ready
from tests.support.lexicons import matched, small_tagger, write_lexicon

#: Conditions that ask for a word which asks for nothing by itself.
CONDITIONS = """
[[term]]
language = "tr"
lemma = "filmler"
unless = "memur"

[[term]]
language = "tr"
lemma = "videolar"
near = "memur"

[[term]]
language = "tr"
lemma = "yapay zeka"
match = '"yapay zeka" NEAR/4 üretildi'
"""


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return small_tagger(tmp_path_factory.mktemp("lexicon"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what a deepfa…", ["deepfa"]),
        ("erken seçi…", ["erken seçi"]),
        ("erken seçi… https://t.co/x", ["erken seçi"]),
        ("#deepfak…", ["deepfak"]),
        ("#deepfa… #x", ["deepfa"]),
        ("what a deepfa", []),
        ("the deep f…", []),
        ("a deep…", []),  # two words less a letter are one, and short
        ("doğru seçi…", []),  # a trap that was cut off
        ("@deepfa…", []),
        ("https://x.com/deepfa…", []),
        ("x.com/deepfa…", []),
        ("deepfa …", []),
        ("erken…", []),
        ("seçim…", ["seçim"]),
    ],
)
def test_the_beginning_of_a_form_counts_if_it_is_enough(tagger: Tagger, text: str, found: list[str]) -> None:
    assert matched(tagger, text, "tr") == found


@pytest.fixture(scope="module", params=[None, NATIVE], ids=["Python", "compiled"])
def conditions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    ready = made_ready(load_lexicon(write_lexicon(tmp_path_factory.mktemp("conditions"), fake=CONDITIONS)))
    native = request.param
    return NativeTagger(ready_for(native, ready), native, lambda: Tagger(ready)) if native else Tagger(ready)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("filmle…", ["filmle"]),
        ("filmle… memur", []),
        ("videola…", []),
        ("videola… memur", ["videola"]),
        ("yapay zek…", []),
        ("yapay zek… üretildi", ["yapay zek… üretildi"]),
    ],
)
def test_a_cut_word_counts_under_the_conditions_of_the_whole_one(
    conditions: Tagger, text: str, found: list[str]
) -> None:
    assert matched(conditions, text, "tr") == found
    alone = conditions.terms([text], ["tr"])
    assert conditions.terms([text, "ok " * 40_000], ["tr", "tr"])[:1] == alone  # whatever is beside it
    counting = [verdict.hit.entry.lemma for verdict in conditions.verdicts(text, "tr") if not verdict.refusal]
    assert [term.term for term in alone[0]] == counting


@pytest.mark.parametrize(
    "link",
    [
        *("aa.com.tr/tr/secim-2023/x", "t.me/secim", "youtu.be/secim", "bit.ly/secim", "www.secim.org"),
        *("secim.com", "secim.gov.tr", "выборы.рф", "сайт.рф/выборы", "secim-2023.com.", "https://a.b/secim"),
    ],
)
def test_a_link_without_a_scheme_is_one(tagger: Tagger, link: str) -> None:
    assert matched(tagger, f"bak {link}", "tr") == []


@pytest.mark.parametrize(
    "text",
    ["Bitti.Seçim", "erken.seçim", "U.S.election", "seçim.de", "aday/seçim", "oy.seçim/aday", "3.seçim"],
)
def test_a_full_stop_without_a_space_is_no_link(tagger: Tagger, text: str) -> None:
    assert matched(tagger, text, "tr")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#ВыборывТурции", ["Выборы"]),
        ("#ПослеВыборовнаУкраине", ["Выборов"]),
        ("#SeçimveSandık", ["Seçim"]),
        ("#ElectioninTurkey", ["Election"]),
        ("#ВыборыватьТут", []),
        ("#ВыборывТурции2", ["Выборы"]),
        ("#Selectionin", []),
        ("#ElectionInTurkey", ["Election"]),
        ("ВыборывТурции", []),
        ("#ЯвыборывТурции", []),
    ],
)
def test_a_small_word_may_be_glued_to_one_of_a_hashtag(tagger: Tagger, text: str, found: list[str]) -> None:
    assert matched(tagger, text, "ru") == found


def test_words_are_counted_as_a_reader_does() -> None:
    text = "İstanbul'da #OyVer @biri t.co/x iki-üç"

    assert [text[start:end] for start, end in word_spans(text)] == ["İstanbul'da", "OyVer", "iki", "üç"]
