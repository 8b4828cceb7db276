"""What the default detector says about posts that are in no language, in two, or in the wrong letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.language import UNDETERMINED, Language
from sandik.counting.language.cleaning import clean
from sandik.counting.language.hints import DECIDED
from sandik.counting.language.quotes import own_words
from tests.support.loaded import detector


def detect(text: str) -> Language:
    [answer] = detector().detect([text])
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


def test_a_post_in_two_languages_is_no_surer_than_its_longer_part() -> None:
    assert detect(f"{TURKISH} {RUSSIAN[:25]}").confidence <= detect(TURKISH).confidence
    assert detect(f"{RUSSIAN} {TURKISH[:25]}").confidence <= detect(RUSSIAN).confidence


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


@pytest.mark.parametrize("text", ["secim sandigi", "spasibo", "al", "te da"])
def test_what_is_too_little_is_not_sure(text: str) -> None:
    assert detect(text).confidence < DECIDED


@pytest.mark.parametrize(
    "text",
    [
        "Zavtra vybory, prihodite vse golosovat",
        "ya ne znayu chto delat, vse ochen ploho",
        "kto pobedil na vyborah",
        "vsem privet iz Moskvy, u nas segodnya sneg",
    ],
)
def test_russian_in_latin_letters_is_russian(text: str) -> None:
    assert detect(text).code == "ru"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Danas nije bilo struje u celom gradu", "sr"),
        ("Dnes je krásné počasí, jdeme ven", "cs"),
        ("Dzisiaj idziemy na wybory razem z dziećmi", "pl"),
        ("We all go to the polls on Sunday", "en"),
        ("bugun sandik basina gidiyoruz arkadaslar", "tr"),
    ],
)
def test_other_languages_in_latin_letters_are_not_taken_for_russian(text: str, code: str) -> None:
    assert detect(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        "necesen qaqa nagarirsan",
        "bu gun hava cox soyuqdur Bakida",
        "men bilmirem, sen niye getmirsen",
        "seckilere getdik, ses verdik, indi neticeni gozleyirik",
    ],
)
def test_azerbaijani_in_ascii_is_azerbaijani_where_its_words_tell(text: str) -> None:
    assert detect(text).code == "az"


def test_azerbaijani_in_ascii_that_could_be_turkish_is_one_of_the_two_or_undetermined() -> None:
    for text in ("men ses verdim sen kime verdin", "Tom daha burada yasaya bilmez", "Bu gun biraz serindir"):
        assert detect(text).code in ("az", "tr", "und")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ez ji te hez dikim", "ku"),
        ("hun bi xer hatin mala me", "ku"),
        ("Men seni juda yaxshi ko'raman", "uz"),
        ("Бугун ҳаво жуда яхши", "uz"),
        ("изборите са утре", "bg"),
        ("кой спечели", "bg"),
        ("хто перамог", "be"),
        ("дзякуй за ўсё", "be"),
        ("Türkmenistanda saýlaw geçirildi", "tk"),
        ("Bügen saylaw köne, min tawış birdem", "tt"),
        ("Biz gagauzuz, ana dilimizi koruyêrız", "gag"),
        ("Men qırımtatarım, tilimni sevem", "crh"),
    ],
)
def test_smaller_languages_are_not_lost_to_larger_neighbours(text: str, code: str) -> None:
    assert detect(text).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('Putin "мы не вмешиваемся" demiş, inanan var mı?', "tr"),
        ('Adam "The election was stolen from us" diye bağırıyor, çok komik', "tr"),
        ("Он сказал «bu video montaj, inanmayın» и ушёл со сцены", "ru"),
    ],
)
def test_what_a_post_quotes_is_not_its_language(text: str, code: str) -> None:
    assert detect(text).code == code


@given(st.text(max_size=300))
def test_own_words_are_what_is_left_of_a_text_without_quotations(text: str) -> None:
    own = own_words(text)
    if own is not None:
        assert len(own) < len(text)
        assert set(own) <= {*text, " "}
        assert any(mark in text for mark in '"“«„')


@given(st.text("abçğ şя", max_size=60))
def test_a_text_that_quotes_nothing_has_no_own_words(text: str) -> None:
    assert own_words(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("Добрий вечiр", "uk"), ("Гадзіннік ў хаце", "be"), ("Што гэта", "be"), ("Yaxşı", "az")],
)
def test_neighbours_of_turkish_and_russian_are_not_taken_for_them(text: str, code: str) -> None:
    assert detect(text).code == code


def test_letters_drawn_out_are_one_letter() -> None:
    assert clean(["спасибоооооо", "ммммм", "СССР", "aaa"]) == ["спасибо", "м", "ссср", "aaa"]
    assert clean(["Вёл войну СССР"]) == ["Вёл войну СССР"]  # an abbreviation is not drawn out
    assert detect("спасибоооооо") == detect("спасибо")


def test_playing_with_q_and_w_is_still_turkish() -> None:
    assert detect("Ben bunu aldım aq wow").code == "tr"
