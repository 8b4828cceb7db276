import json
from unicodedata import is_normalized, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.surrogates import repair_surrogates
from sandik.ingest.decoding.text import as_ingested, repair_hex_escapes
from sandik.ingest.items import Rejected
from sandik_schemas.post import MAX_TEXT_CHARS, Post


def test_a_hex_escape_becomes_the_character_it_means() -> None:
    assert json.loads(repair_hex_escapes(rb'"a\x0Bb\x1fc"')) == "a\x0bb\x1fc"


def test_an_escaped_backslash_before_x_is_left_alone() -> None:
    assert json.loads(repair_hex_escapes(rb'"C:\\x0b \\\x0b"')) == "C:\\x0b \\\x0b"


@given(st.text())
def test_valid_json_passes_both_repairs_unchanged(text: str) -> None:
    for encoded in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        data = encoded.encode("utf-8")
        assert repair_hex_escapes(data) == data
        assert repair_surrogates(data) == data


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\ud83d\ude00\\u"))))
def test_only_halves_of_surrogate_pairs_become_replacement_characters(text: str) -> None:
    repaired: str = json.loads(repair_surrogates(json.dumps(text).encode()))

    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert repaired.replace("\ufffd", "") == whole.replace("\ufffd", "")
    repaired.encode("utf-8")


def ingested(post: Post) -> Post:
    made = as_ingested(post)
    assert isinstance(made, Post)
    return made


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        (Post("a:1", "a", 1, "x" * (MAX_TEXT_CHARS + 1)), "too_large"),
        (Post("a:" + "1" * 511, "a", 1, "x"), "not_a_post"),
        (Post("", "a", 1, "x"), "not_a_post"),
        (Post("a:1", "", 1, "x"), "not_a_post"),
    ],
)
def test_what_breaks_a_limit_is_rejected_and_not_cut(post: Post, reason: str) -> None:
    made = as_ingested(post)

    assert isinstance(made, Rejected)
    assert made.reason == reason


def test_the_longest_text_there_may_be_is_left_alone() -> None:
    post = Post("a:1", "a", 1, "ş" * MAX_TEXT_CHARS)

    assert ingested(post) == post


@given(st.text(), st.lists(st.text()))
def test_text_and_hashtags_are_in_nfc(text: str, hashtags: list[str]) -> None:
    post = ingested(
        Post(id="a:1", source="a", created_at_ms=1, text=text, hashtags=tuple(hashtags), ingested_at_ms=7)
    )

    assert post.text == normalize("NFC", text)
    assert all(is_normalized("NFC", tag) for tag in post.hashtags)
    assert post.ingested_at_ms is None


def test_decomposed_turkish_letters_are_composed() -> None:
    post = ingested(Post(id="a:1", source="a", created_at_ms=1, text=normalize("NFD", "seçim güvenliği")))

    assert post.text == "seçim güvenliği"
