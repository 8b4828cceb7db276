"""Models: what all the words of a post weigh together."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.tags import Tagger, load_tagger
from sandik.counting.tags.alphabet import fold
from sandik.counting.tags.boundaries import Refusal
from sandik.counting.tags.layers import LexiconError
from sandik.counting.tags.models import known_by
from sandik.counting.tags.stems import stems_of
from tests.support.lexicons import write_lexicon

TERMS = """
[[term]]
language = "tr"
lemma = "deepfake"

[[trap]]
language = "tr"
lemma = "ajans"
"""
MODEL = """
language = "tr"
lemma = "words of a fake"
least = 10
most_characters = 60
weights = '''
uydurm 6
yuzumu 5
yuzumu yapist 4
gercek -3
'''
"""


def tagger_of(folder: Path, model: str = MODEL, terms: str = TERMS) -> Tagger:
    write_lexicon(folder, fake=terms)
    (folder / "fake.tr.model.toml").write_text(model)
    return load_tagger(folder)


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return tagger_of(tmp_path_factory.mktemp("weighing"))


def terms_of(tagger: Tagger, text: str, language: str = "tr") -> list[tuple[str, str, bool]]:
    [terms] = tagger.terms([text], [language])
    return [(one.term, text[one.start : one.end], one.is_sum) for one in terms]


@pytest.mark.parametrize(
    ("text", "weighs"),
    [
        ("a b c d Uydurmuşlar, yüzümü almışlar", "Uydurmuşlar"),  # 6 + 5, and the heavier one is marked
        ("uydurma yüzümü a b c", None),  # too few words
        ("bunu uydurdular a b c d", None),
        ("uydurma uydurma uydurma a b c", None),  # each counts once
        ("a b c uydurma yüzümü, ajans!", None),  # a trap of the tag is there
        ("yüzümü gerçek yapıştırmışlar uydurma a b", None),  # 5 + 6 - 3: two words weigh side by side only
        ("yüzümü yapıştırmışlar, gerçek, uydurma a b", "uydurma"),
        ("a b c d uydurma yüzümü " + "x" * 50, None),  # too long
        ("", None),
        ("… ! … ! … !", None),
    ],
)
def test_words_weigh_together(tagger: Tagger, text: str, weighs: str | None) -> None:
    expected = [("words of a fake", weighs, True)] if weighs else []
    assert terms_of(tagger, text) == expected


def test_where_a_term_counts_no_model_is_asked(tagger: Tagger) -> None:
    assert terms_of(tagger, "a b c d uydurma yüzümü, deepfake") == [("deepfake", "deepfake", False)]


def test_only_a_term_of_a_model_has_is_sum_in_its_record(tagger: Tagger) -> None:
    texts = ["a b c d Uydurmuşlar, yüzümü", "a deepfake"]
    [weighed], [word] = map(msgspec.to_builtins, tagger.terms(texts, ["tr", "tr"]))

    assert weighed == {"term": "words of a fake", "tag": "fake", "start": 8, "end": 19, "is_sum": True}
    assert word == {"term": "deepfake", "tag": "fake", "start": 2, "end": 10}


def test_a_model_is_for_posts_of_its_language(tagger: Tagger) -> None:
    assert not terms_of(tagger, "a b c d uydurma yüzümü", "az")


RUSSIAN = """
language = "ru"
lemma = "слова о подделке"
least = 3
most_characters = 80
weights = '''
подмен 3
uydurm 1
'''
"""


@pytest.fixture
def of_two(tmp_path: Path) -> Tagger:
    folded = RUSSIAN.replace("подмен", known_by("подмен"))
    (tmp_path / "fake.ru.model.toml").write_text(folded, "utf-8")
    return tagger_of(tmp_path)


@pytest.mark.parametrize(
    ("text", "weighs"),
    [
        ("a b c d Uydurmuşlar, yüzümü almışlar", ("words of a fake", "Uydurmuşlar")),
        ("a b c d e, подменили лицо", ("слова о подделке", "подменили")),
        # One term of a tag is enough: of both models, that of the first language.
        ("a b c uydurma yüzümü, подменили лицо", ("слова о подделке", "подменили")),
        # Each model has a length of its own.
        ("a b c uydurma yüzümü, подменили лицо" + " x" * 20, ("слова о подделке", "подменили")),
        ("a b c d e f, ничего", None),
    ],
)
def test_a_post_of_two_languages_is_asked_of_the_models_of_both(
    of_two: Tagger, text: str, weighs: tuple[str, str] | None
) -> None:
    assert terms_of(of_two, text, "ru+tr") == ([(*weighs, True)] if weighs else [])
    told = [one.hit.entry.lemma for one in of_two.verdicts(text, "ru+tr") if one.refusal is None]
    assert told == ([weighs[0]] if weighs else [])


def test_the_answer_to_a_text_does_not_depend_on_others(tagger: Tagger) -> None:
    texts = ["a b c d uydurma yüzümü", "", "x" * 99, "deepfake", "a b c d yüzümü"]
    together = tagger.terms(texts, ["tr", "tr", "tr", "en", "tr"])
    alone = [tagger.terms([text], ["en" if text == "deepfake" else "tr"])[0] for text in texts]
    assert together == alone


def test_what_words_weigh_is_explained(tagger: Tagger) -> None:
    [enough] = tagger.verdicts("a b c d Uydurmuşlar, yüzümü", "tr")
    assert (enough.refusal, enough.why) == (None, "uydurm +6 yuzumu +5 = 11, 10 needed")
    [less] = tagger.verdicts("a b c d e yüzümü", "tr")
    assert (less.refusal, less.why) == (Refusal.CONDITION, "yuzumu +5 = 5, 10 needed")
    by_term, weighed = tagger.verdicts("deepfake, uydurma, yüzümü a b c", "tr")
    assert (by_term.refusal, weighed.refusal) == (None, Refusal.OTHERWISE_TAGGED)


BROKEN = {
    "no number": ("uydurm 6", "uydurm six", "'uydurm six' does not end with a whole number of at most six"),
    "a fraction": ("uydurm 6", "uydurm 6.5", "'uydurm 6.5' does not end with a whole number"),
    "a huge number": ("uydurm 6", f"uydurm {10**30}", "does not end with a whole number of at most six"),
    "a space behind": ("uydurm 6", "uydurm 6 ", "'uydurm 6 ' does not end with a whole number"),
    "twice": ("uydurm 6", "uydurm 1\nuydurm 2", "'uydurm 2' is not one or two new stems"),
    "three words": ("uydurm 6", "a b c 3", "'a b c 3' is not one or two new stems"),
    "no word": ("uydurm 6", "7", "'7' is not one or two new stems"),
    "a long stem": (
        "uydurm 6",
        "uydurma 6",
        "'uydurma' is no stem; .* first 6 letters.*'uydurm'",
    ),
    "a capital": ("uydurm 6", "Yalan 6", "'Yalan' is no stem; .*'yalan'"),
    "a dotless i": ("uydurm 6", "yanlış 6", "'yanlış' is no stem; .*'yanlis'"),
    "a sign before": ("uydurm 6", "bir #sahte 6", "'bir #sahte' is no stem; .*'bir sahte'"),
    "a sign behind": ("uydurm 6", "sahte! 6", "'sahte!' is no stem; .*'sahte'"),
    "a space before": ("uydurm 6", " uydurm 6", "' uydurm 6' is not one or two new stems"),
    "another language than its name": ('"tr"', '"en"', "`language` is 'en': name the file fake.en.model"),
    "no language": ('"tr"', '""', "`language` is ''"),
    "no lemma": ('"words of a fake"', '" "', "`lemma` is empty"),
    "nothing to reach": ("least = 10", "least = 0", "`least` is 0"),
    "no number to reach": ("least = 10", "least = nan", r"Expected `int`, got `float` - at `\$.least`"),
    "too much to reach": ("least = 10", f"least = {10**30}", r"Expected `int` <= 999999 - at `\$.least`"),
    "no characters": ("characters = 60", "characters = -1", "Expected `int` >= 1 .*most_characters"),
    "too many characters": ("characters = 60", f"characters = {10**10}", "Expected `int` <= 999999 .*most_"),
}


@given(st.text(max_size=30))
def test_a_model_may_have_what_words_are_known_by_and_nothing_else(text: str) -> None:
    assert [*map(known_by, stems_of(fold(text)))] == stems_of(fold(text))
    is_stem = text and " " not in text and known_by(text) == text
    assert (stems_of(fold(text)) == [text]) == bool(is_stem)


@pytest.mark.parametrize("how", BROKEN)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, how: str) -> None:
    right, wrong, says = BROKEN[how]
    with pytest.raises(LexiconError, match=rf"fake\.tr\.model\.toml: no model: .*{says}.*; fix it there"):
        tagger_of(tmp_path, MODEL.replace(right, wrong))


def test_a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does(tmp_path: Path) -> None:
    write_lexicon(tmp_path, fake=TERMS)
    (tmp_path / "fake.tr.model.toml").write_bytes(b"\xef\xbb\xbf" + MODEL.replace("\n", "\r\n").encode())
    assert terms_of(load_tagger(tmp_path), "a b c d uydurma yüzümü")


def test_the_version_does_not_depend_on_the_order_of_the_weights(tmp_path: Path) -> None:
    before = tagger_of(tmp_path).version
    lines = "uydurm 6\nyuzumu 5\n"
    assert lines in MODEL
    assert tagger_of(tmp_path, MODEL.replace(lines, "yuzumu 5\nuydurm 6\n")).version == before
    assert tagger_of(tmp_path, MODEL.replace(lines, "yuzumu 6\nuydurm 5\n")).version != before


def test_a_model_of_a_tag_that_no_layer_has_is_refused(tmp_path: Path) -> None:
    write_lexicon(tmp_path, fake=TERMS)
    (tmp_path / "fkae.tr.model.toml").write_text(MODEL)
    with pytest.raises(LexiconError, match=r"fkae\.tr\.model\.toml: a model of 'fkae', .* can be \['fake'\]"):
        load_tagger(tmp_path)


def test_a_later_layer_replaces_or_removes_a_model(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    for folder in (first, second, third):
        folder.mkdir()
    tagger_of(first)
    write_lexicon(second, fake='[[term]]\nlanguage = "tr"\nlemma = "montaj"\n')
    (second / "fake.tr.model.toml").write_text(MODEL.replace("least = 10", "least = 99"))
    write_lexicon(third, fake='[[remove]]\nlanguage = "tr"\nlemma = "words of a fake"\n')
    text = "a b c d uydurma yüzümü"
    assert terms_of(load_tagger(f"{first}"), text)
    assert not terms_of(load_tagger(f"{first},{second}"), text)
    assert not terms_of(load_tagger(f"{first},{third}"), text)
    versions = {
        load_tagger(layers).version for layers in (f"{first}", f"{first},{second}", f"{first},{third}")
    }
    assert len(versions) == 3
