"""What `Tagger.verdicts` says of every form in a text: the reasons, and that they agree with the counting."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandik.counting.tags import Tagger, load_tagger
from sandik.counting.tags.boundaries import Refusal
from tests.support.lexicons import small_tagger


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return small_tagger(tmp_path_factory.mktemp("lexicon"))


@pytest.mark.parametrize(
    ("text", "language", "form", "refusal"),
    [
        ("seçim", "tr", "seçim", None),
        ("seçimlik", "tr", "seçim", Refusal.INSIDE_WORD),
        ("#yarinsecimvar", "tr", "secim", Refusal.INSIDE_WORD),
        ("@secim", "tr", "secim", Refusal.IN_LINK_OR_NAME),
        ("https://x.com/secim", "tr", "secim", Refusal.IN_LINK_OR_NAME),
        ("oyver", "tr", "oyver", Refusal.NOT_IN_HASHTAG),
        ("#adaylarimiz", "tr", "adaylar", Refusal.UNSURE_IN_HASHTAG),
        ("oylar", "uz", "oylar", Refusal.OTHER_LANGUAGE),
        ("montaj", "tr", "montaj", Refusal.ALONE),
        ("seçim, montaj", "tr", "montaj", None),
        ("doğru seçim", "tr", "seçim", Refusal.TRAPPED),
        ("erken seçim", "tr", "seçim", Refusal.COVERED),
    ],
)
def test_a_form_that_does_not_count_says_why(
    text: str, language: str, form: str, refusal: Refusal | None, tagger: Tagger
) -> None:
    verdicts = tagger.verdicts(text, language)
    assert refusal in [one.refusal for one in verdicts if text[one.hit.start : one.hit.end] == form]


def test_what_took_the_place_is_named(tagger: Tagger) -> None:
    [trap, taken] = tagger.verdicts("doğru seçim", "tr")
    assert (trap.hit.entry.lemma, trap.hit.entry.is_trap) == ("seçim yapmak", True)
    assert taken.by == trap.hit


def test_an_entry_says_where_it_is_written(tagger: Tagger, tmp_path: Path) -> None:
    [verdict] = tagger.verdicts("montaj", "tr")
    file, line = verdict.hit.entry.where.split(":")
    small_tagger(tmp_path)
    assert (tmp_path / file).read_text().splitlines()[int(line) - 1 : int(line) + 2] == [
        "[[term]]",
        'language = "tr"',
        'lemma = "montaj"',
    ]


words = st.sampled_from(
    [
        *("seçim", "oy", "ver", "aday", "montaj", "deepfake", "doğru seçim", "oysa", "oyun", "#oyver"),
        *("#SecimSonuclari", "#secimler", "@vote", "выборы", "голос", "кандидат", "наук", "election"),
        *("voted", "off", "#electionday", "https://x.com/vote"),
        *("AI", "video", "fake", "yapay zeka", "üretildi", "montaj", "нейросеть", "ролик", "сгенерирован"),
        *("not", "CHP", "Trump", "wins", "кандидат от", "конкурс", "#AIvideo", "erken seçi…", "t.me/video"),
    ]
)


@settings(deadline=None)
@given(st.lists(words, max_size=12).map(" ".join), st.sampled_from(["tr", "ru", "en", "und"]))
@example("AI video üretildi", "tr")  # two parts of one `match` find it
@example("yapay zeka fake fake aday", "tr")  # one `match` finds it with other words between
def test_the_verdicts_agree_with_what_counts(text: str, language: str) -> None:
    counting = [one.hit for one in load_tagger().verdicts(text, language) if one.refusal is None]
    [terms] = load_tagger().terms([text], [language])
    assert [(hit.start, hit.end, hit.entry.tag) for hit in sorted(counting)] == sorted(
        (term.start, term.end, term.tag) for term in terms
    )
