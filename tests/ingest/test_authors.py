"""Authors cannot be read, and can be told apart."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.post import Post
from streams.ingest.authors import pseudonym, with_pseudonym
from streams.ingest.items import Skipped, SkipReason


def a_post(author_id: str | None, source: str = "telegram") -> Post:
    return Post("telegram:1:2", source, 1_683_800_040_000, "oy", author_id=author_id)


@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_the_same_author_stays_the_same_and_another_does_not(author: str, other: str, key: str) -> None:
    assert pseudonym("x", author, key) == pseudonym("x", author, key)
    assert (author == other) == (pseudonym("x", author, key) == pseudonym("x", other, key))


def test_the_key_and_the_source_are_part_of_it() -> None:
    made = {pseudonym(source, "user1", key) for source in ("x", "telegram") for key in ("a", "b")}

    assert 4 == len(made)


def test_the_id_is_gone_and_everything_else_is_as_it_was() -> None:
    skipped = Skipped(SkipReason.SERVICE, where="message 1")
    with_author, without, other = (
        with_pseudonym(item, "secret") for item in (a_post("user42"), a_post(None), skipped)
    )

    assert isinstance(with_author, Post)
    assert "user42" not in str(with_author.author_id)
    assert a_post(with_author.author_id) == with_author
    assert (a_post(None), skipped) == (without, other)
