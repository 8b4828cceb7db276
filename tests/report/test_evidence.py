"""Terms and posts of a report's bursts."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandik.report.bursts import Burst
from sandik.report.evidence import SHOWN_POSTS, Evidence, Seen
from sandik_schemas.mention import Term
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_mention
from tests.report.builders import an_hour

BURST = Burst("tr", "deepfake", BASE_MS + MINUTE_MS, BASE_MS + 2 * MINUTE_MS, 9, 0)
VERSIONS = frozenset({("lex-1", "det-1")})


def a_post(number: int, text: str | None = None, **values: Any) -> Seen:
    """Return a mention of the burst's minute."""
    at_ms = BURST.start_ms + number
    return Seen(
        a_mention(number, **{"tags": ("deepfake",), "created_at_ms": at_ms, **values}),
        f"text {number}" if text is None else text,
    )


def evidence_of(seen: Sequence[Seen]) -> Evidence:
    evidence = Evidence(an_hour(), [BURST], VERSIONS)
    evidence.add(seen)
    return evidence


@given(st.permutations(range(200)), st.lists(st.integers(0, 199), max_size=30))
def test_neither_the_order_nor_repetition_changes_what_is_told(order: list[int], again: list[int]) -> None:
    evidence = evidence_of([a_post(number) for number in [*order, *again]])
    [told] = evidence.of_bursts({}, hides_texts=False)
    assert evidence.mentions == 200
    assert [post.text for post in told.posts] == [f"text {number}" for number in range(SHOWN_POSTS)]
    assert [(one.term, one.posts) for one in told.terms] == [("deepfake", 200)]


def test_posts_of_other_times_languages_and_tags_are_none_of_the_burst() -> None:
    others = [
        a_post(1, created_at_ms=BURST.start_ms - 1),
        a_post(2, created_at_ms=BURST.end_ms),
        a_post(3, language="ru"),
        a_post(4, tags=("election",)),
    ]
    evidence = evidence_of([*others, a_post(5)])
    [told] = evidence.of_bursts({}, hides_texts=False)
    assert [post.id for post in told.posts] == ["test:5"]
    assert evidence.mentions == 5
    outside = evidence_of([a_post(1, created_at_ms=BASE_MS - 1), a_post(2, created_at_ms=an_hour().to_ms)])
    assert outside.mentions == 0


def test_a_text_that_many_have_copied_is_shown_once() -> None:
    seen = [a_post(number, "the same" if number < 9 else None) for number in range(20)]
    [told] = evidence_of(seen).of_bursts({}, hides_texts=False)
    assert [post.text for post in told.posts] == ["the same", "text 9", "text 10", "text 11"]


def test_a_term_counts_once_a_post_however_often_it_stands_there() -> None:
    terms = (Term("kaset", "deepfake", 0, 5), Term("kaset", "deepfake", 9, 14))
    evidence = evidence_of([a_post(1, terms=terms), a_post(2, terms=terms, language="az")])
    assert [(one.term, one.posts) for one in evidence.terms("tr")] == [("kaset", 1)]
    assert [(one.term, one.posts) for one in evidence.terms("*")] == [("kaset", 2)]


def test_what_names_a_sum_and_no_word_is_no_term_for_readers() -> None:
    terms = Term("signs of a fake", "deepfake", 0, 5, is_sum=True), Term("kaset", "deepfake", 9, 14)
    evidence = evidence_of([a_post(1, terms=terms)])
    assert [one.term for one in evidence.terms("tr")] == ["kaset"]


def test_mentions_by_other_rules_are_left_out_and_told() -> None:
    evidence = evidence_of([a_post(1, lexicon_version="lex-2"), a_post(2)])
    assert (evidence.mentions, evidence.foreign) == (1, 1)


def test_texts_that_are_looked_up_are_shown_and_one_that_is_gone_is_not() -> None:
    seen = [Seen(a_post(number).mention) for number in range(3)]
    evidence = evidence_of(seen)
    assert [one.source_offset for one in evidence.without_text()] == [0, 1, 2]
    [told] = evidence.of_bursts({(0, 0): "found", (0, 1): None}, hides_texts=False)
    assert [(post.id, post.text) for post in told.posts] == [
        ("test:0", "found"),
        ("test:1", None),
        ("test:2", None),
    ]


def test_without_texts_nothing_leads_to_a_text_or_its_author() -> None:
    [told] = evidence_of([a_post(1)]).of_bursts({}, hides_texts=True)
    [post] = told.posts
    assert (post.id, post.text, post.terms) == (None, None, ())
    assert (post.source_partition, post.source_offset) == (0, 1)
