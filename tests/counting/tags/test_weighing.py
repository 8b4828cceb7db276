"""Models: what all the words of a post weigh together."""

from pathlib import Path

import pytest

from sandik.counting.tags import Tagger, load_tagger
from sandik.counting.tags.boundaries import Refusal
from sandik.counting.tags.layers import LexiconError
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


def test_a_model_is_for_posts_of_its_language(tagger: Tagger) -> None:
    assert not terms_of(tagger, "a b c d uydurma yüzümü", "az")


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


@pytest.mark.parametrize(
    "weights", ["uydurm six", "uydurm 1\nuydurm 2", "a b c 3", "7"], ids=["number", "twice", "three", "none"]
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, weights: str) -> None:
    model = MODEL.replace("uydurm 6", weights)
    with pytest.raises(LexiconError, match=r"fake\.tr\.model\.toml: no model"):
        tagger_of(tmp_path, model)


def test_a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does(tmp_path: Path) -> None:
    write_lexicon(tmp_path, fake=TERMS)
    (tmp_path / "fake.tr.model.toml").write_bytes(b"\xef\xbb\xbf" + MODEL.replace("\n", "\r\n").encode())
    assert terms_of(load_tagger(tmp_path), "a b c d uydurma yüzümü")


def test_a_model_that_nothing_has_to_reach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="`least` is 0"):
        tagger_of(tmp_path, MODEL.replace("least = 10", "least = 0"))


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
