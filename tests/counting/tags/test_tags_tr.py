"""What a reader of Turkish expects of the built-in lexicon. The sentences are written for these tests."""

import pytest

from sandik.counting.tags import load_tagger
from sandik_schemas.mention import Term


def terms(text: str) -> tuple[Term, ...]:
    return load_tagger().terms([text], ["tr"])[0]


def found(text: str, tag: str) -> list[str]:
    return [text[term.start : term.end] for term in terms(text) if term.tag == tag]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pazar günü oy vericem", ["oy vericem"]),
        ("ben bu sefer oy vermiycem", ["oy vermiycem"]),
        ("yurtdisinda oy kullanıcaz", ["oy kullanıcaz"]),
        ("annem de oyunu kullandı", ["oyunu kullandı"]),
        ("oyumuzu verdik geldik", ["oyumuzu"]),
        ("gidip oyverecegim insallah", ["oyverecegim"]),
        ("1 oy farkla kazanmış", ["oy"]),
        ("bunların derdi oy kaygısı", ["oy kaygısı"]),
        ("dedem oy kullanamadı", ["oy kullanamadı"]),
        ("bu secimde hile olmasin", ["secimde hile"]),
        ("seçimide kaybettiler", ["seçimide"]),
        ("SEÇİM GÜNÜ sandıkta görüşürüz", ["SEÇİM GÜNÜ", "sandıkta görüşürüz"]),
        ("ysk'ya güvenmiyorum", ["ysk"]),
        ("YSK nin karari, ysknın ayıbı", ["YSK", "ysknın"]),
        ("açılan sandık oranı yüzde 12", ["açılan sandık oranı"]),
        ("müşahitler ıslak imzalı tutanağı almadan çıkmasın", ["müşahitler ıslak imzalı tutanağı"]),
        ("mühürsüz oylar geçerli sayıldı", ["mühürsüz oylar"]),
        ("yeni başkan mazbatasını aldı", ["mazbatasını"]),
        ("ilçe seçim kuruluna gittik", ["ilçe seçim kuruluna"]),
        ("refarandumda hayır demiştim", ["refarandumda"]),
        ("CHP'nin adayını bekliyoruz", ["CHP'nin adayını"]),
    ],
)
def test_election_talk_is_found_as_people_type_it(text: str, words: list[str]) -> None:
    assert found(text, "election") == words


@pytest.mark.parametrize(
    "text",
    [
        "#14mayıs2023",
        "#28mayis",
        "#14MayıstaSandığa",
        "#secim2023",
        "#secimsonuclari",
        "#cumhurbaskanligisecimi",
        "#sandikbasina",
        "#haydisandığa",
        "#oyumuzasahipcikiyoruz",
        "#SandığaSahipÇık",
        "#oyver",
        "#ilkturda",
        "#ikincitur",
    ],
)
def test_election_hashtags_count_with_and_without_capitals(text: str) -> None:
    assert found(text, "election") != []


@pytest.mark.parametrize(
    "text",
    [
        "oysa ben öyle demedim, oydu zaten",
        "bu oyunu kim oynuyor, oyuna gelmeyin",
        "oya işledim, Oya'ya verdim",
        "oy oy oy dağlar",
        "oy kuzum benim, oy kıyamam",
        "sandığım kadar kolay değilmiş, öyle sandık",
        "Emekli Sandığı'ndan maaş alıyor",
        "çeyiz sandığı boyandı",
        "renk seçimi çok güzel, senin seçimin",
        "seçim yapmak zor, doğru seçim yaptın",
        "mahkeme oy birliğiyle karar verdi",
        "önerge AKP ve MHP oylarıyla reddedildi",
        "seçmeli ders, seçmeniz gereken kitap",
        "feribotla adaya gittik, işe aday arıyoruz",
        "kupada ikinci tura kaldık",
        "24 Haziran benim doğum günüm",
        "#türkboyları #soyumuz #ilktürkkadınpilot #14mayıseczacılıkgünü",
    ],
)
def test_games_choices_chests_and_laments_are_no_election(text: str) -> None:
    assert found(text, "election") == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("seçimde ikinci tura kaldı", "ikinci tura"),
        ("seçim için adaylarımız hazır", "adaylarımız"),
        ("YSK sandıkları kurdu", "sandıkları"),
        ("seçmenin oyunu çalamazsınız, oyunu söyle", "oyunu"),
        ("24 Haziran seçimleri", "24 Haziran"),
        ("halk seçti, o seçildi, oy verdik", "seçildi"),
    ],
)
def test_words_of_many_meanings_count_beside_an_election(text: str, word: str) -> None:
    assert any(word in one for one in found(text, "election"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bu deepfake'miş", ["deepfake"]),
        ("dip feyk bunlar, dipfeyk videolar", ["dip feyk", "dipfeyk"]),
        ("deep-fakeler, deepfakelerle uğraşıyoruz", ["deep-fakeler", "deepfakelerle"]),
        ("derin sahte dediğimiz görüntüler", ["derin sahte"]),
        ("yapay zekâ ile üretilmiş ses kaydı", ["yapay zekâ ile üretilmiş ses kaydı"]),
        ("AI ile yapılmış video bu", ["AI ile yapılmış video"]),
        ("bu video yapay zeka ile yapılmış", ["bu video yapay zeka"]),
        ("sesini klonlamışlar", ["sesini klonlamışlar"]),
        ("ses klonlamayla dolandırmışlar", ["ses klonlamayla dolandırmışlar"]),
        ("montajlı videolarla kandırıyorlar", ["montajlı videolarla"]),
        ("o görüntüler montajdır", ["görüntüler montajdır"]),
        ("ortada bir sahte video var", ["sahte video"]),
        ("fotoşoplu bu", ["fotoşoplu"]),
        ("videonun montaj olduğu ortaya çıktı", ["videonun montaj"]),
        ("kaset kumpası kuranlar", ["kaset kumpası"]),
        ("manipüle edilmiş görüntüler", ["manipüle edilmiş görüntüler"]),
        ("fotomontaj diyor", ["fotomontaj"]),
    ],
)
def test_fabricated_film_voice_and_picture_are_found(text: str, words: list[str]) -> None:
    assert found(text, "deepfake") == words


@pytest.mark.parametrize(
    "text",
    [
        "mutfak dolabının montajı yapıldı",
        "video montaj programı önerir misiniz",
        "bu montaj hattı yenilenecek",
        "eski kasetleri dinliyorum",
        "yapay zeka dersi aldım, ses kaydı aldım",
        "sahte para basmışlar, sahte hesap açmış",
        "görsel yapay zeka modelleri",
        "fotoşop kursuna gidiyorum",
    ],
)
def test_crafts_and_old_tapes_are_no_deepfake(text: str) -> None:
    assert found(text, "deepfake") == []


@pytest.mark.parametrize("word", ["montaj", "kaset"])
def test_montage_and_tape_count_beside_an_election(word: str) -> None:
    assert found(f"ortada bir {word} var", "deepfake") == []
    assert found(f"seçim haftası bir {word} çıkardılar", "deepfake") == [word]


def test_a_plot_counts_beside_a_deepfake_only() -> None:
    assert found("seçime kumpas kurdular", "deepfake") == []
    assert found("deepfake ile kumpas kurdular", "deepfake") == ["deepfake", "kumpas"]
