"""The figures of a report: sums, shares, bursts and coverage."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.figures.interval import wilson
from sandik.report.period import MOST_STEPS, Period, period_of
from sandik.report.series import figures_of
from tests.dashboard.builders import BASE_MS, MINUTE_MS
from tests.report.builders import Posts, an_hour, counted_of, counts_of, figures_from

HOUR_MS = 3_600_000
TAGS = ("all", "both", "deepfake", "election")


def _nested(amounts: tuple[int, int, int, int]) -> dict[str, int]:
    """Return counts as posts make them: nobody is in `both` who is not in the other two."""
    both, election, deepfake, none = amounts
    return {
        "all": both + election + deepfake + none,
        "both": both,
        "election": both + election,
        "deepfake": both + deepfake,
    }


few = st.integers(0, 9)
cells = st.tuples(st.integers(-40, 70), st.sampled_from(["tr", "ru", "und"]))
posts = st.dictionaries(cells, st.tuples(few, few, few, few).map(_nested), max_size=80).map(
    lambda found: {
        (minute, language, tag): count
        for (minute, language), by_tag in found.items()
        for tag, count in by_tag.items()
        if count
    }
)


@given(posts, st.sampled_from([1, 5, 15, 60]), st.integers(-40, 60), st.integers(1, 70))
def test_every_sum_is_that_of_the_posts_inside_the_period_whatever_the_step(
    posts: Posts, step: int, first: int, length: int
) -> None:
    end = first + length
    period = Period(BASE_MS + first * MINUTE_MS, BASE_MS + end * MINUTE_MS, step * MINUTE_MS)
    figures = figures_from(posts, period)
    inside = {cell: count for cell, count in posts.items() if first <= cell[0] < end}
    for one in figures.languages:
        own = {
            tag: sum(
                count
                for (_, language, of), count in inside.items()
                if of == tag and one.language in ("*", language)
            )
            for tag in TAGS
        }
        assert one.posts == {tag: count for tag, count in own.items() if count}
        for tag in TAGS:
            assert sum(step.posts.get(tag, 0) for step in one.steps) == own[tag]
    assert {one.language for one in figures.languages} - {"*"} == {language for _, language, _ in inside}
    coverage = figures.coverage
    assert coverage.counted == sum(count for (_, _, tag), count in inside.items() if tag == "all")
    assert coverage.undetected == sum(
        n for (_, code, tag), n in inside.items() if (code, tag) == ("und", "all")
    )
    seen = {minute // step for minute, _, tag in inside if tag == "all"}
    assert coverage.empty_steps == -(-end // step) - first // step - len(seen)


@given(posts)
def test_a_share_is_of_the_election_posts_and_lies_in_its_wilson_interval(posts: Posts) -> None:
    for one in figures_from(posts).languages:
        for by_tag, share in ((one.posts, one.share), *((step.posts, step.share) for step in one.steps)):
            election, both = by_tag.get("election", 0), by_tag.get("both", 0)
            assert (share is None) == (election == 0)
            if share is not None:
                assert share.value == pytest.approx(both / election, abs=1e-6)
                assert (share.low, share.high) == pytest.approx(wilson(both, election), abs=1e-6)
                assert share.low <= share.value <= share.high


@given(posts, st.randoms(use_true_random=False))
def test_the_order_of_the_counts_changes_nothing(posts: Posts, random: object) -> None:
    counts = counts_of(posts)
    shuffled = sorted(counts, key=lambda _: random.random())  # type: ignore[attr-defined]
    period = an_hour(5)
    assert figures_of(counted_of(counts).cells, period) == figures_of(counted_of(shuffled).cells, period)


def _quiet(minutes: range, tag: str = "deepfake") -> Posts:
    return {(minute, "tr", of): 1 for minute in minutes for of in ("all", tag)}


def test_steps_of_a_burst_side_by_side_are_one_and_say_what_was_usual() -> None:
    loud: Posts = {(minute, "tr", tag): 40 for minute in (45, 46) for tag in ("all", "deepfake")}
    figures = figures_from(_quiet(range(60)) | loud)
    [burst] = figures.bursts
    assert (burst.language, burst.tag, burst.posts, burst.usual) == ("tr", "deepfake", 80, 1)
    assert (burst.start_ms, burst.end_ms) == (BASE_MS + 45 * MINUTE_MS, BASE_MS + 47 * MINUTE_MS)
    assert figures.peak is None


def test_a_burst_at_the_start_of_the_period_is_judged_by_what_was_before_it() -> None:
    loud: Posts = {(0, "tr", tag): 40 for tag in ("all", "deepfake")}
    with_before = figures_from(_quiet(range(-30, 60)) | loud)
    without = figures_from(_quiet(range(60)) | loud)
    assert [(burst.start_ms, burst.usual) for burst in with_before.bursts] == [(BASE_MS, 1)]
    assert without.bursts == []


def test_a_burst_of_one_language_is_not_told_again_of_all_together() -> None:
    loud: Posts = {(45, "tr", tag): 40 for tag in ("all", "deepfake")}
    alone = figures_from(_quiet(range(60)) | loud)
    assert [burst.language for burst in alone.bursts] == ["tr"]
    # Four posts of each of ten languages are a burst of none.
    many: Posts = {
        (minute, f"x{n}", tag): 4 if minute == 45 else 1
        for minute in range(60)
        for n in range(10)
        for tag in ("all", "deepfake")
    }
    assert [burst.language for burst in figures_from(many).bursts] == ["*"]


def test_without_a_burst_the_highest_step_is_told() -> None:
    posts: Posts = {
        (minute, "tr", tag): 2 if minute == 7 else 1 for minute in range(9) for tag in ("all", "both")
    }
    figures = figures_from(posts)
    assert figures.bursts == []
    assert figures.peak is not None
    assert (figures.peak.start_ms, figures.peak.posts) == (BASE_MS + 7 * MINUTE_MS, 2)
    assert figures_from(_quiet(range(9))).peak is None


def test_what_is_not_final_is_told() -> None:
    figures = figures_from({(3, "tr", "all"): 5}, is_final=False)
    assert figures.coverage.current == 5
    assert [step.is_final for step in figures.languages[0].steps] == [False]


instants = st.integers(0, 10**12).map(lambda minutes: minutes * 1_000)


@given(instants, st.integers(1, 10**9), st.sampled_from([1, 60, 300, 3_600, 86_400]))
def test_a_step_that_fits_is_found_for_every_period(from_ms: int, length: int, window_s: int) -> None:
    window_ms = window_s * 1_000
    from_ms -= from_ms % window_ms
    there = from_ms, from_ms + length * window_ms
    period = period_of((None, None), there, window_ms, None)
    assert period.from_ms <= there[0] < there[1] <= period.to_ms
    assert period.step_ms % window_ms == period.from_ms % window_ms == period.to_ms % window_ms == 0
    assert len(period.starts_ms) <= MOST_STEPS


@given(instants, st.integers(HOUR_MS, 400 * HOUR_MS), st.sampled_from([None, HOUR_MS]))
def test_a_report_is_of_all_that_is_asked_for_in_whole_windows(
    from_ms: int, length_ms: int, step_ms: int | None
) -> None:
    asked = from_ms, from_ms + length_ms
    period = period_of(asked, (0, 1), MINUTE_MS, step_ms)
    assert 0 <= asked[0] - period.from_ms < MINUTE_MS
    assert 0 <= period.to_ms - asked[1] < MINUTE_MS
    parts = [period.inside(start) for start in period.starts_ms]
    assert (parts[0][0], parts[-1][1]) == (period.from_ms, period.to_ms)
    assert all(end == start for (_, end), (start, _) in pairwise(parts))


@pytest.mark.parametrize(
    ("asked", "step_ms", "says"),
    [((0, 100 * MINUTE_MS), 90_000, "multiple"), ((0, 10**9 * MINUTE_MS), MINUTE_MS, "longer --step")],
)
def test_a_step_that_does_not_fit_is_refused(asked: tuple[int, int], step_ms: int | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        period_of(asked, (0, 1), MINUTE_MS, step_ms)


def test_the_newest_run_is_reported_and_others_are_told() -> None:
    counts = [
        *counts_of({(0, "tr", "all"): 3}, emitted_at_ms=5),
        *counts_of({(0, "tr", "all"): 9}, emitted_at_ms=6, size=5),
    ]
    counts = [one for one in counts if one.count == 3] + [one for one in counts if one.count == 9]
    counted = counted_of(counts)
    assert counted.cells.window_size_ms == 5 * MINUTE_MS
    assert counted.other_window_sizes_ms == [MINUTE_MS]
    assert figures_of(counted.cells, Period(BASE_MS, BASE_MS + HOUR_MS, HOUR_MS)).coverage.counted == 9
