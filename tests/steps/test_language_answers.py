"""What the default detector says about posts that are in no language, in two, or in the wrong letters."""

import pytest

from streams.steps.language import UNDETERMINED, Language, load_detector
from streams.steps.language.calibration import calibrated
from streams.steps.language.cascade import Cascade
from streams.steps.language.cleaning import clean
from streams.steps.language.exact_profiles import load_exact_profiles
from streams.steps.language.fasttext_model import load_fasttext_model
from streams.steps.language.letters import Letters

DETECTOR = load_detector()
MODEL = load_fasttext_model()
WITHOUT_LETTERS = Cascade(MODEL, load_exact_profiles(), None, calibrated)


def detect(text: str) -> Language:
    [answer] = DETECTOR.detect([text])
    return answer


@pytest.mark.parametrize("text", ["😀😀😀", "🗳️", "❤️‍🔥 👍🏽", "🇹🇷🇷🇺", "٪ … — №"])
def test_emoji_and_signs_alone_are_undetermined(text: str) -> None:
    assert detect(text) == UNDETERMINED


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/secim-sonuclari-aciklandi",
        "t.co/AbCdEf www.example.org/oy",
        "@kullanici https://t.co/AbCdEfGh",
        "pic.twitter.com/AbCdEf http://t.co/x",
        "@bir @iki @üç",
    ],
)
def test_links_and_names_alone_are_undetermined(text: str) -> None:
    assert detect(text).code == "und"


@pytest.mark.parametrize("text", ["oy", "ok", "да", "не", "14", "a", "?!"])
def test_fewer_letters_than_three_are_undetermined(text: str) -> None:
    assert detect(text) == UNDETERMINED


@pytest.mark.parametrize(
    ("text", "code"),
    [("hayır", "tr"), ("Seçim", "tr"), ("teşekkürler", "tr"), ("нет", "ru"), ("выборы", "ru"), ("что", "ru")],
)
def test_one_word_that_only_one_language_has_is_enough(text: str, code: str) -> None:
    assert detect(text).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("#SandığaSahipÇık", "tr"),
        ("#14MayısSeçimleri #Sandık", "tr"),
        ("#выборы #выборы2016", "ru"),
        ("#голосуйте #ЗаРоссию", "ru"),
    ],
)
def test_hashtags_alone_are_read_as_words(text: str, code: str) -> None:
    assert detect(text).code == code


TURKISH = "Sayın Rus dostlarımız, dün ortaya saçılan montajların, kumpasların arkasında sizler varsınız."
RUSSIAN = "Дорогие российские друзья, вы стоите за монтажами, заговорами и подделками, что появились вчера."


def test_of_two_languages_in_one_post_the_longer_part_is_the_answer() -> None:
    assert detect(f"{TURKISH} {TURKISH} {RUSSIAN[:45]}").code == "tr"
    assert detect(f"{TURKISH[:45]} {RUSSIAN} {RUSSIAN}").code == "ru"
    assert detect(f"{RUSSIAN[:45]} {TURKISH} {TURKISH}").code == "tr"


def test_a_post_in_two_languages_is_less_sure_than_its_longer_part() -> None:
    assert detect(f"{TURKISH} {RUSSIAN[:25]}").confidence < detect(TURKISH).confidence
    assert detect(f"{RUSSIAN} {TURKISH[:25]}").confidence < detect(RUSSIAN).confidence


@pytest.mark.parametrize(
    "text",
    [
        "Secim sonuclari aciklandi, sandiklarin yarisi sayildi",
        "yarin sandik basina gidiyoruz herkes oy kullansin",
        "bugun oy verdik cok sukur",
    ],
)
def test_turkish_without_its_letters_is_turkish(text: str) -> None:
    assert detect(text).code == "tr"


@pytest.mark.parametrize(
    "text",
    [
        "Zavtra vybory, prihodite vse golosovat",
        "eto video poddelka ne verte",
        "ya ne znayu chto delat, vse ochen ploho",
        "secim sandigi",
    ],
)
def test_what_is_too_little_or_in_foreign_letters_is_not_sure(text: str) -> None:
    """No model knows Russian in Latin letters: it comes out as a Slavic language of that script."""
    answer = detect(text)
    assert answer.code not in ("ru", "tr", "en")
    assert answer.confidence < 0.8


@pytest.mark.parametrize(
    ("text", "mistaken", "code"),
    [("qar yağır", "tr", "az"), ("бүгін ауа райы", "uk", "kk")],
)
def test_letters_tell_languages_of_one_script_apart(text: str, mistaken: str, code: str) -> None:
    [without] = WITHOUT_LETTERS.judge([text], [None])
    assert without.code == mistaken
    assert detect(text).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [("Добрий вечiр", "uk"), ("Гадзіннік ў хаце", "be"), ("Што гэта", "be"), ("Yaxşı", "az")],
)
def test_neighbours_of_turkish_and_russian_are_not_taken_for_them(text: str, code: str) -> None:
    assert detect(text).code == code


def test_letters_share_out_the_probability_within_the_family_only() -> None:
    texts = ["qardaş necəsən", "Што гэта", "We vote", "oy verdik"]
    before = MODEL.probabilities(texts)
    after = before.copy()
    Letters(MODEL.codes).share_out(after, texts)
    assert after.sum(axis=0) == pytest.approx(before.sum(axis=0))
    english = MODEL.codes.index("en")
    assert (after[english] == before[english]).all()
    assert (after[:, 3] == before[:, 3]).all()  # no letter of this one tells anything


def test_letters_drawn_out_are_one_letter() -> None:
    assert clean(["спасибоооооо", "ммммм", "СССР", "aaa"]) == ["спасибо", "м", "ссср", "aaa"]
    assert clean(["Вёл войну СССР"]) == ["Вёл войну СССР"]  # an abbreviation is not drawn out
    assert detect("спасибоооооо") == detect("спасибо")


def test_playing_with_q_and_w_is_still_turkish() -> None:
    assert detect("Ben bunu aldım aq wow").code == "tr"
