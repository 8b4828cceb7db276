"""The query language: what it reads, and what it says of what it cannot read."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.tags.query_parser import (
    All,
    Any,
    Chain,
    Condition,
    Either,
    Kind,
    Not,
    Place,
    QueryError,
    Short,
    Stands,
    Word,
    hits_of,
    parse,
)

BROKEN = {
    "": "it is empty",
    "(a OR b": r"a \( without its \)",
    "a) OR b": r"one \) too many",
    "a NEAR b": "NEAR without a number; write NEAR/9",
    "a NEAR/x b": "NEAR/x without a number",
    "a NEAR/0 b": "NEAR/0: write a number from 1 to 100",
    "a NEAR/999 b": "NEAR/999: write a number from 1 to 100",
    "a b": 'no AND, OR or NEAR/n before b; add one, or quote a "phrase"',
    "a AND": "something is missing at the end",
    "a OR )": r"something is missing before \)",
    "AND a": "nothing before AND",
    '"a': 'no " after "',
    "{a": "no } after {",
    "{a b}": "no } after {",
    "{}": "the name of a set",
    "vi*eo": r"\* stands only at the end",
    "!!": "no letter or digit",
    "(a AND b) NEAR/3 c": "AND and NOT cannot stand on a side of NEAR/n",
    "NOT a": "only says what must not be there",
    "NEAR/3 a": "nothing before NEAR/3",
    "SUM/8 (a^5 OR b^3)": r"an unexpected \^; close it, or leave it out",
    "SHORT/300": "only says what must not be there",
}


@pytest.mark.parametrize("query", BROKEN)
def test_what_cannot_be_read_says_what_to_write(query: str) -> None:
    with pytest.raises(QueryError, match=BROKEN[query]):
        parse(query, "match")


NEAR_A = Stands(Word("a"), 9)


@pytest.mark.parametrize(
    ("query", "kind", "meaning"),
    [
        ("a", "unless", Stands(Word("a"), None)),
        ("a", "near", Stands(Word("a"), 9)),
        ("NEAR/5 {a} OR \"b c\"", "unless", Any((Stands(Word("{a}"), 5), Stands(Word('"b c"'), None)))),
        ("NEAR/5 (a OR b*)", "near", Stands(Either((Word("a"), Word("b*"))), 5)),
        ("a OR b AND c", "near", Any((NEAR_A, All((Stands(Word("b"), 9), Stands(Word("c"), 9)))))),
        ("a AND NOT b", "match", All((Stands(Word("a"), None), Not(Stands(Word("b"), None))))),
        ("a NEAR/2 b NEAR/3 c", "match", Stands(Chain((Word("a"), Word("b"), Word("c")), (2, 3)), None)),
        ("SHORT/300 AND a", "near", All((Short(300), NEAR_A))),
        ("NEAR/4 a NEAR/2 b", "near", Stands(Chain((Word("a"), Word("b")), (2,)), 4)),
    ],
)  # fmt: skip
def test_not_binds_closest_then_near_then_and_then_or(query: str, kind: Kind, meaning: Condition) -> None:
    assert parse(query, kind) == meaning


def test_what_a_match_finds_is_its_first_place_and_the_rest_is_asked() -> None:
    condition = parse("NOT x AND a NEAR/2 b AND c OR d", "match")
    [(chain, asked), (word, alone)] = hits_of(condition)

    assert str(chain) == "(a NEAR/2 b)"
    assert [*map(str, asked)] == ["NOT x", "c"]
    assert (word, alone) == (Word("d"), ())


words = st.sampled_from(["a", "b*", '"c d"', "{e}"]).map(Word)
places: st.SearchStrategy[Place] = st.recursive(
    words,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda some: Either(tuple(some))),
        st.tuples(inner, st.integers(1, 20), inner).map(lambda one: Chain((one[0], one[2]), (one[1],))),
    ),
    max_leaves=4,
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(st.builds(Stands, places, st.integers(1, 20)), st.integers(1, 999).map(Short)),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: All(tuple(some))),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: Any(tuple(some))),
    ),
    max_leaves=5,
)


@given(conditions)
def test_a_query_that_is_written_and_read_again_is_the_same(condition: Condition) -> None:
    assert parse(str(condition), "near") == condition


@given(st.text(alphabet='ab "(){}*/^ANDORTESH9\n', max_size=30))
def test_whatever_is_written_is_read_or_refused(query: str) -> None:
    with contextlib.suppress(QueryError):
        parse(query, "unless")
