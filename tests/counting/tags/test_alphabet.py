import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandik.counting.tags.alphabet import fold, fold_batch


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        ("SEÇİM", "secim"),
        ("seçım", "secim"),
        ("sec\u0327im", "secim"),  # the cedilla as a character of its own
        ("Iğdır", "igdir"),
        ("подсчёт", "подсчет"),
        ("выбopы", "выборы"),  # о and р typed in Latin
        ("dеерfаkе", "deepfake"),  # е, р, а typed in Cyrillic
        ("deep\u200bfa\u00adke", "deepfake"),
        ("𝐝𝐞𝐞𝐩𝐟𝐚𝐤𝐞", "deepfake"),
        ("ｄｅｅｐｆａｋｅ", "deepfake"),
        ("Türkiye’nin", "turkiye'nin"),
        ("дип—фейк", "дип-фейк"),
        ("oy\u00a0 \n_ver", "oy ver"),
        ("oy \u200b \u200b ver", "oy ver"),
        ("أنتخاب إنتخاب آنتخاب ٱنتخاب", "انتخاب انتخاب انتخاب انتخاب"),  # alef in all its forms
        ("انْتِخَابٌ", "انتخاب"),  # short vowels
        ("انتخـــاب", "انتخاب"),  # lengthened for the eye
        ("حملة", "حمله"),  # ta marbuta
        ("مستشفى", "مستشفي"),  # alef maqsura
        ("رئیس کاندید", "رييس كانديد"),  # from a Persian keyboard, and hamza on its seat
        ("ﺍﻧﺘﺨﺎﺏ", "انتخاب"),  # the shapes of letters, as old systems write them
    ],
)
def test_spellings_of_one_word_fold_to_the_same(spelling: str, plain: str) -> None:
    assert fold(spelling) == fold(plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("выбор", "выборы"),
        ("oy", "öyle"),
        ("нос", "нас"),
        ("vote", "note"),
        ("0y", "oy"),
        ("d33pfake", "deepfake"),
    ],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@settings(deadline=None)
@given(st.text(st.characters()))
def test_folding_never_raises_never_lengthens_and_is_done_after_once(text: str) -> None:
    folded = fold(text)
    assert len(folded) <= len(text)
    assert fold(folded) == folded


@settings(deadline=None)
@given(st.lists(st.text(st.characters(), max_size=20), max_size=8))
def test_a_batch_folds_as_its_texts_do_and_origin_leads_back(texts: list[str]) -> None:
    batch = fold_batch(texts)
    if texts:
        assert batch.folded[1:-2].split("\n") == [fold(text) for text in texts]
    for letter, origin in zip(batch.folded, batch.origin, strict=True):
        source = batch.joined[origin]
        assert letter == "\n" or fold(source) == letter


@settings(deadline=None)
@given(st.lists(st.text(max_size=5), max_size=5))
def test_breaks_stand_before_each_text(texts: list[str]) -> None:
    batch = fold_batch(texts)
    assert len(batch.breaks) == len(texts) + 2
    starts = [int(batch.origin[index]) + 1 for index in batch.breaks[: len(texts)]]
    assert [
        batch.joined[start : start + len(text)] for start, text in zip(starts, texts, strict=True)
    ] == texts
