import pytest

from sandik.errors import UsageError
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from sandik.ingest.post_filter import chooser
from sandik_schemas.post import Post


def a_post(text: str = "oy", language: str | None = None, **fields: object) -> Post:
    return Post("a:1", "a", 1, text, lang_hint=language, **fields)  # type: ignore[arg-type]


def is_chosen(item: Item, *wishes: str) -> bool:
    chosen = chooser(wishes)(item)
    assert chosen is item or (isinstance(chosen, Skipped) and chosen.reason is SkipReason.FILTERED)
    return chosen is item


@pytest.mark.parametrize(
    ("language", "chosen"), [("tr", True), ("tr-TR", True), ("TR_tr", True), ("ru", False), (None, True)]
)
def test_a_language_is_what_the_source_says_and_silence_passes(language: str | None, chosen: bool) -> None:
    assert is_chosen(a_post(language=language), "language=tr") is chosen


@pytest.mark.parametrize("text", ["SEÇİM günü", "secim", "#Seçim2023", "se\u0301çim".replace("\u0301", "")])
def test_a_term_is_found_however_it_is_written(text: str) -> None:
    assert is_chosen(a_post(text), "term=Seçim")


def test_of_one_kind_one_must_hold_of_two_kinds_both() -> None:
    wishes = ("language=tr,az", "language=ru", "term=seçim", "term=выборы")

    assert is_chosen(a_post("Выборы завтра", "ru"), *wishes)
    assert is_chosen(a_post("seçim", "az"), *wishes)
    assert not is_chosen(a_post("seçim", "en"), *wishes)
    assert not is_chosen(a_post("hava güzel", "tr"), *wishes)


def test_edits_deletions_and_what_is_no_post_always_pass() -> None:
    for item in (
        a_post("", "en", op="delete"),
        a_post("", "en", op="update"),
        Rejected(RejectReason.NOT_JSON, ""),
    ):
        assert is_chosen(item, "language=tr", "term=seçim")


@pytest.mark.parametrize("wish", ["tr", "language=", "term=", "term=  ", "author=x"])
def test_a_wish_that_is_none_is_a_usage_error(wish: str) -> None:
    with pytest.raises(UsageError, match="--filter"):
        chooser([wish])
