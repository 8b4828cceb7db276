from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandik.counting.tags import load_tagger, tags_of
from sandik.counting.tags.alphabet import fold
from tests.support.examples import examples
from tests.support.loaded import built_in


@cache
def forms() -> set[str]:
    found = {form for entry in built_in().entries for form in entry.forms}
    return found | {form.replace(" ", "") for form in found}


@cache
def spans() -> set[str]:
    """What these find is no form: all that stands between two words, or the heaviest word of a model."""
    matches = {entry.lemma for entry in built_in().entries if entry.match}
    return matches | {model.lemma for model in built_in().models}


def matched(text: str, language: str) -> list[str]:
    return [text[term.start : term.end] for term in load_tagger().terms([text], [language])[0]]


def tags(text: str, language: str) -> tuple[str, ...]:
    return tags_of(load_tagger().terms([text], [language])[0])


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("tr", "14 Mayıs seçimlerinde oy kullanacağım", ["14 Mayıs", "seçimlerinde", "oy kullanacağım"]),
        ("tr", "SECIM SANDIGI", ["SECIM SANDIGI"]),
        ("tr", "YSK'nın kararı", ["YSK"]),
        ("tr", "oylarımızı sayıyoruz, oyunu kullan", ["oylarımızı", "oyunu kullan"]),
        ("tr", "oy\nverdim", ["oy\nverdim"]),
        ("ru", "Выборы и избирательная кампания", ["Выборы", "избирательная кампания"]),
        ("ru", "о подсчёте голосов", ["подсчёте голосов"]),
        ("en", "The re-election, a run-off", ["re-election, a run-off"]),
        ("en", "She voted at the polling station.", ["voted", "polling station"]),
        ("tr", "deepfake'ler ve deep-fake ve dipfeyk", ["deepfake", "deep-fake", "dipfeyk"]),
        ("tr", "deepfakelerin, derin sahte", ["deepfakelerin", "derin sahte"]),
        ("ru", "дипфейк, дип-фейки, диппфейком", ["дипфейк", "дип-фейки", "диппфейком"]),
        ("ru", "Это deep fake", ["deep fake"]),
        ("en", "an AI-generated video, voice cloning", ["AI-generated video, voice cloning"]),
    ],
)
def test_a_term_is_found_in_every_spelling_where_it_stands(
    language: str, text: str, found: list[str]
) -> None:
    assert matched(text, language) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#14MayısSeçimleri", ["#14Mayıs", "Seçimleri"]),
        ("#SandığaSahipÇık", ["SandığaSahipÇık"]),
        ("#oykullan", ["oykullan"]),
        ("#genel_secim", ["genel_secim"]),
        ("#YSKSeçim", ["YSK", "Seçim"]),
        ("#DeepfakeVideo", ["DeepfakeVideo"]),
    ],
)
def test_hashtags_are_several_words(text: str, found: list[str]) -> None:
    assert matched(text, "tr") == found


TRAPS = {
    "oysa is whereas": ("tr", "oysa ben gelmedim"),
    "oyun is a game": ("tr", "oyun bitti, oyuna gelme, oyunu kazandık, oyunun sonu"),
    "oya is lace and a name": ("tr", "Oya geldi"),
    "oy is a lament": ("tr", "oy anam oy"),
    "oylar are months in Uzbek": ("uz", "oylar"),
    "seçil- is to be chosen": ("tr", "seçildi, seçilmiş, seçilen"),
    "Seçil is a name": ("tr", "Seçil apartmanı, Seçil'e"),
    "seçmeli is elective": ("tr", "seçmeli ders seçtim"),
    "seçim yapmak is to choose": ("tr", "seçim yapmak zor, doğru seçim, renk seçimi"),
    "sandığı is what one supposed": ("tr", "sandığından fazla, geldiğini sandığım"),
    "a sandık is also a chest": ("tr", "sandık dolu çeyiz"),
    "ada is an island": ("tr", "adaya gittik, iş adayı"),
    "выбор is a choice": ("ru", "выбор за вами, нет выбора, по выбору, выбором"),
    "голос is a voice": ("ru", "её голос, и мусор в урне"),
    "кандидат наук is a degree": ("ru", "кандидат наук, кандидат технических наук"),
    "явка с повинной is to give oneself up": ("ru", "явка с повинной"),
    "монтаж is assembly": ("ru", "монтаж окон, видеомонтаж на заказ"),
    "кассета is a tape": ("ru", "старая кассета и запись"),
    "montaj is assembly": ("tr", "montaj hattı"),
    "kaset is a tape, kumpas a pair of callipers": ("tr", "kaset ve kumpas"),
    "oy vey": ("en", "oy vey"),
    "oy vey taken for Turkish": ("tr", "oy vey"),
    "voted off": ("en", "She was voted off the island"),
    "longer words": ("en", "electron selection candid devote upvote voteless pivoted"),
    "names and links": ("en", "@election_board @vote https://x.com/election-2016 www.vote.org/vote"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_carry_no_tag(trap: str) -> None:
    language, text = TRAPS[trap]
    assert matched(text, language) == []


def test_ambiguous_words_count_beside_a_sign_and_are_shown() -> None:
    assert matched("montaj, kumpas, sahte, deepfake", "tr") == ["montaj", "kumpas", "sahte", "deepfake"]
    assert tags("seçim öncesi montaj video", "tr") == ("deepfake", "election")
    assert tags("перед выборами показали монтаж", "ru") == ("deepfake", "election")


def test_ambiguous_words_are_no_sign_for_each_other() -> None:
    assert matched("montaj, kumpas, sahte, aday, koalisyon", "tr") == []


def test_a_trap_takes_only_its_own_words() -> None:
    assert matched("кандидат наук на выборах, кандидат молод", "ru") == ["выборах", "кандидат"]


def test_of_overlapping_terms_the_first_then_the_longest_counts() -> None:
    assert matched("Bugün: seçim sandığı, erken seçim günü", "tr") == ["seçim sandığı", "erken seçim"]
    assert matched("избирательная комиссия выборов", "ru") == ["избирательная комиссия", "выборов"]


def test_terms_of_different_tags_may_overlap() -> None:
    terms = load_tagger().terms(["deepfake seçim videosu, sahte seçim videosu"], ["tr"])[0]
    assert {term.tag for term in terms} == {"deepfake", "election"}


@pytest.mark.parametrize("gap", ["\n", "\r\n", " \n\n ", "\u2028", "\u00a0", "\t", "\u200b \u200b "])
def test_a_line_break_or_any_white_space_parts_the_words_of_a_phrase(gap: str) -> None:
    assert matched(f"yarın oy{gap}verdim", "tr") == [f"oy{gap}verdim"]


def test_a_hit_that_starts_first_beats_a_trap() -> None:
    assert matched("erken seçim yapalım", "tr") == ["erken seçim"]


def test_accents_of_their_own_belong_to_the_match() -> None:
    text = "oy kullanmıs\u0327"
    assert matched(text, "tr") == [text]


pieces = st.sampled_from(
    [
        *("seçim", "#", "@", " ", "\n", "oy", " ver", "Ver", "deepfake", "'", "-", "2", "Выборы"),
        *("Кандидат", "\u200d", "İ", "\u0301", "http://", "montaj", "_", "vote", "\ud800"),
    ]
)
hostile = st.one_of(
    st.text(st.characters()), st.lists(pieces | st.text(st.characters(), max_size=3)).map("".join)
)


@examples(300)
@given(st.lists(hostile, max_size=6))
def test_hostile_text_never_raises_and_every_term_is_a_form_inside_the_text(texts: list[str]) -> None:
    for text, terms in zip(texts, load_tagger().terms(texts, ["tr"] * len(texts)), strict=True):
        reached = dict.fromkeys(load_tagger().tag_names, 0)
        for term in terms:
            assert reached[term.tag] <= term.start < term.end <= len(text)
            assert fold(text[term.start : term.end]) in forms() or term.term in spans()
            reached[term.tag] = term.end
        assert [term.start for term in terms] == sorted(term.start for term in terms)


@settings(deadline=None)
@given(st.lists(hostile, max_size=6))
def test_a_post_is_judged_alone_whatever_else_is_in_its_batch(texts: list[str]) -> None:
    tagger = load_tagger()

    assert tagger.terms(texts, ["tr"] * len(texts)) == [tagger.terms([text], ["tr"])[0] for text in texts]


@settings(deadline=None)
@given(st.text("a \n🗳\u0301\u200dİﬁ", max_size=8), st.text(" \n.,🗳", max_size=8))
def test_positions_are_of_the_original_text(before: str, after: str) -> None:
    text = f"{before} SEÇİM{after}"
    [term] = load_tagger().terms([text], ["tr"])[0]
    assert (term.term, term.start, text[term.start : term.end]) == ("seçim", len(before) + 1, "SEÇİM")


def test_large_batches_are_folded_in_pieces_without_a_seam() -> None:
    texts = ["x" * 30_000, "seçim", "y" * 60_000, "", "oy verdim"]
    found = load_tagger().terms(texts, ["tr"] * 5)
    assert [[term.term for term in terms] for terms in found] == [[], ["seçim"], [], [], ["oy vermek"]]
