"""Posts and terms from `mentions`."""

from hypothesis import given
from hypothesis import strategies as st

from sandik.figures.examples import HOUR_MS, KEPT_POSTS, Asked, Examples
from sandik_schemas.mention import Term
from tests.dashboard.builders import BASE_MS, a_mention
from tests.support.examples import examples

NONE: frozenset[str] = frozenset()
ALWAYS = 0, 1 << 53
EVERYTHING = Asked(NONE, NONE, *ALWAYS)


def offsets(examples: Examples, languages: frozenset[str] = NONE, tags: frozenset[str] = NONE) -> list[int]:
    return [one.source_offset for one in examples.newest(Asked(languages, tags, *ALWAYS), 1_000)]


@examples(60)
@given(st.lists(st.integers(0, 30), max_size=60))
def test_a_mention_that_a_crash_repeats_counts_once(order: list[int]) -> None:
    """The workers write them in order and begin again somewhere before where they died."""
    examples, repeated = Examples(), Examples()
    once = [a_mention(offset) for offset in range(31)]
    examples.add(once)
    for start in order:
        repeated.add(once[: start + 1])
    repeated.add(once)

    assert repeated.top_terms(EVERYTHING, 10) == examples.top_terms(EVERYTHING, 10)
    assert offsets(repeated) == offsets(examples) == list(range(30, -1, -1))


def test_only_so_many_of_the_newest_are_kept_of_each_language_and_tag() -> None:
    examples = Examples()
    examples.add(a_mention(offset) for offset in range(KEPT_POSTS + 50))
    examples.add([a_mention(10_000, language="ru", created_at_ms=BASE_MS)])

    assert offsets(examples, frozenset({"tr"})) == list(range(KEPT_POSTS + 49, 49, -1))
    assert offsets(examples, frozenset({"ru"})) == [10_000]
    assert len(offsets(examples, frozenset({"*"}))) == KEPT_POSTS + 1


def test_a_post_about_both_is_found_under_each_and_under_both_and_listed_once() -> None:
    examples = Examples()
    examples.add(
        [a_mention(0), a_mention(1, tags=("deepfake", "election")), a_mention(2, tags=("deepfake",))]
    )

    assert offsets(examples, tags=frozenset({"both"})) == [1]
    assert offsets(examples, tags=frozenset({"deepfake"})) == [2, 1]
    assert offsets(examples) == [2, 1, 0]


def test_terms_are_of_the_full_hours_that_the_time_touches() -> None:
    examples = Examples()
    examples.add(
        a_mention(hour, created_at_ms=BASE_MS + hour * HOUR_MS, tags=("election",) if hour else ("deepfake",))
        for hour in range(3)
    )

    def terms(from_ms: int, to_ms: int) -> list[tuple[str, int]]:
        return [(one.term, one.posts) for one in examples.top_terms(Asked(NONE, NONE, from_ms, to_ms), 10)]

    assert terms(BASE_MS, BASE_MS + HOUR_MS) == [("deepfake", 1)]
    assert terms(BASE_MS + HOUR_MS - 1, BASE_MS + HOUR_MS + 1) == [("deepfake", 1), ("election", 1)]
    assert terms(BASE_MS + HOUR_MS, BASE_MS + 9 * HOUR_MS) == [("election", 2)]


def test_terms_that_rose_most_come_first_and_those_that_most_use_where_nothing_is_known_before() -> None:
    examples = Examples()
    posts = {"seçim": (5, 6), "sandık": (0, 4), "oy": (3, 1)}
    hours = [
        (term, hour)
        for term, counts in posts.items()
        for hour, number in enumerate(counts)
        for _ in range(number)
    ]
    examples.add(
        a_mention(offset, created_at_ms=BASE_MS + hour * HOUR_MS, terms=(Term(term, "election", 0, 3),))
        for offset, (term, hour) in enumerate(hours)
    )

    def terms(hour: int) -> list[tuple[str, int, int | None]]:
        start_ms = BASE_MS + hour * HOUR_MS
        found = examples.top_terms(Asked(NONE, NONE, start_ms, start_ms + HOUR_MS), 10)
        return [(one.term, one.posts, one.before) for one in found]

    assert terms(1) == [("sandık", 4, 0), ("seçim", 6, 5), ("oy", 1, 3)]
    assert terms(0) == [("seçim", 5, None), ("oy", 3, None)]


def test_what_names_a_sum_and_no_word_is_no_term_for_readers() -> None:
    examples = Examples()
    terms = Term("signs of an election", "election", 0, 3, is_sum=True), Term("oy", "election", 4, 6)
    examples.add([a_mention(0, terms=terms)])

    assert [one.term for one in examples.top_terms(EVERYTHING, 10)] == ["oy"]


def test_of_a_source_only_its_own_posts_and_terms_are_told() -> None:
    examples = Examples()
    examples.add(
        a_mention(offset, source=source, terms=(Term(source, "election", 0, 3),))
        for offset, source in enumerate(("x", "telegram", "x"))
    )

    of_x = Asked(NONE, NONE, *ALWAYS, lambda source: source == "x")
    found, newest = examples.top_terms(of_x, 10), examples.newest(of_x, 10)

    assert [(one.term, one.posts) for one in found] == [("x", 2)]
    assert [one.source_offset for one in newest] == [2, 0]
