from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.steps.tags import LexiconError, Tagger, load_tagger, tags_of
from streams.steps.tags.fold import fold
from streams.steps.tags.lexicon import load_lexicon

TAGGER = load_tagger()
FORMS = {form for entry in load_lexicon().entries for form in entry.forms}
FORMS |= {form.replace(" ", "") for form in FORMS}


def matched(text: str, language: str, tagger: Tagger = TAGGER) -> list[str]:
    return [text[term.start : term.end] for term in tagger.terms([text], [language])[0]]


def tags(text: str, language: str) -> tuple[str, ...]:
    return tags_of(TAGGER.terms([text], [language])[0])


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("tr", "14 Mayıs seçimlerinde oy kullanacağım", ["seçimlerinde", "oy kullanacağım"]),
        ("tr", "SECIM SANDIGI", ["SECIM SANDIGI"]),
        ("tr", "YSK'nın kararı", ["YSK"]),
        ("tr", "oylarımızı sayıyoruz, oyunu kullan", ["oylarımızı", "oyunu kullan"]),
        ("tr", "oy\nverdim", ["oy\nverdim"]),
        ("ru", "Выборы и избирательная кампания", ["Выборы", "избирательная кампания"]),
        ("ru", "о подсчёте голосов", ["подсчёте голосов"]),
        ("en", "The re-election, a run-off", ["re-election", "run-off"]),
        ("en", "She voted at the polling station.", ["voted", "polling station"]),
        ("tr", "deepfake'ler ve deep-fake ve dipfeyk", ["deepfake", "deep-fake", "dipfeyk"]),
        ("tr", "deepfakelerin, derin sahte", ["deepfakelerin", "derin sahte"]),
        ("ru", "дипфейк, дип-фейки, диппфейком", ["дипфейк", "дип-фейки", "диппфейком"]),
        ("ru", "Это deep fake", ["deep fake"]),
        ("en", "an AI-generated video, voice cloning", ["AI-generated video", "voice cloning"]),
    ],
)
def test_a_term_is_found_in_every_spelling_where_it_stands(
    language: str, text: str, found: list[str]
) -> None:
    assert matched(text, language) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#14MayısSeçimleri", ["Seçimleri"]),
        ("#secim2023", ["secim"]),
        ("#SandığaSahipÇık", ["SandığaSahipÇık"]),
        ("#oykullan", ["oykullan"]),
        ("#genel_secim", ["genel_secim"]),
        ("#YSKSeçim", ["YSK", "Seçim"]),
        ("#DeepfakeVideo", ["DeepfakeVideo"]),
        ("secim2023", []),
        ("14MayısSeçimleri", []),
        ("oykullan", []),
        ("#secimlik", []),
    ],
)
def test_digits_camel_case_and_missing_spaces_part_words_only_in_hashtags(
    text: str, found: list[str]
) -> None:
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
    "голос is a voice": ("ru", "её голос и урна"),
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
    assert matched("montaj, kumpas, kaset, deepfake", "tr") == ["montaj", "kumpas", "kaset", "deepfake"]
    assert tags("seçim öncesi montaj video", "tr") == ("deepfake", "election")
    assert tags("перед выборами показали монтаж", "ru") == ("deepfake", "election")


def test_ambiguous_words_are_no_sign_for_each_other() -> None:
    assert matched("montaj kaset kumpas, aday, sandık", "tr") == []


def test_a_trap_takes_only_its_own_words() -> None:
    assert matched("кандидат наук на выборах, кандидат молод", "ru") == ["выборах", "кандидат"]


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


@settings(max_examples=300)
@given(st.lists(hostile, max_size=6))
def test_hostile_text_never_raises_and_every_term_is_a_form_inside_the_text(texts: list[str]) -> None:
    for text, terms in zip(texts, TAGGER.terms(texts, ["tr"] * len(texts)), strict=True):
        reached = dict.fromkeys(TAGGER.tag_names, 0)
        for term in terms:
            assert reached[term.tag] <= term.start < term.end <= len(text)
            assert fold(text[term.start : term.end]) in FORMS
            reached[term.tag] = term.end
        assert [term.start for term in terms] == sorted(term.start for term in terms)


@given(st.lists(hostile, max_size=6))
def test_a_post_is_judged_alone_whatever_else_is_in_its_batch(texts: list[str]) -> None:
    assert TAGGER.terms(texts, ["tr"] * len(texts)) == [TAGGER.terms([text], ["tr"])[0] for text in texts]


def test_large_batches_are_folded_in_pieces_without_a_seam() -> None:
    texts = ["x" * 30_000, "seçim", "y" * 60_000, "", "oy verdim"]
    found = TAGGER.terms(texts, ["tr"] * 5)
    assert [[term.term for term in terms] for terms in found] == [[], ["seçim"], [], [], ["oy vermek"]]


# A user's own lexicon.

FLOOD = '[[term]]\nlanguage = "tr"\nlemma = "sel"\nforms = ["sel(|ler)"]\n'


def test_another_lexicon_brings_its_own_tags(tmp_path: Path) -> None:
    (tmp_path / "flood.toml").write_text(FLOOD)
    tagger = load_tagger(tmp_path)
    assert tagger.tag_names == ("flood",)
    assert matched("Seller geldi, seçim", "tr", tagger) == ["Seller"]


def test_a_trap_beats_a_term_of_the_same_words(tmp_path: Path) -> None:
    trap = '[[trap]]\nlanguage = "tr"\nlemma = "veto"\nforms = ["seller"]\n'
    (tmp_path / "flood.toml").write_text(FLOOD + trap)
    assert matched("seller sel", "tr", load_tagger(tmp_path)) == ["sel"]


def test_the_version_follows_what_is_matched_and_nothing_else(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    term = '\n[[term]]\nlanguage = "ru"\nlemma = "потоп"\n'
    (one / "flood.toml").write_text(FLOOD + term)
    (other / "flood.toml").write_text(f"# a comment\n{term}note = 'x'\n{FLOOD}")
    same = load_tagger(one).version
    assert same == load_tagger(other).version
    (other / "flood.toml").write_text(FLOOD + term + 'only_in = ["ru"]\n')
    assert load_tagger(other).version != same


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[term]", "flood.toml: not valid TOML"),
        ('[[term]]\nlanguage = "tr"\n', r"flood.toml: .*lemma.*\$\.term\[0\].*mend"),
        (FLOOD + 'lema = "x"\n', r"flood.toml: .*lema"),
        (FLOOD + FLOOD, "flood.toml: tr 'sel' is there twice; merge"),
        (FLOOD + 'beside = ["rain"]\n', r"flood.toml: tr 'sel': `beside` names \['rain'\]"),
        (FLOOD + 'inflects = "noun"\n', "flood.toml: tr 'sel': no forms of it yet; run python -m"),
        (FLOOD.replace("sel(|ler)", "!"), "flood.toml: tr 'sel': a form without any letter"),
    ],
)
def test_a_broken_lexicon_says_where_and_what_to_do(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "flood.toml").write_text(content)
    with pytest.raises(LexiconError, match=says):
        load_tagger(tmp_path)


def test_a_missing_or_empty_folder_and_a_reserved_tag_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="no such folder"):
        load_tagger(tmp_path / "nowhere")
    with pytest.raises(LexiconError, match=r"no <tag>\.toml in it"):
        load_tagger(tmp_path)
    (tmp_path / "both.toml").write_text(FLOOD)
    with pytest.raises(LexiconError, match="cannot be called both"):
        load_tagger(tmp_path)
