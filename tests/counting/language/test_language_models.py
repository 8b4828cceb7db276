"""Both models as we evaluate them, against the code of those who made them."""

from functools import cache
from pathlib import Path
from typing import Any

import langdetect.detector_factory
import numpy as np
import pytest
from fasttext import load_model
from hypothesis import example, given
from hypothesis import strategies as st
from langdetect.detector import Detector as ShippedDetector

from sandik.counting.language.cleaning import clean, has_a_letter
from sandik.counting.language.codes import our_code
from sandik.counting.language.exact_profiles import load_exact_profiles, ngrams, words
from sandik.counting.language.fasttext.file import read_fasttext_file
from sandik.counting.language.fasttext.model import load_fasttext_model, model_path
from sandik.counting.language.word_cache import MAX_LETTERS, Remembered, Vectors, Words
from tests.support.examples import examples

model, profiles = cache(load_fasttext_model), cache(load_exact_profiles)


@cache
def shipped_factory() -> Any:
    langdetect.detector_factory.init_factory()
    return langdetect.detector_factory._factory


@cache
def their_model() -> Any:
    return load_model(str(model_path()))


some_text = st.text("abAB İıIŞşğé'-яЯёіЎxắ的の한ไشیÀ", max_size=60)
any_text = st.text(st.characters(exclude_categories=()), max_size=200)


@examples(300)
@given(st.one_of(any_text, some_text))
@example("anblick")
@example("Türkiye’de ailelerin yüzde 20’si yoksulluk sınırının altında yaşıyor")
@example("的" * 300)
@example("a" * 300)
@example("de in and")
def test_probabilities_are_those_of_fasttext(text: str) -> None:
    [cleaned] = clean([text])
    if not has_a_letter(cleaned):
        return
    theirs: dict[str, float] = {}
    for label, p in zip(*their_model().predict(cleaned, 176, 0.0), strict=True):
        code = our_code(label.removeprefix("__label__"))
        theirs[code] = theirs.get(code, 0.0) + p
    theirs = {code: theirs.get(code, 0.0) for code in model().codes}  # it leaves out what is next to nothing
    ours = dict(zip(model().codes, model().probabilities([cleaned])[:, 0].tolist(), strict=True))
    assert ours == pytest.approx(theirs, abs=1e-4)


letters = st.sampled_from("aığяб語𝔄\0\uffff\ufffe")
words_met = st.lists(st.lists(st.text(letters, min_size=1, max_size=30), min_size=1), max_size=6)


@given(words_met, st.integers(1, 6))
def test_what_is_remembered_of_a_word_is_what_was_worked_out_of_it(
    batches: list[list[str]], place_bits: int
) -> None:
    def work_out(words: list[str]) -> Vectors:
        assert len(set(words)) == len(words)
        return np.array([[len(word), hash(word) % 10_007] for word in words], np.int32)

    memory = Remembered(2, place_bits, work_out)
    for batch in batches:
        expected = [[len(word), hash(word) % 10_007] for word in batch]
        assert expected == memory.vectors(Words.of(batch)).tolist()


def test_a_word_that_comes_again_is_not_worked_out_again() -> None:
    asked: list[str] = []

    def work_out(words: list[str]) -> Vectors:
        asked.extend(words)
        return np.ones((len(words), 1), np.int32)

    memory = Remembered(1, 16, work_out)
    for _ in range(2):
        memory.vectors(Words.of(["oy", "ve", "oy", "ötesi", "b" * MAX_LETTERS]))

    assert ["oy", "ve", "ötesi", "b" * MAX_LETTERS] == asked


def test_forgetting_words_changes_no_vector() -> None:
    texts = [f"{first}{second} {second}" for first in "abcdeşğıяё" for second in ("oy", "seçim", "выборы")]
    for ask, ask_forgetful in (
        (model().probabilities, load_fasttext_model(place_bits=3).probabilities),
        (profiles().posterior, load_exact_profiles(place_bits=3).posterior),
    ):
        expected = ask(texts)
        one_by_one = np.hstack([ask_forgetful([text]) for text in texts])
        assert np.array_equal(one_by_one, expected)
        assert np.array_equal(ask_forgetful(texts), expected)


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    data = bytearray(model_path().read_bytes())
    data[32:36] = (3).to_bytes(4, "little")  # the loss: a plain softmax
    path = tmp_path / "other.ftz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"other\.ftz.*hierarchical softmax"):
        read_fasttext_file(path)


@examples(300)
@given(st.one_of(any_text, some_text))
@example("THE Big İSTANBUL и Latin, ŞU Ğ")
@example("слова и some Latin слова длиннее")
def test_the_ngrams_are_those_of_langdetect(text: str) -> None:
    [cleaned] = clean([text])
    shipped = ShippedDetector(shipped_factory())
    shipped.append(cleaned)
    shipped.cleaning_text()
    found = [ngram for word in words(cleaned) for ngram in ngrams(word)]
    known = [ngram for ngram in found if ngram in shipped_factory().word_lang_prob_map]
    assert sorted(known) == sorted(shipped._extract_ngrams())


def test_the_posterior_is_bayes_over_langdetects_probabilities() -> None:
    [text] = clean(["Yarın seçim var, unutma"])
    weights = dict.fromkeys(shipped_factory().langlist, 1.0)
    known = shipped_factory().word_lang_prob_map
    for ngram in [ngram for word in words(text) for ngram in ngrams(word)]:
        if ngram in known:
            for code, p in zip(
                shipped_factory().langlist, shipped_factory().word_lang_prob_map[ngram], strict=True
            ):
                weights[code] *= (p + 0.5 / 10_000) * 1_000
    total = sum(weights.values())
    expected: dict[str, float] = {}
    for code, weight in weights.items():
        expected[our_code(code)] = expected.get(our_code(code), 0.0) + weight / total
    ours = profiles().posterior([text])[:, 0].tolist()
    assert dict(zip(profiles().codes, ours, strict=True)) == pytest.approx(expected, rel=2e-2)


def test_the_posterior_of_no_known_ngram_is_zero() -> None:
    [nothing, something] = profiles().posterior(["ꙮꙮꙮ", "seçim"]).sum(axis=0)
    assert nothing == 0
    assert something == pytest.approx(1)
