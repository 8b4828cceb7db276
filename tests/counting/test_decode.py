"""decode: a post, or the reason why there is none."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import (
    MAX_DETAIL_CHARACTERS,
    MAX_NESTING,
    Reason,
    Rejected,
    Unread,
    decode,
    decode_all,
)
from sandik_schemas.post import MAX_CREATED_AT_MS, MIN_CREATED_AT_MS, Post

NOW_MS = 1_683_800_040_000
MAX_AHEAD_MS = 300_000


def a_value(**changes: object) -> bytes:
    value = {"id": "t:1", "source": "t", "created_at_ms": NOW_MS, "text": "Seçim"}
    return msgspec.json.encode({name: one for name, one in (value | changes).items() if one is not ...})


def decoded(value: bytes | None) -> Post | Rejected:
    return decode(value, NOW_MS, MAX_AHEAD_MS)


def test_a_post_is_a_post_whatever_else_it_carries() -> None:
    assert decoded(a_value(likes=3, author_id=None)) == Post("t:1", "t", NOW_MS, "Seçim")


NO_POSTS: list[tuple[bytes | None, Reason]] = [
    (None, Reason.NO_VALUE),
    (b"", Reason.NOT_JSON),
    (b"not json", Reason.NOT_JSON),
    (a_value()[:-1], Reason.NOT_JSON),
    (a_value() + a_value(), Reason.NOT_JSON),
    (b'{"id": "\xff"}', Reason.NOT_JSON),
    (b'{"text": "\\ud83d"}', Reason.NOT_A_POST),
    (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", Reason.NOT_A_POST),
    (b"null", Reason.NOT_A_POST),
    (b"[]", Reason.NOT_A_POST),
    (a_value(text=...), Reason.NOT_A_POST),
    (a_value(text=None), Reason.NOT_A_POST),
    (a_value(id=""), Reason.NOT_A_POST),
    (a_value(created_at_ms=str(NOW_MS)), Reason.NOT_A_POST),
    (a_value(created_at_ms=NOW_MS + 0.5), Reason.NOT_A_POST),
    (a_value(created_at_ms=2**70), Reason.CREATED_AT_AHEAD),
    (a_value(created_at_ms=NOW_MS // 1000), Reason.CREATED_AT_TOO_EARLY),
    (a_value(created_at_ms=-1), Reason.CREATED_AT_TOO_EARLY),
    (a_value(created_at_ms=NOW_MS * 1000), Reason.CREATED_AT_AHEAD),
]

#: Posts at the bounds of what is believed, and as deep as a post may be and one level deeper.
AT_BOUNDS = [
    a_value(),
    a_value(created_at_ms=MIN_CREATED_AT_MS),
    a_value(created_at_ms=NOW_MS + MAX_AHEAD_MS),
    a_value(created_at_ms=MIN_CREATED_AT_MS - 1),
    a_value(created_at_ms=NOW_MS + MAX_AHEAD_MS + 1),
    a_value(text="{" * 200),
    *(a_value()[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}" for depth in (99, 100)),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*AT_BOUNDS, *(value for value, _ in NO_POSTS)]),
            st.integers(-1, 1).map(NOW_MS.__add__),
        )
    )
    | st.lists(st.tuples(st.sampled_from(AT_BOUNDS), st.just(NOW_MS)))
)
def test_a_batch_is_what_its_records_are(records: list[tuple[bytes | None, int]]) -> None:
    one_by_one = [decode(value, timestamp_ms, MAX_AHEAD_MS) for value, timestamp_ms in records]

    values, timestamps_ms = [value for value, _ in records], [at_ms for _, at_ms in records]
    found = decode_all(values, timestamps_ms, MAX_AHEAD_MS)
    assert [*zip(found.at, found.posts, strict=True), *found.rejected] == sorted(
        enumerate(one_by_one), key=lambda one: isinstance(one[1], Rejected)
    )


@pytest.mark.parametrize(("value", "reason"), NO_POSTS)
def test_what_is_no_post_has_its_reason_and_a_detail(value: bytes | None, reason: Reason) -> None:
    rejected = decoded(value)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == reason
    assert 0 < len(rejected.detail) <= MAX_DETAIL_CHARACTERS


def test_the_first_moment_and_the_last_that_are_believed() -> None:
    def is_post(created_at_ms: int) -> bool:
        return isinstance(decoded(a_value(created_at_ms=created_at_ms)), Post)

    assert (is_post(MIN_CREATED_AT_MS - 1), is_post(MIN_CREATED_AT_MS)) == (False, True)
    assert (is_post(NOW_MS + MAX_AHEAD_MS), is_post(NOW_MS + MAX_AHEAD_MS + 1)) == (True, False)


def test_ahead_is_ahead_of_the_records_own_time_so_an_old_archive_is_judged_as_it_was() -> None:
    value = a_value(created_at_ms=NOW_MS)

    assert isinstance(decode(value, NOW_MS - MAX_AHEAD_MS - 1, MAX_AHEAD_MS), Rejected)
    assert isinstance(decode(value, NOW_MS * 2, MAX_AHEAD_MS), Post)


@pytest.mark.parametrize("created_at_ms", [MAX_CREATED_AT_MS + 1, 2**63 - 1, 2**63, 10**40])
def test_no_post_is_of_a_time_that_nobody_can_count_in(created_at_ms: int) -> None:
    value = a_value(created_at_ms=created_at_ms)

    assert isinstance(decode(a_value(created_at_ms=MAX_CREATED_AT_MS), 2**63 - 1, MAX_AHEAD_MS), Post)
    rejected = decode(value, 2**63 - 1, 10**40)
    assert isinstance(rejected, Rejected)
    assert rejected.reason == Reason.CREATED_AT_AHEAD
    assert decode_all([value], [2**63 - 1], 10**40) == ([], [], [(0, rejected)])


def test_a_huge_bad_value_has_a_short_detail() -> None:
    rejected = decoded(a_value(created_at_ms="9" * 100_000))

    assert isinstance(rejected, Rejected)
    assert len(rejected.detail) <= MAX_DETAIL_CHARACTERS


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "value",
    [
        b"[" * (MAX_NESTING + 1) + b'"' + b'\\"' * 500_000,
        b'{"x":' + b"[" * MAX_NESTING + b'"' + b'\\"' * 500_000,
        b"[" * (MAX_NESTING + 1) + b'"' * 1_000_000,
        b"[" * (MAX_NESTING + 1) + b'"' + b"\\" * 1_000_000,
        b'["' * 500_000,
        b"[" * 1_000_000,
    ],
    ids=["escaped quotes", "not too deep", "quotes", "backslashes", "brackets and quotes", "brackets"],
)
def test_a_megabyte_of_nesting_is_judged_at_once(value: bytes) -> None:
    """A search for the end of each string that has none would take hours."""
    found = decode(value, NOW_MS, MAX_AHEAD_MS)

    assert isinstance(found, Rejected)
    assert found.reason in (Reason.NOT_A_POST, Reason.NOT_JSON)


strings = st.text('[]{}"\\a\n', max_size=8)
nestings = st.recursive(
    strings, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3)
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(nestings, st.integers(MAX_NESTING - 8, MAX_NESTING + 1))
def test_nesting_is_counted_outside_strings_only(inner: object, levels: int) -> None:
    value = a_value()[:-1] + b',"x":' + b"[" * levels + json.dumps(inner).encode() + b"]" * levels + b"}"

    assert isinstance(decoded(value), Post) == (1 + levels + depth(inner) <= MAX_NESTING)


def test_records_that_could_not_be_read_are_rejected_for_the_reason_they_came_with() -> None:
    value = Unread(Reason.TOO_LARGE, "x" * 1_000, 7, 106, 1_000, 70_000_000)
    rejected = Rejected(Reason.TOO_LARGE, "x" * MAX_DETAIL_CHARACTERS, 100)

    assert decoded(value) == rejected
    assert decode_all([a_value(), value], [NOW_MS] * 2, MAX_AHEAD_MS).rejected == [(1, rejected)]
    assert decode_all([value], [NOW_MS], MAX_AHEAD_MS).rejected == [(0, rejected)]
