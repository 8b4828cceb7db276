"""A post of two languages: each script that carries it is heard, and nothing is counted twice or lost."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandik.counting.language import Hints, Language
from sandik.counting.language.scripts import MAX_CHARS, ByScript, parts_of
from sandik.counting.tags import load_tagger
from sandik_schemas.languages import both_languages, is_of, languages_in
from tests.support.examples import examples
from tests.support.loaded import detector
from tests.support.stubs import a_job

TURKISH = "elinizi Türk'ün devletinden çekin, seçim öncesi bu videolara inanmayın"
RUSSIAN = "уберите руки от турецкого государства, не верьте этим видео перед голосованием"
PARTS = {
    "tr": TURKISH,
    "ru": RUSSIAN,
    "en": "do not believe what you see in these videos before you have asked who made them",
    "ar": "لا تصدقوا هذه المقاطع قبل أن تسألوا من الذي صنعها ونشرها في هذه الأيام",
    "el": "μην πιστεύετε αυτά τα βίντεο πριν ρωτήσετε ποιος τα έφτιαξε και γιατί",
}


def detect(text: str) -> Language:
    [answer] = detector().detect([text])
    return answer


@pytest.mark.parametrize("first", PARTS)
@pytest.mark.parametrize("second", PARTS)
def test_two_scripts_are_two_languages_whichever_comes_first(first: str, second: str) -> None:
    expected = {first, second} if first != second else {first}
    if expected == {"ar", "el"} or expected == {"en", "tr"}:
        return  # neither of these is told apart by its script
    assert {*languages_in(detect(f"{PARTS[first]}\n\n{PARTS[second]}").code)} == expected


@pytest.mark.parametrize(
    "text",
    [
        f"{RUSSIAN} https://example.org/secim-sonuclari-aciklandi-oylar-sayildi",
        f"{RUSSIAN} #SandığaSahipÇık #SeçimSenin #OylarınıKoru",
        f"{RUSSIAN} @ahmet_yilmaz @mehmet_demir @ayse_kaya @fatma_celik",
        "Продам недорого Apple MacBook Pro, Samsung Galaxy Note и почти новый Sony PlayStation",
        "Он сказал «bu video montaj, sakın inanmayın» и ушёл со сцены",
        "Концерт Dolce Gabbana и Louis Vuitton Moet Hennessy в Москве вечером",
        f"{RUSSIAN} oy verin",
        f"{RUSSIAN} Seçim Kurulu",
    ],
)
def test_links_names_and_hashtags_make_no_second_language(text: str) -> None:
    assert detect(text).code == "ru"


def test_a_post_as_long_as_telegram_takes_is_read_to_its_end() -> None:
    russian = (RUSSIAN + ". ") * 30
    assert len(russian) > 2_000
    assert detect(russian + (TURKISH + ". ") * 25).code == "ru+tr"


def test_a_letter_of_the_other_script_does_not_change_a_words() -> None:
    assert detect(RUSSIAN.replace("о", "o")).code == "ru"


@examples(50)
@given(st.lists(st.sampled_from([*PARTS.values(), "", "ok", "https://t.co/x"]), max_size=5), st.data())
def test_alone_or_in_any_batch_the_answer_is_the_same(pieces: list[str], data: st.DataObject) -> None:
    texts = [" ".join(data.draw(st.permutations(pieces))) for _ in range(3)]
    assert detector().detect(texts) == [detect(text) for text in texts]


@settings(deadline=None)
@given(st.text(max_size=300) | st.text("abcğ дюш #@:/.", max_size=300))
def test_whatever_a_text_is_its_parts_are_words_of_it(text: str) -> None:
    parts = parts_of(text)
    for part in parts or ():
        assert {*part.split()} <= {*text[:MAX_CHARS].split()}


class _OneScript:
    version = "x"

    def detect(self, texts: Sequence[str], _hints: Hints | None = None) -> list[Language]:
        assert len(texts) <= 1, "asked about parts of a text that has none"
        return [Language("tr", 0.9) for _ in texts]


@given(st.text("abcçdefgğhıijklmnoöprsştuüvyz #@,.!1", max_size=400))
def test_what_is_in_one_script_is_asked_about_once(text: str) -> None:
    assert ByScript(_OneScript()).detect([text]) == [Language("tr", 0.9)]


def test_terms_that_count_in_one_language_only_count_beside_another(tmp_path: Path) -> None:
    (tmp_path / "flood.toml").write_text(
        '[[term]]\nlanguage = "tr"\nlemma = "sel"\nforms = ["sel(|ler)"]\nonly_in = ["tr"]\n'
    )
    job = replace(a_job(), detector=detector(), tagger=load_tagger(tmp_path))
    texts = [f"{TURKISH} seller", f"{RUSSIAN} seller", f"{TURKISH} seller {RUSSIAN}"]
    found = [[term.term for term in one.terms] for one in job.annotate(texts)]
    assert found == [["sel"], [], ["sel"]]


@given(st.lists(st.sampled_from(["tr", "ru", "en"]), min_size=1, max_size=2, unique=True))
def test_a_post_is_of_each_of_its_languages_and_of_no_other(codes: list[str]) -> None:
    language = both_languages(codes)
    assert languages_in(language) == tuple(sorted(codes))
    assert [one for one in ("tr", "ru", "en") if is_of(language, one)] == [
        one for one in ("tr", "ru", "en") if one in codes
    ]
