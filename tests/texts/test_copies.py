"""Laws of copies: order and wording change nothing, and what is grouped is alike."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.texts.cleaning import words_of
from sandik.texts.copies import Copies, Said, alike, runs_of
from tests.support.command import refused
from tests.support.examples import examples

LONG = "bu video sahte seçimden önce yayılan montaj görüntülere inanmayın lütfen paylaşmayın herkese anlatın"
texts = st.lists(st.sampled_from("abcdefgh"), min_size=0, max_size=12).map(" ".join)
found_texts = st.lists(texts, min_size=1, max_size=25)


def said(number: int, text: str, author: str = "") -> Said:
    return Said(f"x:{number}", 1_000 * number, "x", author or f"a{number % 3}", text)


def groups(posts: list[Said]) -> list[tuple[int, int, str]]:
    copies = Copies()
    for post in posts:
        copies.add([post])
    return [(one.posts, one.wordings, one.text) for one in copies.groups()]


@examples(40)
@given(found_texts, st.randoms(use_true_random=False))
def test_neither_the_order_of_posts_nor_how_they_are_split_changes_the_groups(
    found: list[str], order: random.Random
) -> None:
    posts = [said(number, text) for number, text in enumerate(found)]
    mixed = order.sample(posts, len(posts))

    assert groups(posts) == groups(mixed)
    assert sum(count for count, _, _ in groups(posts)) == len(posts)


@examples(40)
@given(found_texts)
def test_texts_that_nothing_alike_connects_are_apart(found: list[str]) -> None:
    """By comparing all with all: no group is larger than what such pairs connect."""
    distinct = sorted({tuple(words_of(text)) for text in found})
    connected = {number: {number} for number in range(len(distinct))}
    for one in range(len(distinct)):
        for other in range(one):
            if alike(runs_of(distinct[one]), runs_of(distinct[other])):
                together = connected[one] | connected[other]
                for number in together:
                    connected[number] = together
    most = max(map(len, connected.values()))

    found_groups = groups([said(number, text) for number, text in enumerate(found)])
    assert max(wordings for _, wordings, _ in found_groups) <= most
    assert len(found_groups) >= len({min(one) for one in connected.values()})


def test_one_text_that_four_hundred_post_is_one_text_and_what_they_change_is_a_wording() -> None:
    posts = [
        said(number, f"RT @kisi{number}: {LONG} https://t.co/{number}", author=f"a{number}")
        for number in range(400)
    ]
    posts += [said(500 + number, f"{LONG} {'!' * number} şimdi", author=f"b{number}") for number in range(3)]
    posts += [said(900, "Bugün hava çok güzel, sandığa gidip oyumu verdim ve eve döndüm")]
    copies = Copies()
    copies.add(posts)
    [campaign, other] = copies.groups()

    assert (campaign.posts, campaign.wordings, campaign.authors) == (403, 2, 403)
    assert campaign.half_ms == 1_000 * 201
    assert other.posts == 1


def test_short_texts_are_the_same_only_to_the_word() -> None:
    assert len(groups([said(1, "Oy ver!"), said(2, "oy ver"), said(3, "oy verme")])) == 2


def test_where_an_author_is_not_known_nobody_is_counted() -> None:
    copies = Copies()
    copies.add([Said("x:1", 0, "x", "", LONG), Said("x:2", 5, "x", "a", LONG)])

    assert copies.groups()[0].authors is None


@pytest.mark.parametrize("command", [("copies",), ("words",)])
def test_a_tag_that_no_post_can_have_is_refused(command: tuple[str, ...]) -> None:
    sides = ("language=tr",) if command == ("words",) else ()
    refused(
        *command,
        "deploy/demo/posts.jsonl",
        *sides,
        "--tag",
        "bth",
        environment={"SANDIK_BROKER": "127.0.0.1:1"},
        says="no count has --tag bth; did you mean both? There are: all, both, deepfake",
    )
