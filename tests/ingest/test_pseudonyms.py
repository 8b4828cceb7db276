"""Authors cannot be read, not in any field of a post but its text, and can be told apart."""

import hashlib
import hmac
import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.authors.key import weakness
from sandik.ingest import authors
from sandik.ingest.authors import post_pseudonym, pseudonym, with_pseudonyms
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Skipped, SkipReason
from sandik.settings import Settings
from sandik_schemas.post import Post
from tests.ingest.formats.test_golden import inputs

KEY, OTHER = "anahtar-71d0e8-bir", "anahtar-9c3fa2-iki"
HASHED = {"id", "author_id", "repost_of", "reply_to"}
DROPPED = {"url", "source_detail"}
#: What the text says again, and what names nobody.
KEPT = {"source", "created_at_ms", "text", "lang_hint", "hashtags", "ingested_at_ms", "op"}

names = st.text(min_size=1, max_size=40)
posts = st.builds(
    Post,
    id=names,
    source=st.sampled_from(["bluesky", "mastodon", "x"]),
    created_at_ms=st.integers(0, 2**41),
    text=st.text(max_size=20),
    author_id=st.none() | names,
    lang_hint=st.none() | st.just("tr"),
    url=st.none() | names,
    hashtags=st.just(("oy",)),
    repost_of=st.none() | names,
    reply_to=st.none() | names,
    op=st.sampled_from(["create", "update", "delete"]),
)


def hidden(post: Post, key: str = KEY) -> Post:
    found = authors.hidden(post, key)
    assert found == with_pseudonyms(post, key)
    return found


@given(names, names, names)
def test_the_same_author_stays_the_same_and_another_does_not(author: str, other: str, key: str) -> None:
    assert pseudonym("x", author, key) == pseudonym("x", author, key)
    assert (author == other) == (pseudonym("x", author, key) == pseudonym("x", other, key))


def test_the_key_and_the_source_are_part_of_it() -> None:
    made = {pseudonym(source, "user1", key) for source in ("x", "telegram") for key in ("a", "b")}

    assert 4 == len(made)


def test_a_pseudonym_is_half_of_an_hmac_sha256_so_that_other_tools_can_make_it() -> None:
    author = hmac.new(KEY.encode(), b"telegram\0user42", hashlib.sha256).hexdigest()
    post = hmac.new(KEY.encode(), b"\0telegram:1:2", hashlib.sha256).hexdigest()

    assert pseudonym("telegram", "user42", KEY) == author[:32]
    assert post_pseudonym("telegram:1:2", KEY) == post[:32]


@given(posts, posts)
def test_ids_stay_unique(one: Post, other: Post) -> None:
    assert (one.id == other.id) == (hidden(one).id == hidden(other).id)


@given(posts)
def test_two_ingests_with_one_key_agree_and_with_another_nothing_matches(post: Post) -> None:
    first, again, other = hidden(post), hidden(post), hidden(post, OTHER)

    assert first == again
    for name in HASHED:
        value = getattr(first, name)
        assert (value is None) == (getattr(post, name) is None)
        assert value is None or value != getattr(other, name)


@given(posts, posts)
def test_a_post_is_still_found_by_those_that_refer_to_it(original: Post, later: Post) -> None:
    later = msgspec.structs.replace(later, repost_of=original.id, reply_to=original.id)

    assert hidden(later).repost_of == hidden(later).reply_to == hidden(original).id


@given(posts, names.map(lambda name: f"did:plc:{name}"))
def test_nothing_but_the_text_can_name_an_author(post: Post, author: str) -> None:
    """Whatever field the source wrote the name into: what is left of each is a hash of it, or nothing."""
    named = {name: f"at://{author}/{name}/1" for name in HASHED | DROPPED}
    shown = hidden(msgspec.structs.replace(post, **named, text=""))

    assert author not in str(msgspec.to_builtins(shown))
    for name in HASHED:
        assert set(getattr(shown, name)) <= set(string.hexdigits.lower())
        assert len(getattr(shown, name)) == 32


@given(posts)
def test_what_names_nobody_is_as_it_was(post: Post) -> None:
    shown = hidden(post)

    assert {name: getattr(shown, name) for name in KEPT} == {name: getattr(post, name) for name in KEPT}
    assert all(getattr(shown, name) is None for name in DROPPED)


def test_of_every_field_it_is_decided_what_becomes_of_it() -> None:
    assert set(Post.__struct_fields__) == HASHED | DROPPED | KEPT


def test_what_is_no_post_is_as_it_was() -> None:
    skipped = Skipped(SkipReason.SERVICE, where="message 1")

    assert skipped == with_pseudonyms(skipped, KEY)


@pytest.mark.parametrize("path", inputs(), ids=lambda path: path.name)
def test_no_format_puts_an_author_into_another_field(path: Path) -> None:
    read_posts = [item for item in read([open_source(str(path), None)]) if isinstance(item, Post)]
    shown = [hidden(post) for post in read_posts]

    # By their ids and links, as `https://mastodon.example/@alice` and `alice`.
    authors = {post.author_id.rpartition("/")[2].lstrip("@") for post in read_posts if post.author_id}
    said = [str({name: getattr(post, name) for name in HASHED | DROPPED}).lower() for post in shown]
    assert not [name for name in authors for one in said if len(name) > 3 and name.lower() in one]
    assert len({post.id for post in read_posts}) == len({post.id for post in shown})


@given(st.binary(min_size=16, max_size=64).filter(lambda key: len(set(key)) > 12))
def test_a_key_that_a_machine_has_made_is_taken(key: bytes) -> None:
    assert weakness(key.hex()) is None


@given(st.text(max_size=15))
def test_a_short_key_is_refused(key: str) -> None:
    assert "16 are needed" in str(weakness(key))


@given(st.text(min_size=1, max_size=12), st.integers(2, 40))
def test_a_key_that_repeats_itself_is_refused(part: str, times: int) -> None:
    assert weakness(part * times) is not None


WEAK = """| |x|ababababababababab|passwordpassword|abcdefghijklmnopqrstuvwxyz|zyxwvutsrqponmlkj
|aaaaaaaaaaaaaaab|1234567890123456|0000000000000001|1111222233334444|şşşşşşşşşşşşşşşşş|aaaaaaaaaaaaaaaaaaaa"""


@pytest.mark.parametrize("key", WEAK.replace("\n", "").split("|"))
def test_a_weak_key_is_refused_without_being_quoted_and_the_advice_makes_a_strong_one(key: str) -> None:
    told = str(weakness(key))

    assert "openssl rand -hex 32" in told
    assert len(key) < 2 or key not in told


def test_a_key_is_the_same_with_and_without_the_newline_of_its_file() -> None:
    found = Settings.model_validate({"author_key": f"{KEY}\n"}).author_key

    assert found is not None
    assert found.get_secret_value() == KEY
