"""Laws of the headline: it is the sum of all posts of its span, and says what is more than chance."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sandik.figures.headline import DAY_MS, Change, headline
from sandik.figures.rollup import EVERY, Query, rows
from sandik_schemas.count import Count
from sandik_schemas.languages import languages_in
from sandik_schemas.pair import DEFAULT_PAIR, Pair
from tests.dashboard.builders import MINUTE_MS, a_count
from tests.figures.test_rollup import cells_of, consistent, newest, rollups, spans
from tests.support.examples import examples

OF_ALL = Pair("election", ("election",), "all")
some_languages = st.sampled_from(
    [frozenset(), frozenset({"tr"}), frozenset({"tr", "ru"}), frozenset({"ru+tr"})]
)


def sums(counts: list[Count], from_ms: int, to_ms: int, among: frozenset[str]) -> dict[str, int]:
    """Count as plainly as possible: a post of two languages once."""
    found: Counter[str] = Counter()
    for one in newest(counts):
        mine = {one.language, *languages_in(one.language)}
        if from_ms <= one.window_start_ms < to_ms and (not among or mine & among):
            found[one.tag] += one.count
    return dict(+found)


@examples(150)
@given(consistent, spans, some_languages)
def test_a_headline_is_the_sum_of_all_posts_of_its_span_and_languages(
    counts: list[Count], span: tuple[int, int], among: frozenset[str]
) -> None:
    query = Query(MINUTE_MS, from_ms=span[0], to_ms=span[1], among=among)

    found = headline(cells_of(counts), query)

    assert found.now.posts == sums(counts, *span, among)
    if found.before:
        length_ms = found.now.to_ms - found.now.from_ms
        assert found.before.posts == sums(counts, span[0] - length_ms, span[0], among)


@examples(100)
@given(consistent, rollups, spans | st.integers(1, 100 * MINUTE_MS), some_languages)
def test_whatever_the_roll_up_the_rows_of_all_languages_sum_to_the_headline(
    counts: list[Count], query: Query, span: tuple[int, int] | int, among: frozenset[str]
) -> None:
    query = query._replace(among=among, languages=frozenset({EVERY}))
    query = (
        query._replace(span_ms=span)
        if isinstance(span, int)
        else query._replace(from_ms=span[0], to_ms=span[1])
    )
    cells = cells_of(counts)

    summed: Counter[str] = Counter()
    for row in rows(cells, query):
        summed.update(row.counts)
        summed.update(row.current)

    assert dict(summed) == headline(cells, query).now.posts


def change(before: tuple[int, int], now: tuple[int, int]) -> Change:
    """Return the change from (both, election) posts of a minute to those of the next."""
    counts = [
        a_count(tag, minute=minute, count=count)
        for minute, posts in enumerate((before, now))
        for tag, count in zip(("both", "election"), posts, strict=True)
    ]
    found = headline(cells_of(counts), Query(MINUTE_MS, span_ms=MINUTE_MS)).change
    assert found is not None
    return found


nested = st.tuples(st.integers(0, 50), st.integers(1, 50)).map(lambda some: (some[0], sum(some)))


@settings(deadline=None)
@given(nested, nested)
def test_a_change_lies_in_its_interval_and_turned_round_is_the_opposite(
    before: tuple[int, int], now: tuple[int, int]
) -> None:
    up, down = change(before, now), change(now, before)

    assert up.low <= up.value <= up.high
    assert (down.value, down.low, down.high) == (-up.value, -up.high, -up.low)
    assert up.is_beyond_chance == down.is_beyond_chance == (not up.low <= 0 <= up.high)


def test_few_posts_are_no_proof_of_a_change_and_many_are() -> None:
    assert not change((1, 5), (2, 5)).is_beyond_chance
    assert change((100, 500), (200, 500)).is_beyond_chance


def test_there_is_no_span_before_the_first_window() -> None:
    counts = [a_count(tag, minute=minute) for minute in range(60) for tag in ("election", "both")]

    for minutes, has_before in ((30, True), (31, False)):
        found = headline(cells_of(counts), Query(MINUTE_MS, span_ms=minutes * MINUTE_MS))
        assert (found.before is not None, found.change is not None) == (has_before, has_before)
    assert headline(cells_of(counts), Query(MINUTE_MS)).before is None


@examples(100)
@given(consistent, spans, some_languages)
def test_without_a_span_before_the_halves_of_a_span_are_compared_as_two_spans_are(
    counts: list[Count], span: tuple[int, int], among: frozenset[str]
) -> None:
    query = Query(MINUTE_MS, from_ms=span[0], to_ms=span[1], among=among)
    cells = cells_of(counts)

    found = headline(cells, query)

    assert found.change is None or found.within is None
    if found.within:
        middle_ms = (found.now.from_ms + found.now.to_ms) // 2 // MINUTE_MS * MINUTE_MS
        first, second = (
            headline(cells, query._replace(from_ms=from_ms, to_ms=to_ms)).now
            for from_ms, to_ms in ((found.now.from_ms, middle_ms), (middle_ms, found.now.to_ms))
        )
        assert found.before is None
        assert Counter(first.posts) + Counter(second.posts) == found.now.posts
        assert first.share is not None
        assert second.share is not None
        assert found.within.value == round(second.share.value - first.share.value, 6)


def test_of_all_that_there_is_the_second_half_is_compared_with_the_first() -> None:
    counts = [
        a_count(tag, minute=minute, count=count)
        for minute, both in enumerate((100, 100, 100, 200))
        for tag, count in (("election", 500), ("both", both))
    ]

    within = headline(cells_of(counts), Query(MINUTE_MS)).within

    assert within is not None
    assert (within.value, within.is_beyond_chance) == (0.1, True)


def test_the_usual_share_is_that_of_the_same_hours_of_the_days_before() -> None:
    day = DAY_MS // MINUTE_MS
    counts = [
        a_count(tag, minute=-days * day, count=count)
        for days, both in enumerate((9, 1, 2, 5))
        for tag, count in (("election", 10), ("both", both))
    ]
    counts.append(a_count("both", minute=-day - 1, count=10))  # at another time of that day

    usual = headline(cells_of(counts), Query(MINUTE_MS, span_ms=MINUTE_MS)).usual

    assert usual is not None
    assert (usual.days, usual.low, usual.high) == (3, 0.1, 0.5)
    assert headline(cells_of(counts[:6]), Query(MINUTE_MS, span_ms=MINUTE_MS)).usual is None


def test_the_share_may_be_that_of_a_tag_among_all_posts() -> None:
    cells = cells_of([a_count("all", count=200), a_count("election", count=50), a_count("both", count=10)])

    for pair, value in ((OF_ALL, 0.25), (DEFAULT_PAIR, 0.2)):
        share = headline(cells, Query(MINUTE_MS, pair=pair)).now.share
        assert share is not None
        assert share.value == value


def test_of_an_empty_topic_nothing_is_said() -> None:
    found = headline(cells_of([]), Query(MINUTE_MS, span_ms=DAY_MS))

    assert (found.now.posts, found.now.share, found.before, found.usual) == ({}, None, None, None)
